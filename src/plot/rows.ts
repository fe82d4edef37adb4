/** Rows of a table: an array, or an object with `objects()`, such as an Arquero table. */
export type Rows<Row> = readonly Row[] | { objects(): object[] };

/** The tables of a run that plots read. */
export interface RunTables {
  readonly steps: Rows<StepRow>;
  readonly margins: Rows<MarginRow>;
  readonly iterations: Rows<IterationRow>;
}

/** The columns of a logged training step (a row of `metrics.jsonl`) that plots read. */
export interface StepRow {
  readonly phase: "sft" | "align";
  /** 0 for SFT of the start model; preference training counts from 1. */
  readonly iteration: number;
  /** Optimizer step, counted within the iteration or over the run. */
  readonly step: number;
  /** Mean over the batch. */
  readonly loss: number;
  /** β times the log-ratio of the chosen responses, mean over the batch. */
  readonly "rewards/chosen"?: number | null | undefined;
  readonly "rewards/rejected"?: number | null | undefined;
  readonly "rewards/margins"?: number | null | undefined;
  /** Share of the batch in which the chosen response has the larger reward. */
  readonly "rewards/accuracies"?: number | null | undefined;
}

/** The columns of a reviewed pair (a row of `margins.jsonl`, with further columns of the pair) that plots read. */
export interface MarginRow {
  /** The training iteration that follows the review. */
  readonly iteration: number;
  /** Ensemble margin of the log-ratios, in nats, over the last two policies. */
  readonly ensemble: number;
  /** The policy that reviewed the pair, shown in headings, if no iteration trains on the result. */
  readonly policy?: string | undefined;
  /** Whether the pair was selected for training; undefined without selection. */
  readonly kept?: boolean | undefined;
  readonly id?: string | undefined;
  /** Response lengths in tokens. */
  readonly chosenLength?: number | null | undefined;
  readonly rejectedLength?: number | null | undefined;
  /** Scores in the dataset. */
  readonly chosenScore?: number | null | undefined;
  readonly rejectedScore?: number | null | undefined;
  /** Whether the label was flipped on purpose. */
  readonly flipped?: boolean | undefined;
}

/** The columns of an iteration (an entry of `summary.json`) that plots read; iteration 0 is the start model. */
export interface IterationRow {
  readonly iteration: number;
  /** Share of held-out pairs with a margin above 0. */
  readonly accuracy?: number | null | undefined;
  /** Mean margin of held-out pairs, in nats. */
  readonly meanMargin?: number | null | undefined;
  /** Mean gold reward of responses to held-out prompts, and its 95 % interval. */
  readonly goldReward?: number | null | undefined;
  readonly goldRewardInterval?: Bounds | null | undefined;
  /** Win rate against the start model on held-out prompts (ties count half), and its 95 % interval. */
  readonly winRate?: number | null | undefined;
  readonly winRateInterval?: Bounds | null | undefined;
  /** Offline pairs and bootstrapped pairs that were trained on. */
  readonly pairsSelected?: number | null | undefined;
  readonly pairsBootstrapped?: number | null | undefined;
  /** Wall-clock seconds by phase. */
  readonly seconds: Readonly<Partial<Record<"training" | "scoring" | "sampling" | "evaluation", number | null>>>;
}

type Bounds = readonly [low: number, high: number];
