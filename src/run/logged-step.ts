/** A line of `metrics.jsonl`: an optimizer step and, if one followed, its evaluation (`eval_…`). Names are TRL's. */
export interface LoggedStep {
  readonly phase: "sft" | "align";
  readonly iteration: number;
  readonly step: number;
  readonly [metric: string]: number | string | null;
}
