import { InputError, quote } from "../../base/errors.js";
import { chunk } from "../../base/collections.js";
import { allOrNone } from "../../base/requests/all-or-none.js";
import type { Random } from "../../base/random.js";
import type { TaskOptions } from "../../base/task.js";
import {
  checkCount,
  isLeftOut,
  samplingOf,
  type Generation,
  type GenerationOptions,
  type GenerationRequest,
} from "../../model/generation/generate.js";
import type { Policy } from "../../model/policy/policy.js";
import type { TokenSequence } from "../../model/scoring/batch.js";
import type { ExecutedTraining, Executor, ModelRef, TrainingTask } from "../executor.js";
import { LocalExecutor } from "../local-executor.js";
import type { SharedStorage } from "../shared-storage.js";
import { samplingFields, seedLimit, type Completion, type ModelApi } from "./model-api.js";
import { generationOf, toldLogProb } from "./written-tokens.js";

/** A server that has been checked. */
export interface FoundServer {
  readonly api: ModelApi;
  /** The server's name of the model. */
  readonly model: string;
  /** Folder from which the server loads adapters; undefined if it uses only its own model. */
  readonly adapters: { readonly storage: SharedStorage; readonly seenAs: string } | undefined;
  /** Whether it also scores. */
  readonly scores: boolean;
}

/**
 * Trains on this machine; a server generates the responses and, if it can, scores: with the adapter of the iteration,
 * which it loads on request, or with its own model.
 */
export class ServerExecutor implements Executor {
  private readonly local: LocalExecutor;
  private readonly loaded = new Map<string, Promise<string>>();

  /** @param start owned by the caller; it is not modified */
  constructor(
    private readonly server: FoundServer,
    private readonly start: Policy,
    memory: number,
  ) {
    this.local = new LocalExecutor(start, memory);
  }

  train<Example>(task: TrainingTask<Example>): Promise<ExecutedTraining> {
    return this.local.train(task);
  }

  async logProbs(model: ModelRef, sequences: readonly TokenSequence[], task: TaskOptions = {}): Promise<Float64Array> {
    if (!this.server.scores || model === "start") return this.local.logProbs(model, sequences, task);
    const scored = await this.scores(model, sequences, task);
    return Float64Array.from(scored, (values) => values.reduce((sum, value) => sum + value, 0));
  }

  async tokenLogProbs(
    model: ModelRef,
    sequences: readonly TokenSequence[],
    task: TaskOptions = {},
  ): Promise<Float32Array[]> {
    if (!this.server.scores || model === "start") return this.local.tokenLogProbs(model, sequences, task);
    return (await this.scores(model, sequences, task)).map((values) => Float32Array.from(values));
  }

  embeddings(model: ModelRef, sequences: readonly TokenSequence[], task: TaskOptions = {}): Promise<Float32Array[]> {
    return this.local.embeddings(model, sequences, task);
  }

  async *samples(
    model: ModelRef,
    requests: readonly GenerationRequest[],
    random: Random,
    options: GenerationOptions,
    { signal, onProgress }: TaskOptions = {},
  ): AsyncGenerator<Generation[]> {
    const { maxNewTokens = 256, batchSize = 128, stopTokens = this.start.tokenizer.stopIds } = options;
    if (options.guidance) throw new InputError("guidance: a server writes by its model alone; sample on this machine");
    const sampling = samplingOf(options);
    checkCount("maxNewTokens", maxNewTokens);
    checkCount("batchSize", batchSize);
    const { contextLength } = this.start.config;
    const wanted = requests.flatMap(({ key, prompt, responses }, request) => {
      if (prompt.length === 0) throw new RangeError(`the prompt of ${quote(key)} has no token`);
      if (prompt.length >= contextLength)
        throw new RangeError(
          `the prompt of ${quote(key)} has ${prompt.length} tokens, the context is ${contextLength}`,
        );
      return Array.from({ length: responses }, (_, number) => ({ key, prompt, request, number }));
    });
    if (wanted.length === 0) return;
    const name = await this.nameOf(model, signal);
    const fields = {
      model: name,
      ...samplingFields(sampling),
      // Request the ids of generated tokens, which vLLM and llama.cpp return.
      ...{ logprobs: 1, return_token_ids: true, stop_token_ids: stopTokens },
    };
    const open = wanted.filter(({ key, number }) => !isLeftOut(options, key, number));
    let done = wanted.length - open.length;
    onProgress?.(done, wanted.length);
    for (const batch of chunk(open, batchSize)) {
      yield await allOrNone(batch, signal, async ({ key, prompt, request, number }, either) => {
        const limit = Math.min(maxNewTokens, contextLength - prompt.length);
        const seed = random.fork(key).fork(`${number}`).integer(seedLimit);
        const asked = { ...fields, prompt: [...prompt], max_tokens: limit, seed };
        const completion = await this.server.api.complete(asked, either);
        const { logProb, ...written } = generationOf(completion, this.start, { stopTokens, limit });
        onProgress?.(++done, wanted.length);
        const isPolicys = options.logProbs && this.server.scores && logProb !== undefined;
        return { request, number, ...written, ...(isPolicys && { logProb }) };
      });
    }
  }

