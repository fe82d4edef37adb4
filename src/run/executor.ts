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

/** A model of a run: the folder of its files, or the one that the run begins from, which has none yet. */
export type ModelRef = "start" | { readonly folder: string };

/** A training to be done. */
export interface TrainingTask<Example> {
  readonly from: ModelRef;
  readonly objective: Objective<Example>;
  readonly examples: readonly Example[];
  /** Examples that `evaluateEvery` evaluates on. */
  readonly validation: readonly Example[];
  readonly options: TrainingOptions;
  readonly random: Random;
  /** The reference that a `referenceUpdate` begins with. Default: `from`. */
  readonly reference?: ModelRef;
  /** Makes the examples while the training goes on, of those that it is given. Default: they are trained on as they are. */
  readonly source?: ExampleSourceOf<Example>;
  /** A checkpoint of this training to go on from. */
  readonly checkpoint?: string | undefined;
}

/** A training under way. */
export interface ExecutedTraining {
  /** How it fits into memory, where the executor plans that. */
  readonly memory?: MemoryChoice;
  /** Optimizer steps of the whole training. */
  readonly total: number;
  /** Seconds that evaluations have taken. */
  readonly evaluationSeconds: number;
  /** Seconds that making examples has sampled. */
  readonly samplingSeconds: number;
  /** Takes the steps that are left; see {@link Trainer.steps}. */
  steps(signal?: AbortSignal): AsyncIterable<StepRecord>;
  /** Writes a checkpoint after the last step, from which the training continues with byte-identical results. An executor that keeps what it has done itself has none. */
  writeCheckpoint?(file: string): Promise<void>;
  /** Writes the model as it is now, with the head that was trained beside it. */
  save(folder: string): Promise<void>;
  /** Frees what the training holds. */
  end(): Promise<void>;
}

/**
 * Does the work of a run with models: it trains them, scores with them and samples from them. That is all that a method's
 * stages ask for, so that another executor, a cluster's, can stand in the place of the local one.
 */
export interface Executor {
  train<Example>(task: TrainingTask<Example>): Promise<ExecutedTraining>;

  /** log π(y | x) of each sequence, the sum over its response tokens, in nats. */
  logProbs(model: ModelRef, sequences: readonly TokenSequence[], task?: TaskOptions): Promise<Float64Array>;

  /** log π(y_t | x, y_<t) of every response token of each sequence, in nats; what {@link logProbs} sums. */
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
   * Samples responses, in batches whose order and contents depend on the arguments alone; see {@link generate}. An executor
   * that cannot tell a response's log-probability leaves it out, and is then asked for it by {@link logProbs}.
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

  /** Does work of the user's own with a model on this machine; it is freed afterwards. */
  withPolicy<T>(model: ModelRef, work: (policy: Policy) => Promise<T>): Promise<T>;

  /** Frees what it holds. */
  close(): Promise<void>;
}

/** What a run is going to ask of an executor, as far as that is known before it begins. */
export interface RunRequirements {
  readonly start: Policy;
  readonly objective: Objective<ReferencedPair>;
  readonly training: TrainingOptions;
  readonly pairs: readonly TokenizedPair[];
  /** Whether it trains on demonstrations too. */
  readonly demonstrations: boolean;
  /** A rule that gives pairs columns, where there is one. */
  readonly columns: ColumnRule | undefined;
  /** Name of its method. */
  readonly method: string;
  /** Whether pairs are made while a training goes on. */
  readonly drawsPairs: boolean;
}

/** Where the work of runs is done, when it is not done on this machine; see `ray`. */
export interface ComputeTarget {
  /** What of it the results of a run depend on: a run done elsewhere is another run. */
  readonly identity: Json;

  /** @throws InputError naming what of a run it cannot do */
  check(run: RunRequirements): void;

  /**
   * An executor of work there, once it has been seen that it can do it.
   *
   * @param memory bytes that work on this machine is planned for
   * @throws InputError where it is not reached, or is not what it has to be
   */
  open(start: Policy, memory: number, controls: TaskControls): Promise<Executor>;
}
