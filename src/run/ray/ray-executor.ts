import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { z } from "zod";
import { planTraining } from "../../align/plan.js";
import type { ReferencedPair } from "../../align/preference.js";
import { learningRateAt } from "../../align/schedule.js";
import { DivergenceError } from "../../align/divergence.js";
import type { StepRecord, TrainingOptions } from "../../align/trainer.js";
import { defaultAdamW } from "../../align/adamw.js";
import { chunk } from "../../base/collections.js";
import { InputError, quote } from "../../base/errors.js";
import { linesIn } from "../../base/lines.js";
import type { Random } from "../../base/random.js";
import type { TaskOptions } from "../../base/task.js";
import { isWeightFile } from "../../model/checkpoint/weight-files.js";
import { writeFolder } from "../../base/write-folder.js";
import {
  isLeftOut,
  samplingOf,
  type Generation,
  type GenerationOptions,
  type GenerationRequest,
} from "../../model/generation/generate.js";
import type { Policy } from "../../model/policy/policy.js";
import type { TokenSequence } from "../../model/scoring/batch.js";
import { batchCost } from "../../model/scoring/batch-cost.js";
import type { ExecutedTraining, Executor, ModelRef, TrainingTask } from "../executor.js";
import { LocalExecutor } from "../local-executor.js";
import { adapterWeights, checkRemoteTraining, pairsAreDrawn, refuseColumns } from "./check-remote.js";
import type { Cluster } from "./cluster.js";
import { copyFiles, GrowingLines } from "../shared-storage.js";
import { trlLossOf } from "./trl-loss.js";

const scored = z.array(z.number());
const sampled = z.object({ request: z.int(), number: z.int(), tokens: z.array(z.int()), complete: z.boolean() });
/** The report of a step; null stands for NaN or infinity. */
const reportedStep = z.looseObject({
  step: z.int(),
  loss: z.number().nullable(),
  grad_norm: z.number().nullable(),
  learning_rate: z.number(),
  num_tokens: z.number(),
});

/** Limit of seeds: what both torch and vLLM accept, with room for one seed per request. */
const seeds = 2 ** 30;

/**
 * Runs a run's model work on a Ray cluster: trains with TRL, scores and samples with transformers or vLLM. Batches,
 * their order and learning rates are those of the local engine, so first steps and scores agree with it up to
 * floating-point noise; responses are drawn from other streams.
 *
 * Results are stored in the shared storage under a name derived from everything that they depend on, where a resumed
 * run finds them.
 */
export class RayExecutor implements Executor {
  private readonly local: LocalExecutor;
  private base: Promise<string> | undefined;

  /** @param start owned by the caller; it is not modified */
  constructor(
    private readonly cluster: Cluster,
    private readonly start: Policy,
    memory: number,
  ) {
    this.local = new LocalExecutor(start, memory);
  }

  async train<Example>({
    from,
    objective,
    examples,
    options,
    random,
    source,
  }: TrainingTask<Example>): Promise<ExecutedTraining> {
    if (source) throw pairsAreDrawn();
    checkRemoteTraining(objective, options, this.start.config, this.cluster.settings);
    const pairs = examples as readonly unknown[] as readonly ReferencedPair[];
    refuseColumns(pairs);
    const plan = planTraining(
      pairs.map(({ chosen, rejected }) => [chosen, rejected]),
      options,
      random,
      batchCost(this.start.config),
    );
    const { batchSize, microBatchSize = batchSize / this.cluster.settings.workers, recompute = false } = options;
    const request = {
      ...(await this.model(from)),
      loss: trlLossOf(objective),
      ...{ batchSize, microBatchSize, recompute },
      adamW: { ...defaultAdamW, ...options.adamW },
      dtype: this.cluster.settings.precision,
      shard: this.cluster.settings.shard,
      seed: random.fork("cluster").integer(seeds),
    };
    const files = {
      "pairs.jsonl": each(pairs, pairLine),
      "plan.json": [JSON.stringify(trlPlan(plan, batchSize, options))],
    };
    const total = Math.ceil(orderOf(plan).length / batchSize);
    let trained: string | undefined;
    return {
      total,
      evaluationSeconds: 0,
      samplingSeconds: 0,
      steps: (signal) => this.follow(request, files, plan, signal, (folder) => (trained = folder)),
      save: (folder) => keepModel(from, trained!, folder),
      end: async () => {},
    };
  }

  async logProbs(model: ModelRef, sequences: readonly TokenSequence[], task: TaskOptions = {}): Promise<Float64Array> {
    return Float64Array.from(await this.scores(model, sequences, false, task), ([sum]) => sum!);
  }

