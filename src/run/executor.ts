import type { MemoryChoice } from "../align/memory-plan.js";
import type { ExampleSourceOf } from "../align/example-source.js";
import type { Objective } from "../align/objective.js";
import type { StepRecord, TrainingOptions } from "../align/trainer.js";
import type { Random } from "../base/random.js";
import type { ReferencedPair } from "../align/preference.js";
import type { TaskControls, TaskOptions } from "../base/task.js";
import type { TokenizedPair } from "../data/tokenize.js";
import type { Generation, GenerationOptions, GenerationRequest } from "../model/generation/generate.js";
import type { Policy } from "../model/policy/policy.js";
import type { TokenSequence } from "../model/scoring/batch.js";
import type { Json } from "./folder/identity.js";
import type { ColumnRule } from "./options/index.js";

/** A model of a run: its folder, or "start", the model that the run begins from, which has no folder yet. */
export type ModelRef = "start" | { readonly folder: string };

/** A training task. */
export interface TrainingTask<Example> {
  readonly from: ModelRef;
  readonly objective: Objective<Example>;
  readonly examples: readonly Example[];
  /** Examples that `evaluateEvery` evaluates on. */
  readonly validation: readonly Example[];
  readonly options: TrainingOptions;
  readonly random: Random;
  /** The initial reference of a `referenceUpdate`. Default: `from`. */
  readonly reference?: ModelRef;
  /** Generates examples during training from the given ones. Default: the given examples are used unchanged. */
  readonly source?: ExampleSourceOf<Example>;
  /** A checkpoint of this training to resume from. */
  readonly checkpoint?: string | undefined;
}

/** A training in progress. */
export interface ExecutedTraining {
  /** How the training fits into memory, if the executor plans that. */
  readonly memory?: MemoryChoice;
  /** Total number of optimizer steps. */
  readonly total: number;
  /** Seconds spent on evaluation. */
  readonly evaluationSeconds: number;
  /** Seconds spent on sampling for new examples. */
  readonly samplingSeconds: number;
  /** Runs the remaining steps; see {@link Trainer.steps}. */
  steps(signal?: AbortSignal): AsyncIterable<StepRecord>;
  /**
   * Writes a checkpoint after the last step, from which the training continues with byte-identical results. Absent if
   * the executor keeps its own progress.
   */
  writeCheckpoint?(file: string): Promise<void>;
  /** Writes the current model, with the head trained along with it. */
  save(folder: string): Promise<void>;
  /** Frees the training's memory. */
  end(): Promise<void>;
}

/**
 * Runs the model work of a run: training, scoring and sampling. Stages need nothing else, so a cluster's executor can
 * replace the local one.
 */
export interface Executor {
  train<Example>(task: TrainingTask<Example>): Promise<ExecutedTraining>;

  /** log π(y | x) of each sequence, the sum over its response tokens, in nats. */
  logProbs(model: ModelRef, sequences: readonly TokenSequence[], task?: TaskOptions): Promise<Float64Array>;

  /** log π(y_t | x, y_<t) of every response token of each sequence, in nats; {@link logProbs} returns their sums. */
  tokenLogProbs(
    model: ModelRef,
    sequences: readonly TokenSequence[],
    task?: TaskOptions,
  ): Promise<readonly Float32Array[]>;

  /** The mean last hidden state of each sequence's response, [hidden] each; see `responseEmbeddings`. */
  embeddings(
    model: ModelRef,
    sequences: readonly TokenSequence[],
    task?: TaskOptions,
  ): Promise<readonly Float32Array[]>;

  /**
   * Samples responses, in batches whose order and contents depend on the arguments alone; see {@link generate}. An
   * executor that does not know a response's log-probability omits it; {@link logProbs} then computes it.
   *
   * @param random names the stream of each response, together with its request's key and its number
   */
  samples(
    model: ModelRef,
    requests: readonly GenerationRequest[],
    random: Random,
    options: GenerationOptions,
    task?: TaskOptions,
  ): AsyncGenerator<Generation[]>;

  /** Runs the user's own function with a model on this machine; the model is freed afterwards. */
  withPolicy<T>(model: ModelRef, work: (policy: Policy) => Promise<T>): Promise<T>;

  /** Frees the executor's resources. */
  close(): Promise<void>;
}

/** What a run requires of an executor, as far as is known before it begins. */
export interface RunRequirements {
  readonly start: Policy;
  readonly objective: Objective<ReferencedPair>;
  readonly training: TrainingOptions;
  readonly pairs: readonly TokenizedPair[];
  /** Whether the run also trains on demonstrations. */
  readonly demonstrations: boolean;
  /** A rule that adds columns to pairs, if any. */
  readonly columns: ColumnRule | undefined;
  /** Name of the run's method. */
  readonly method: string;
  /** Whether pairs are generated during training. */
  readonly drawsPairs: boolean;
}

/** A target that does the work of runs in place of this machine; see `ray`. */
export interface ComputeTarget {
  /** The part of the target that a run's results depend on; it is part of the run's identity. */
  readonly identity: Json;

  /** @throws InputError naming what the target does not support in a run */
  check(run: RunRequirements): void;

  /**
   * Opens an executor on the target after checking that the target is ready.
   *
   * @param memory memory budget of work on this machine, in bytes
   * @throws InputError if the target cannot be reached, or does not meet the requirements
   */
  open(start: Policy, memory: number, controls: TaskControls): Promise<Executor>;
}
