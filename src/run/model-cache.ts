import { createHash } from "node:crypto";
import { cachedInFile, type Cached } from "../base/cached-file.js";
import type { TaskOptions } from "../base/task.js";
import type { Sample } from "../bootstrap/index.js";
import type { TokenizedPrompt } from "../data/tokenize.js";
import { cachedPairLogProbs, pairLogProbs, type PairValues, type Scorer } from "../review/index.js";
import type { RunContext, WorkKind } from "./context.js";
import { sampleBatch } from "./folder/schemas.js";
import type { TrainingPair } from "./input.js";

/** Increment when a change to sampling changes the responses. */
const revision = 1;

/** Work with the model of an iteration. */
export interface ModelWork {
  /** The iteration whose model does the work. */
  readonly model: number;
  /** The iteration that the seconds count towards. */
  readonly iteration: number;
  readonly kind: WorkKind;
}

/**
 * Results of a run's models that other runs need too: all runs from one start have its model in common, and those that
 * differ only in what follows an iteration have the model of that iteration. They are cached in a folder if the run has
 * one, and count the seconds of computing them even if they are read.
 */
export class ModelCache {
  constructor(
    private readonly folder: string | undefined,
    /** Identifies the model of an iteration and its engine. */
    private readonly key: (iteration: number) => string,
    private readonly context: RunContext,
  ) {}

  /** Computes log-probabilities of pairs. */
  async pairLogProbs(work: ModelWork, pairs: readonly TrainingPair[], task: TaskOptions = {}): Promise<PairValues> {
    const model = await this.context.model(work.model);
    const score: Scorer = (sequences, inner) => this.context.executor.logProbs(model, sequences, inner);
    const { folder } = this;
    if (folder === undefined) return pairLogProbs(score, pairs, task);
    return this.counted(work, async () => {
      const { values: value, seconds } = await cachedPairLogProbs(score, this.key(work.model), pairs, folder, task);
      return { value, seconds };
    });
  }

  /**
   * Samples one response to each prompt.
   *
   * @param settings everything else that the responses depend on
   */
  async responses(
    work: ModelWork,
    prompts: readonly TokenizedPrompt[],
    settings: object,
    sample: () => Promise<readonly string[]>,
  ): Promise<readonly string[]> {
    const { folder } = this;
    if (folder === undefined) return sample();
    const digest = this.digest("responses", work.model, prompts, settings);
    const isComplete = ({ responses }: { responses?: unknown }) =>
      Array.isArray(responses) &&
      responses.length === prompts.length &&
      responses.every((text) => typeof text === "string");
    const compute = async () => ({ responses: await sample() });
    const { responses } = await this.counted(work, () =>
      cachedInFile(folder, digest, isComplete, compute, this.noteFor("answer held-out prompts", work)),
    );
    return responses;
  }

  /**
   * Samples responses to prompts.
   *
   * @param responses number of responses to each prompt
   * @param settings everything else that the responses depend on
   */
  async samples(
    work: ModelWork,
    prompts: readonly TokenizedPrompt[],
    responses: number,
    settings: object,
    sample: () => Promise<readonly Sample[]>,
  ): Promise<readonly Sample[]> {
    const { folder } = this;
    if (folder === undefined) return sample();
    const digest = this.digest("samples", work.model, prompts, { responses, ...settings });
    const isComplete = ({ samples }: { samples?: unknown }) => {
      const { data } = sampleBatch.safeParse(samples);
      return data?.length === prompts.length * responses;
    };
    const compute = async () => ({ samples: await sample() });
    const { samples } = await this.counted(work, () =>
      cachedInFile(folder, digest, isComplete, compute, this.noteFor("sample responses", work)),
    );
    return samples;
  }

  private digest(what: string, model: number, prompts: readonly TokenizedPrompt[], settings: object): string {
    const hash = createHash("sha256").update(`${what} ${revision} ${this.key(model)} ${JSON.stringify(settings)}`);
    for (const { id, prompt } of prompts) hash.update(`${JSON.stringify(id)} ${prompt.length} `).update(prompt);
    return hash.digest("hex").slice(0, 32);
  }

  private noteFor(label: string, { iteration }: ModelWork): (text: string) => void {
    return (text) => this.context.controls.reporter?.note?.(`${this.context.label(label, iteration)}: ${text}`);
  }

  /** Adds the seconds that reading a result from the cache has saved. */
  private async counted<T>({ iteration, kind }: ModelWork, read: () => Promise<Cached<T>>): Promise<T> {
    const begin = performance.now();
    const { value, seconds } = await read();
    const saved = seconds - (performance.now() - begin) / 1000;
    if (saved > 0) this.context.folder.addSeconds(iteration, kind, saved);
    return value;
  }
}
