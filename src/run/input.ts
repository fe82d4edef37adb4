import { InputError } from "../base/errors.js";
import type { TaskControls } from "../base/task.js";
import type { BootstrappedRow, ResponseJudge } from "../bootstrap/index.js";
import type { ContextFit, TokenizedDemonstration, TokenizedPair, TokenizedPrompt } from "../data/tokenize.js";
import type { Policy } from "../model/policy/policy.js";
import type { ComputeTarget } from "./executor.js";
import type { Json } from "./folder/identity.js";
import type { RunTexts } from "./method.js";
import type { ColumnRule, PairColumns } from "./options/index.js";
import type { LoggedStep } from "./logged-step.js";
import type { Tracker } from "./tracking.js";

/** The input of a run. */
export interface RunInput {
  /**
   * The start of iteration 1 and the reference; with `demonstrations`, it is fine-tuned on these first. The caller owns
   * it, and it is not modified.
   */
  readonly start: Policy;
  readonly demonstrations?: readonly TokenizedDemonstration[];
  readonly pairs: readonly TokenizedPair[];
  /** The pairs as texts, for methods that rewrite them; not part of the run's identity. */
  readonly texts?: InputTexts;
  /** Pairs on which each iteration's policy is evaluated. */
  readonly heldOut?: HeldOut;
  /** Pairs for model selection and early stopping. */
  readonly validation?: readonly TokenizedPair[];
  /** Adds columns to training and validation pairs. */
  readonly columns?: ColumnRule;
  /** Scores responses, for methods that label with a judge. */
  readonly judge?: RunJudge;
  readonly evaluate?: Evaluator;
  /** Where models are trained, scored and sampled. Default: this machine. */
  readonly on?: ComputeTarget;
  /**
   * Folder that caches what other runs can reuse: results computed with the start and later models, and where finished
   * trainings are stored. Default: no cache.
   */
  readonly referenceCache?: string;
  /** Notes on how the data was read: written into the folder, not part of the run's identity. */
  readonly dataNotes?: Readonly<Record<string, unknown>>;
  /** How texts were fitted to the context: stored in the folder for later reviews, not part of the run's identity. */
  readonly fit?: ContextFit;
  /** The command line that began the run: stored in the folder for `--resume`, not part of the run's identity. */
  readonly begunBy?: RecordedCommand;
}

/**
 * Returns the demonstrations of a run whose method trains on them itself.
 *
 * @throws InputError if it was given none
 */
export function requireDemonstrations({ demonstrations }: RunInput): readonly TokenizedDemonstration[] {
  if (!demonstrations?.length)
    throw new InputError("this method trains on demonstrations beside the pairs; pass `demonstrations`");
  return demonstrations;
}

/**
 * Returns the run's judge.
 *
 * @throws InputError if it was given none
 */
export function requireJudge({ judge }: RunInput): RunJudge {
  if (!judge) throw new InputError("this method labels responses with a judge; pass `judge`");
  return judge;
}

/** The texts of a run's pairs, and how they are tokenized. */
export interface InputTexts extends RunTexts {
  /** @throws InputError if a text does not fit the context */
  tokenized(texts: RunTexts): Pick<RunInput, "pairs" | "heldOut" | "validation">;
}

/** A command line as stored in a run's folder. */
export interface RecordedCommand {
  /** The command and its arguments, except those that locate the run. */
  readonly command: readonly string[];
  /** The working directory, to which paths are relative. */
  readonly directory: string;
}

/** Controls of a run: progress, cancellation and step callbacks. */
export interface RunControls extends TaskControls {
  /** Called after each optimizer step with its line of `metrics.jsonl`; an exception that it throws stops the run. */
  readonly onStep?: ((step: LoggedStep) => void) | undefined;
  /** Trackers that log each step; a failing one does not stop the run. */
  readonly trackers?: readonly Tracker[] | undefined;
}

/** What a run is evaluated on. */
export interface HeldOut {
  /** Pairs whose labels the implicit reward is compared with; none if there are only prompts. */
  readonly pairs: readonly TokenizedPair[];
  /** Prompts without responses. Default: those of the pairs. */
  readonly prompts?: readonly TokenizedPrompt[];
  /** Reward in [0, 1] of a response to prompt `i`; without it, prompts are not answered. */
  readonly gold?: (i: number, response: string) => number;
}

/** A judge that labels responses. */
export interface RunJudge {
  /** Identifies the judge by its name and everything else that its scores depend on. */
  readonly identity: Json;
  readonly name: string;
  readonly score: ResponseJudge;
}

/** A user's own evaluation. It is not part of the run's identity: a new one is computed on the existing models. */
export interface Evaluator {
  /** Identifies the evaluation. */
  readonly identity: string;
  /** Returns metrics, by name, of the policy of an iteration; iteration 0 is the reference. */
  evaluate(
    policy: Policy,
    iteration: number,
  ): Promise<Readonly<Record<string, number>>> | Readonly<Record<string, number>>;
}

/** A preferred and a rejected response to a prompt, and the columns that the loss reads. */
export interface TrainingPair extends PairColumns {
  readonly prompt: Int32Array;
  readonly chosen: Int32Array;
  readonly rejected: Int32Array;
  /** Log-probabilities under the model of iteration 0, if known. */
  readonly reference?: { readonly chosen: number; readonly rejected: number };
}

/** A pair of the data. */
export interface OfflinePair extends TrainingPair {
  readonly id: string;
  /** The id of the first pair with this prompt, which samples refer to. */
  readonly promptId: string;
}

/** A bootstrapped pair, and the row that is stored for it. */
export interface BootstrappedPair extends TrainingPair {
  readonly row: Omit<BootstrappedRow, "prompt" | "chosen" | "rejected" | "tokens">;
}