  async tokenLogProbs(
    model: ModelRef,
    sequences: readonly TokenSequence[],
    task: TaskOptions = {},
  ): Promise<Float32Array[]> {
    return (await this.scores(model, sequences, true, task)).map((values) => Float32Array.from(values));
  }

  async *samples(
    model: ModelRef,
    requests: readonly GenerationRequest[],
    random: Random,
    options: GenerationOptions,
    task: TaskOptions = {},
  ): AsyncGenerator<Generation[]> {
    const { maxNewTokens = 256, batchSize = 128, guidance } = options;
    const { config, tokenizer } = this.start;
    if (guidance) throw new InputError("guidance: a cluster writes by the model alone; sample on this machine");
    for (const { key, prompt } of requests) {
      if (prompt.length >= config.contextLength)
        throw new RangeError(
          `the prompt of ${quote(key)} has ${prompt.length} tokens, the context is ${config.contextLength}`,
        );
    }
    const wanted = requests.reduce((count, { responses }) => count + responses, 0);
    if (wanted === 0) return;
    const request = {
      ...(await this.model(model)),
      ...{ prompts: requests.length, responses: wanted },
      sampling: { ...samplingOf(options), maxNewTokens },
      stopIds: options.stopTokens ?? tokenizer.stopIds,
      contextLength: config.contextLength,
      dtype: this.cluster.settings.precision,
      seed: random.fork("cluster").integer(seeds),
    };
    const files = {
      "prompts.jsonl": each([...requests.entries()], ([request, { prompt, responses }]) =>
        JSON.stringify({ request, prompt: [...prompt], responses }),
      ),
    };
    task.onProgress?.(0, wanted);
    const folder = await this.cluster.run("sample", request, files, task);
    const found: Generation[] = [];
    for await (const line of linesIn(createReadStream(`${folder}/samples.jsonl`))) {
      const { tokens, ...row } = sampled.parse(JSON.parse(line));
      found.push({ ...row, tokens: Int32Array.from(tokens) });
    }
    task.onProgress?.(wanted, wanted);
    if (found.length !== wanted) throw incomplete(folder, found.length, wanted);
    // Responses arrive in the order in which workers finish them.
    found.sort((a, b) => a.request - b.request || a.number - b.number);
    const open = found.filter(({ request, number }) => !isLeftOut(options, requests[request]!.key, number));
    yield* chunk(open, batchSize);
  }

  /** Computed on this machine, where they are used to choose responses. */
  embeddings(model: ModelRef, sequences: readonly TokenSequence[], task: TaskOptions = {}): Promise<Float32Array[]> {
    return this.local.embeddings(model, sequences, task);
  }

  /** The user's function gets a local policy, wherever it was trained. */
  withPolicy<T>(model: ModelRef, work: (policy: Policy) => Promise<T>): Promise<T> {
    return this.local.withPolicy(model, work);
  }

  close(): Promise<void> {
    return this.local.close();
  }

