import type { Reporter } from "../base/task.js";
import type { BootstrappedRow, ResponseJudge } from "../bootstrap/index.js";
import type { TokenizedDemonstration, TokenizedPair } from "../data/tokenize.js";
import type { Checkpoint } from "../model/checkpoint.js";
import type { Policy } from "../model/policy.js";
import type { Evaluation } from "./summary.js";

/** What a run begins from. */
export interface RunInput {
  /** The model that iteration 1 begins from and that stays the reference; trained on `demonstrations` first if they are given. */
  readonly start: Checkpoint;
  /** The model that the start is an adapter on; its parameters stay as they are, and are held once for all iterations. */
  readonly base?: Policy;
  readonly demonstrations?: readonly TokenizedDemonstration[];
  readonly pairs: readonly TokenizedPair[];
  /** A folder that keeps log-probabilities of pairs under references for other runs; see {@link cachedPairLogProbs}. Default: none is kept. */
  readonly referenceCache?: string;
  /** Held-out pairs, for evaluations during training. */
  readonly heldOut?: readonly TokenizedPair[];
  /** Scores responses, for methods that label by a judge. */
  readonly judge?: ResponseJudge;
  /** Called with each iteration's policy, 0 being the reference; what it returns goes into the summary. */
  readonly evaluate?: (policy: Policy, iteration: number) => Promise<Evaluation>;
}

/** How long work is shown and stopped. */
export interface RunControls {
  readonly signal?: AbortSignal;
  readonly reporter?: Reporter;
}

/** Two responses to one prompt, one of them preferred. */
export interface TrainingPair {
  readonly prompt: Int32Array;
  readonly chosen: Int32Array;
  readonly rejected: Int32Array;
  /** Log-probabilities under the model of iteration 0, where they are known. */
  readonly reference?: { readonly chosen: number; readonly rejected: number };
}

/** A pair of the data. */
export interface OfflinePair extends TrainingPair {
  readonly id: string;
  /** The id of the first pair that has this prompt, which samples are named by. */
  readonly promptId: string;
}

/** A pair that was made, and how it is written down. */
export interface BootstrappedPair extends TrainingPair {
  readonly row: Omit<BootstrappedRow, "prompt" | "chosen" | "rejected">;
}