  /** The user's function gets a local policy. */
  withPolicy<T>(model: ModelRef, work: (policy: Policy) => Promise<T>): Promise<T> {
    return this.local.withPolicy(model, work);
  }

  close(): Promise<void> {
    return this.local.close();
  }

  private async scores(
    model: ModelRef,
    sequences: readonly TokenSequence[],
    { signal, onProgress }: TaskOptions,
  ): Promise<number[][]> {
    if (sequences.length === 0) return [];
    const name = await this.nameOf(model, signal);
    let done = 0;
    onProgress?.(0, sequences.length);
    return allOrNone(sequences, signal, async ({ prompt, response }, either, i) => {
      const given = [...prompt, ...response];
      const found = await this.server.api.complete(scoring(name, given), either);
      const values = givenLogProbs(found, given.length)?.slice(prompt.length);
      if (!values)
        throw new InputError(
          `modelServer: the server gave no log-probabilities of sequence ${i + 1}, or such as are none; leave \`score\` out`,
        );
      onProgress?.(++done, sequences.length);
      return values;
    });
  }

  /** Returns the server's name of a model of the run, loading it if necessary. */
  private async nameOf(model: ModelRef, signal: AbortSignal | undefined): Promise<string> {
    const { adapters } = this.server;
    if (!adapters || model === "start") return this.server.model;
    const { folder } = model;
    const loading = this.loaded.get(folder) ?? loadAdapter(this.server.api, folder, adapters, signal);
    this.loaded.set(folder, loading);
    try {
      return await loading;
    } catch (error) {
      this.loaded.delete(folder);
      throw error;
    }
  }
}

/**
 * Copies an adapter to a folder that the server sees, makes the server load it, and returns its name there.
 *
 * @throws InputError if the adapter cannot be copied, or the server does not load it
 */
export async function loadAdapter(
  api: ModelApi,
  folder: string,
  { storage, seenAs }: NonNullable<FoundServer["adapters"]>,
  signal: AbortSignal | undefined,
): Promise<string> {
  let path: string;
  try {
    path = await storage.upload(folder);
  } catch (error) {
    const { message } = error as Error;
    throw new InputError(`modelServer: adapters: cannot write into ${quote(storage.folder, 200)} (${message})`, {
      cause: error,
    });
  }
  const name = `sera-${path.split("/").at(-1)!}`;
  await api.loadAdapter(name, `${seenAs}/${path}`, signal);
  return name;
}

/**
 * Returns a request for the log-probabilities of given tokens. It also generates one token, the minimum of some
 * servers.
 */
export function scoring(model: string, given: readonly number[]) {
  return { model, prompt: given, max_tokens: 1, temperature: 1, echo: true, logprobs: 1 };
}

/**
 * Returns the log-probabilities of the given tokens, 0 for the first; undefined if the server has not returned them or
 * one is invalid.
 */
export function givenLogProbs({ logProbs }: Completion, length: number): number[] | undefined {
  if (!logProbs || logProbs.length < length) return undefined;
  const values = logProbs.slice(1, length).map(toldLogProb);
  return values.includes(undefined) ? undefined : [0, ...(values as number[])];
}