  private async *follow(
    request: object,
    files: Readonly<Record<string, Iterable<string>>>,
    plan: ReturnType<typeof planTraining>,
    signal: AbortSignal | undefined,
    onEnd: (folder: string) => void,
  ): AsyncGenerator<StepRecord> {
    const epochs = plan.map(({ epoch }) => epoch);
    const come: StepRecord[] = [];
    let lines: GrowingLines | undefined;
    let wake = () => {};
    let last = 0;
    const look = async (folder: string) => {
      lines ??= new GrowingLines(`${folder}/steps.jsonl`);
      for (const line of await lines.next()) {
        const record = stepRecord(line, epochs);
        // Restarted workers repeat the steps after their checkpoint.
        if (record.step <= last) continue;
        last = record.step;
        come.push(record);
      }
      wake();
    };
    let ended = false;
    let failure: unknown;
    const left = new AbortController();
    const either = AbortSignal.any([left.signal, ...(signal ? [signal] : [])]);
    const job = this.cluster
      .run("train", request, files, { signal: either }, look)
      .then(onEnd, (error: unknown) => (failure = error))
      .finally(() => {
        ended = true;
        wake();
      });
    try {
      for (;;) {
        while (come.length > 0) yield come.shift()!;
        if (failure !== undefined) throw failure;
        if (ended) return;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      // If the consumer stops early, for example after an error, stop the job too.
      left.abort();
      await job;
    }
  }

  private async scores(
    model: ModelRef,
    sequences: readonly TokenSequence[],
    tokens: boolean,
    task: TaskOptions,
  ): Promise<number[][]> {
    if (sequences.length === 0) return [];
    const lengthOf = (i: number) => sequences[i]!.prompt.length + sequences[i]!.response.length;
    // Sort by length, to reduce padding in batches.
    const order = [...sequences.keys()].sort((a, b) => lengthOf(b) - lengthOf(a));
    const request = {
      ...(await this.model(model)),
      tokens,
      count: sequences.length,
      dtype: this.cluster.settings.precision,
    };
    const files = {
      "sequences.jsonl": each(order, (i) =>
        JSON.stringify({ index: i, prompt: [...sequences[i]!.prompt], response: [...sequences[i]!.response] }),
      ),
    };
    const { length } = sequences;
    task.onProgress?.(0, length);
    const folder = await this.cluster.run("score", request, files, task);
    const found: number[][] = [];
    for await (const line of linesIn(createReadStream(`${folder}/scores.jsonl`)))
      found.push(scored.parse(JSON.parse(line)));
    task.onProgress?.(length, length);
    if (found.length !== length) throw incomplete(folder, found.length, length);
    return found;
  }

  /** Uploads a model to the storage unless it is already there, and returns its name there. */
  private async model(model: ModelRef): Promise<{ readonly model: string; readonly base: string | null }> {
    if (model === "start")
      throw new InputError(
        "demonstrations: a cluster trains on pairs alone; fine-tune on this machine first, by sft, and begin from what that leaves",
      );
    return {
      model: await this.cluster.storage.upload(model.folder),
      base: this.start.config.adapter ? await (this.base ??= this.uploadBase()) : null,
    };
  }

  private async uploadBase(): Promise<string> {
    const base = this.start.withoutAdapter();
    try {
      return await this.cluster.storage.keepBase(base);
    } finally {
      await base.free();
    }
  }
}

/** Returns the order of the training pairs, and the learning rate of each step. */
function trlPlan(
  plan: ReturnType<typeof planTraining>,
  batchSize: number,
  { learningRate, schedule = "linear", warmup = 0 }: TrainingOptions,
) {
  const order = orderOf(plan);
  const steps = Math.ceil(order.length / batchSize);
  return {
    order,
    learningRates: Array.from({ length: steps }, (_, i) =>
      learningRateAt(learningRate, schedule, warmup, i + 1, steps),
    ),
  };
}

const orderOf = (plan: ReturnType<typeof planTraining>) =>
  plan.flatMap(({ microBatches }) => microBatches.flatMap(({ indices }) => indices));

function pairLine({ chosen, rejected, referenceChosen = 0, referenceRejected = 0 }: ReferencedPair): string {
  return JSON.stringify({
    ...{ prompt_ids: [...chosen.prompt], chosen_ids: [...chosen.response], rejected_ids: [...rejected.response] },
    ...{ ref_chosen_logps: referenceChosen, ref_rejected_logps: referenceRejected },
  });
}

/** @throws DivergenceError if the loss or the gradient norm is NaN or infinite */
function stepRecord(line: string, epochs: readonly number[]): StepRecord {
  const { step, ...reported } = reportedStep.parse(JSON.parse(line));
  const { loss, grad_norm, learning_rate, num_tokens } = reported;
  if (loss === null || grad_norm === null)
    throw new DivergenceError(
      `training diverged at step ${step}: loss ${loss ?? NaN}, gradient norm ${grad_norm ?? NaN}; try a learning rate below ${learning_rate}`,
    );
  const metrics = Object.fromEntries(
    Object.entries(reported).filter(([name, value]) => typeof value === "number" && /^(rewards|logps)\//.test(name)),
  ) as Record<string, number>;
  return { step, epoch: epochs[step - 1] ?? epochs.at(-1)!, loss, grad_norm, learning_rate, num_tokens, ...metrics };
}

/** Writes a trained model: its weights, with the config and tokenizer of the model that it was trained from. */
async function keepModel(from: ModelRef, trained: string, folder: string): Promise<void> {
  if (from === "start") throw new Error("a cluster trains from a model's folder");
  const isWeights = (name: string) => isWeightFile(name) || name === adapterWeights;
  const [before, after] = [await readdir(from.folder), await readdir(`${trained}/model`)];
  await writeFolder(
    folder,
    "a model",
    () => true,
    async (partial) => {
      await copyFiles(
        from.folder,
        partial,
        before.filter((name) => !isWeights(name)),
      );
      await copyFiles(`${trained}/model`, partial, after.filter(isWeights));
    },
  );
}

function incomplete(folder: string, found: number, wanted: number): InputError {
  return new InputError(
    `${folder}: found ${found} results, expected ${wanted}; remove the folder, and it is done again`,
  );
}

/** Returns an iterable of lines that can be iterated repeatedly. */
function each<T>(items: readonly T[], line: (item: T) => string): Iterable<string> {
  return {
    *[Symbol.iterator]() {
      for (const item of items) yield line(item);
    },
  };
}
