import { readHead, writeHead } from "../align/head-files.js";
import { readCheckpoint, writeCheckpoint } from "../align/trainer-checkpoint.js";
import { Trainer } from "../align/trainer.js";
import type { Random } from "../base/random.js";
import type { TaskOptions } from "../base/task.js";
import type { TokenSequence } from "../model/scoring/batch.js";
import {
  generate,
  type Generation,
  type GenerationOptions,
  type GenerationRequest,
} from "../model/generation/generate.js";
import type { Parameters } from "../model/parameters/parameters.js";
import type { Policy } from "../model/policy/policy.js";
import { loadPolicy, savePolicy } from "../model/policy/policy-files.js";
import { responseEmbeddings } from "../model/scoring/embed.js";
import { responseLogProbs, responseTokenLogProbs } from "../model/scoring/score.js";
import type { ExecutedTraining, Executor, ModelRef, TrainingTask } from "./executor.js";

/**
 * Memory of the programs that are kept after a training. Those of a small model serve the next training and the next run; those of
 * a large one would hold gigabytes, and preparing them takes little of its time.
 */
const keptBytes = 2 ** 29;

/** Does the work of a run on the engine of the model that it begins from. */
export class LocalExecutor implements Executor {
  private readonly start: Policy;
  /** The base model of the run's adapters. */
  private readonly base: Policy | undefined;

  /**
   * @param start owned by the caller; it is not modified
   * @param memory memory budget of the work in bytes, independent of the caller's
   */
  constructor(start: Policy, memory: number) {
    this.start = start.share(start.programs.within(memory));
    this.base = start.config.adapter ? this.start.withoutAdapter() : undefined;
  }

  async train<Example>(task: TrainingTask<Example>): Promise<ExecutedTraining> {
    const policy = await this.policy(task.from);
    try {
      return await this.begin(task, policy);
    } catch (error) {
      await policy.free();
      throw error;
    }
  }

  logProbs(model: ModelRef, sequences: readonly TokenSequence[], task: TaskOptions = {}): Promise<Float64Array> {
    return this.withPolicy(model, (policy) => responseLogProbs(policy, sequences, task));
  }

  tokenLogProbs(model: ModelRef, sequences: readonly TokenSequence[], task: TaskOptions = {}): Promise<Float32Array[]> {
    return this.withPolicy(model, (policy) => responseTokenLogProbs(policy, sequences, task));
  }

  embeddings(model: ModelRef, sequences: readonly TokenSequence[], task: TaskOptions = {}): Promise<Float32Array[]> {
    return this.withPolicy(model, (policy) => responseEmbeddings(policy, sequences, task));
  }

  async *samples(
    model: ModelRef,
    requests: readonly GenerationRequest[],
    random: Random,
    options: GenerationOptions,
    task: TaskOptions = {},
  ): AsyncGenerator<Generation[]> {
    const policy = await this.policy(model);
    try {
      yield* generate(policy, requests, random, options, task);
    } finally {
      await policy.free();
    }
  }

  /** Runs a function with a model, which is freed afterwards. */
  async withPolicy<T>(model: ModelRef, work: (policy: Policy) => Promise<T>): Promise<T> {
    const policy = await this.policy(model);
    try {
      return await work(policy);
    } finally {
      await policy.free();
    }
  }

  /** Frees the executor's share of the start, which the caller still owns. */
  async close(): Promise<void> {
    await this.base?.free();
    await this.start.free();
  }

  private async begin<Example>(task: TrainingTask<Example>, policy: Policy): Promise<ExecutedTraining> {
    const { from, objective, examples, validation, options, random, reference = from, source, checkpoint } = task;
    const kept = checkpoint === undefined ? undefined : await readCheckpoint(checkpoint);
    if (kept) await policy.replace(kept.parameters);
    const moves = (options.referenceUpdate ?? "fixed") !== "fixed" || source !== undefined;
    const referenceParameters = moves && !kept ? await this.parametersOf(reference) : undefined;
    const head = objective.head && from !== "start" && !kept ? await readHead(from.folder) : undefined;
    const trainer = await Trainer.begin(policy, objective, examples, options, random, {
      from: kept?.state,
      validation,
      referenceParameters,
      source,
      head,
    });
    return {
      memory: trainer.memory,
      total: trainer.total,
      get evaluationSeconds() {
        return trainer.evaluationSeconds;
      },
      get samplingSeconds() {
        return trainer.samplingSeconds;
      },
      steps: (signal) => trainer.steps(signal),
      writeCheckpoint: async (file) => writeCheckpoint(file, policy, await trainer.state()),
      save: async (folder) => {
        await savePolicy(policy, folder);
        await writeHead(folder, await trainer.head());
      },
      end: async () => {
        await trainer.end();
        await policy.free();
        await this.start.programs.trim(keptBytes);
      },
    };
  }

  /** Loads a separate policy, to be freed by the caller. */
  private async policy(model: ModelRef): Promise<Policy> {
    if (model === "start") return this.start.share();
    return loadPolicy(this.start.programs, model.folder, this.base);
  }

  private parametersOf(model: ModelRef): Promise<Parameters> {
    return this.withPolicy(model, (policy) => policy.parameters());
  }
}
