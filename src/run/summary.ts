import type { BootstrapCounts } from "../bootstrap/index.js";
import type { MemoryChoice } from "../align/memory-plan.js";
import type { KeptEvaluation } from "./kept-evaluation.js";

/** How a policy does on held-out pairs. */
export interface Evaluation extends Judged {
  /** Share of pairs whose implicit reward margin is above 0; null under the reference itself, and without held-out pairs. */
  readonly accuracy: number | null;
  /** Mean implicit reward margin over β, in nats. */
  readonly meanMargin: number | null;
}

/** What a gold reward says of a policy's responses, where there is one. */
export interface Judged {
  /** Mean gold reward of the responses, and its 95 % bootstrap interval over prompts. */
  readonly goldReward?: number;
  readonly goldRewardInterval?: readonly [low: number, high: number];
  /** Share of prompts on which the gold reward is above the reference's, ties counted half; and its interval. */
  readonly winRate?: number;
  readonly winRateInterval?: readonly [low: number, high: number];
}

/** What one iteration was trained on. */
export interface TrainedOn {
  /** Pairs of the data. */
  readonly pairsSelected: number;
  /** Pairs with responses of the policy's own. */
  readonly pairsBootstrapped: number;
  readonly bootstrap: BootstrapCounts | null;
}

/** What one iteration did, and how its policy does; iteration 0 is the reference, which no pairs are trained on. */
export interface IterationSummary extends Evaluation {
  readonly iteration: number;
  readonly pairsSelected: number | null;
  readonly pairsBootstrapped: number | null;
  /** Pairs that the training of this iteration has gone through, each as often as it was. */
  readonly pairsSeen: number;
  readonly bootstrap: BootstrapCounts | null;
  /** What the user's own evaluation found; null where that was NaN or infinite. */
  readonly metrics?: Readonly<Record<string, number | null>>;
  /** How the training was fitted into memory, and what its largest program was expected to take, in bytes. */
  readonly memory?: MemoryChoice;
  /** Which evaluation `keepBestBy` kept the parameters of; none where it did not choose. */
  readonly kept?: KeptEvaluation;
  /** Evaluation, also during training, is apart: it is not the method's. */
  readonly seconds: Readonly<Record<"training" | "scoring" | "sampling" | "evaluation", number>>;
}

/** `summary.json` of a run. */
export interface RunSummary {
  readonly method: string;
  readonly loss: string;
  /** What labelled the responses that the run made; null where it made none. */
  readonly labelledBy: string | null;
  /** Responses that a judge has graded for it; none where no judge was asked. */
  readonly graded?: number;
  readonly seed: number;
  readonly iterations: readonly IterationSummary[];
  /** Which evaluation of the user's own the metrics are of. */
  readonly evaluate?: string;
}

/** Seconds that iterations took for training, review and sampling; evaluation is not the method's. */
export function workSeconds(iterations: readonly Pick<IterationSummary, "seconds">[]): number {
  return iterations.reduce(
    (total, { seconds: { training, scoring, sampling } }) => total + training + scoring + sampling,
    0,
  );
}
