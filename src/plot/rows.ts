/** Rows of a table: an array of them, or anything that gives them as an Arquero table does. */
export type Rows<Row> = readonly Row[] | { objects(): object[] };

/** What the plots read of a run. */
export interface RunTables {
  readonly steps: Rows<StepRow>;
  readonly margins: Rows<MarginRow>;
  readonly iterations: Rows<IterationRow>;
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

/** What the plots read of one reviewed pair (a line of `margins.jsonl`, and what is known of the pair besides). */
export interface MarginRow {
  /** The training iteration that the review precedes. */
  readonly iteration: number;
  /** Margin of the log-ratios, in nats, averaged over the last two policies. */
  readonly ensemble: number;
  /** Whether the pair was selected for training. */
  readonly kept: boolean;
  readonly id?: string | undefined;
  /** Tokens of the responses. */
  readonly chosenLength?: number | null | undefined;
  readonly rejectedLength?: number | null | undefined;
  /** Scores from the data's own judge. */
  readonly chosenScore?: number | null | undefined;
  readonly rejectedScore?: number | null | undefined;
  /** Whether the label was flipped on purpose. */
  readonly flipped?: boolean | undefined;
}

/** What the plots read of one iteration (an entry of `summary.json`); iteration 0 is the SFT model. */
export interface IterationRow {
  readonly iteration: number;
  /** Share of held-out pairs with a margin above 0. */
  readonly accuracy?: number | null | undefined;
  /** Mean margin of held-out pairs, in nats. */
  readonly meanMargin?: number | null | undefined;
  /** Mean gold reward of responses to held-out prompts, and the bounds of its 95 % interval. */
  readonly goldReward?: number | null | undefined;
  readonly goldRewardInterval?: Bounds | null | undefined;
  /** Share of held-out prompts won against the SFT model, a tie being half, and the bounds of its 95 % interval. */
  readonly winRate?: number | null | undefined;
  readonly winRateInterval?: Bounds | null | undefined;
  /** Pairs of the data, and pairs of the policy's own, that were trained on. */
  readonly pairsSelected?: number | null | undefined;
  readonly pairsBootstrapped?: number | null | undefined;
  /** Wall-clock by what it was spent on. */
  readonly seconds: Readonly<Partial<Record<"training" | "scoring" | "sampling" | "evaluation", number | null>>>;
}

type Bounds = readonly [low: number, high: number];
