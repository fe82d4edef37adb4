/** Rows of a table: an array of them, or anything that gives them as an Arquero table does. */
export type Rows<Row> = readonly Row[] | { objects(): object[] };

/** The rows as an array. */
export function rowsOf<Row>(rows: Rows<Row>): readonly Row[] {
  return "objects" in rows ? (rows.objects() as Row[]) : rows;
}

/** What the plots read of one logged training step (a line of `metrics.jsonl`). */
export interface StepRow {
  readonly phase: "sft" | "align";
  /** 0 is the SFT model; preference training counts from 1. */
  readonly iteration: number;
  /** Optimizer steps, counted within the iteration or over the run. */
  readonly step: number;
  /** Mean over the batch. */
  readonly loss: number;
  /** β times the log-ratio of the chosen responses, mean over the batch. */
  readonly "rewards/chosen"?: number | null | undefined;
  readonly "rewards/rejected"?: number | null | undefined;
  readonly "rewards/margins"?: number | null | undefined;
  /** Share of the batch with the greater reward on the chosen side. */
  readonly "rewards/accuracies"?: number | null | undefined;
}

/** What the plots read of one reviewed pair (a line of `margins.jsonl`). */
export interface MarginRow {
  /** The training iteration that the review precedes. */
  readonly iteration: number;
  /** Margin of the log-ratios, in nats, averaged over the last two policies. */
  readonly ensemble: number;
  /** Whether the pair was selected for training. */
  readonly kept: boolean;
}
