import type { BootstrapCounts } from "../bootstrap/index.js";
import type { MemoryChoice } from "../align/memory-plan.js";
import type { KeptEvaluation } from "./kept-evaluation.js";

/** A policy's results on held-out pairs. */
export interface Evaluation extends Judged {
  /** Share of pairs whose implicit reward margin is above 0; null under the reference itself, and without held-out pairs. */
  readonly accuracy: number | null;
  /** Mean implicit reward margin over β, in nats. */
  readonly meanMargin: number | null;
}

/** Gold-reward results of a policy's responses, if there is a gold reward. */
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

/** Training data, cost and evaluation of one iteration; iteration 0 is the reference, which is not trained on pairs. */
export interface IterationSummary extends Evaluation {
  readonly iteration: number;
  readonly pairsSelected: number | null;
  readonly pairsBootstrapped: number | null;
  /** Pairs that this iteration trained on, counted with repetition. */
  readonly pairsSeen: number;
  readonly bootstrap: BootstrapCounts | null;
  /** Results of the user's own evaluation; null for NaN or infinity. */
  readonly metrics?: Readonly<Record<string, number | null>>;
  /** How the training was fitted into memory, and the expected size of its largest program in bytes. */
  readonly memory?: MemoryChoice;
  /** The evaluation whose parameters `keepBestBy` kept; absent if it did not select. */
  readonly kept?: KeptEvaluation;
  /** Evaluation, even during training, is counted separately, since it is not part of the method. */
  readonly seconds: Readonly<Record<"training" | "scoring" | "sampling" | "evaluation", number>>;
}

/** `summary.json` of a run. */
export interface RunSummary {
  readonly method: string;
  readonly loss: string;
  /** What labelled the responses that the run sampled; null if it sampled none. */
  readonly labelledBy: string | null;
  /** Responses graded by a judge; absent without a judge. */
  readonly graded?: number;
  readonly seed: number;
  readonly iterations: readonly IterationSummary[];
  /** The user's own evaluation that computed the metrics. */
  readonly evaluate?: string;
}

/** Returns the seconds of training, review and sampling over iterations; evaluation is not part of the method. */
export function workSeconds(iterations: readonly Pick<IterationSummary, "seconds">[]): number {
  return iterations.reduce(
    (total, { seconds: { training, scoring, sampling } }) => total + training + scoring + sampling,
    0,
  );
}

/**
 * Returns what the policy of an iteration has cost in seconds, without evaluation. The start costs nothing, unless it is
 * fine-tuned: scoring it as the reference is part of the method.
 */
export function secondsUpTo(iterations: readonly Pick<IterationSummary, "seconds">[], iteration: number): number {
  return iteration === 0 ? iterations[0]!.seconds.training : workSeconds(iterations.slice(0, iteration + 1));
}
