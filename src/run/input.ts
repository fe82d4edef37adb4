import { InputError } from "../base/errors.js";
import type { TaskControls } from "../base/task.js";
import type { BootstrappedRow, ResponseJudge } from "../bootstrap/index.js";
import type { TokenizedDemonstration, TokenizedPair } from "../data/tokenize.js";
import type { Policy } from "../model/policy/policy.js";
import type { ComputeTarget } from "./executor.js";
import type { Json } from "./folder/identity.js";
import type { RunTexts } from "./method.js";
import type { ColumnRule, PairColumns } from "./options/index.js";
import type { LoggedStep } from "./logged-step.js";
import type { Tracker } from "./tracking.js";

/** What a run begins from. */
export interface RunInput {
  /**
   * The model that iteration 1 begins from and that stays the reference, or, with `demonstrations`, that is trained on
   * these first. It is the caller's, and not changed.
   */
  readonly start: Policy;
  readonly demonstrations?: readonly TokenizedDemonstration[];
  readonly pairs: readonly TokenizedPair[];
  /** What the pairs were as texts, for methods that rewrite them; they are no part of what the run is. */
  readonly texts?: InputTexts;
  /** Pairs on which each iteration's policy is reported. */
  readonly heldOut?: HeldOut;
  /** Pairs by which training chooses its best parameters and when to stop. */
  readonly validation?: readonly TokenizedPair[];
  /** Gives training and validation pairs columns beside those of the data. */
  readonly columns?: ColumnRule;
  /** Scores responses, for methods that label with a judge. */
  readonly judge?: RunJudge;
  readonly evaluate?: Evaluator;
  /** Where models are trained, scored and sampled from. Default: on this machine. */
  readonly on?: ComputeTarget;
  /** A folder that keeps log-probabilities of pairs under references for other runs; see {@link cachedPairLogProbs}. Default: none is kept. */
  readonly referenceCache?: string;
  /** What became of the data on its way here: written into the folder, and not part of what the run is. */
  readonly dataNotes?: Readonly<Record<string, unknown>>;
  /** The command line that began it: kept in the folder for `--resume`, and not part of what the run is. */
  readonly begunBy?: RecordedCommand;
}

/**
 * The demonstrations of a run whose method trains on them itself.
 *
 * @throws InputError where it was given none
 */
export function requireDemonstrations({ demonstrations }: RunInput): readonly TokenizedDemonstration[] {
  if (!demonstrations?.length)
    throw new InputError("this method trains on demonstrations beside the pairs; pass `demonstrations`");
  return demonstrations;
}

/**
 * The judge that a run was given.
 *
 * @throws InputError where it was given none
 */
export function requireJudge({ judge }: RunInput): RunJudge {
  if (!judge) throw new InputError("this method labels responses with a judge; pass `judge`");
  return judge;
}

/** The texts of a run's pairs, and how they are put into tokens. */
export interface InputTexts extends RunTexts {
  /** @throws InputError where one does not fit */
  tokenized(texts: RunTexts): Pick<RunInput, "pairs" | "heldOut" | "validation">;
}

/** A command line, as a run's folder keeps it. */
export interface RecordedCommand {
  /** The command and its arguments, but for those that say where the run is. */
  readonly command: readonly string[];
  /** The working directory, which paths are relative to. */
  readonly directory: string;
}

/** Where a run is shown, what stops it, and who hears of each step. */
export interface RunControls extends TaskControls {
  /** Called after each optimizer step with its line of `metrics.jsonl`; what it throws stops the run. */
  readonly onStep?: ((step: LoggedStep) => void) | undefined;
  /** Where each step is shown besides; one that fails stops nothing. */
  readonly trackers?: readonly Tracker[] | undefined;
}

/** Held-out pairs and, where there is one, the gold reward of responses to their prompts. */
export interface HeldOut {
  readonly pairs: readonly TokenizedPair[];
  /** Reward in [0, 1] of a response to the prompt of pair `i`. */
  readonly gold?: (i: number, response: string) => number;
}

/** A judge that labels responses. */
export interface RunJudge {
  /** Tells it from every other judge, by its name and whatever else its scores depend on. */
  readonly identity: Json;
  readonly name: string;
  readonly score: ResponseJudge;
}

/** A user's own evaluation. It is no part of what the run is: another one is computed on the models that are there. */
export interface Evaluator {
  /** Tells it from every other evaluation. */
  readonly identity: string;
  /** Figures of the policy of an iteration, 0 being the reference, by name. */
  evaluate(
    policy: Policy,
    iteration: number,
  ): Promise<Readonly<Record<string, number>>> | Readonly<Record<string, number>>;
}

/** Two responses to one prompt, one of them preferred, and what its loss reads of it besides. */
export interface TrainingPair extends PairColumns {
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

/** A pair that the run made, and how it is written down. */
export interface BootstrappedPair extends TrainingPair {
  readonly row: Omit<BootstrappedRow, "prompt" | "chosen" | "rejected" | "tokens">;
}
