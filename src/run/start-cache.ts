import { createHash } from "node:crypto";
import { cachedInFile, type Cached } from "../base/cached-file.js";
import type { TaskOptions } from "../base/task.js";
import type { TokenizedPrompt } from "../data/tokenize.js";
import { cachedPairLogProbs, pairLogProbs, type PairValues, type Scorer } from "../review/index.js";
import type { RunContext, WorkKind } from "./context.js";
import type { TrainingPair } from "./input.js";

/** Increment when a change to sampling changes the responses. */
const revision = 1;

/**
 * Results of the model of iteration 0 that other runs from the same start need too. They are cached in a folder if the
 * run has one, and count the seconds of computing them even if they are read.
 */
export class StartCache {
  constructor(
    private readonly folder: string | undefined,
    /** Identifies the model of iteration 0 and its engine. */
    private readonly key: () => string,
    private readonly context: RunContext,
  ) {}

  /** Computes log-probabilities of pairs. */
  async pairLogProbs(pairs: readonly TrainingPair[], kind: WorkKind, task: TaskOptions = {}): Promise<PairValues> {
    const model = await this.context.model(0);
    const score: Scorer = (sequences, inner) => this.context.executor.logProbs(model, sequences, inner);
    const { folder } = this;
    if (folder === undefined) return pairLogProbs(score, pairs, task);
    return this.counted(kind, async () => {
      const { values: value, seconds } = await cachedPairLogProbs(score, this.key(), pairs, folder, task);
      return { value, seconds };
    });
  }

  /**
   * Samples one response to each prompt.
   *
   * @param settings everything else that the responses depend on
   */
  async responses(
    prompts: readonly TokenizedPrompt[],
    settings: object,
    kind: WorkKind,
    sample: () => Promise<readonly string[]>,
  ): Promise<readonly string[]> {
    const { folder } = this;
    if (folder === undefined) return sample();
    const hash = createHash("sha256").update(`responses ${revision} ${this.key()} ${JSON.stringify(settings)}`);
    for (const { id, prompt } of prompts) hash.update(`${JSON.stringify(id)} ${prompt.length} `).update(prompt);
    const isComplete = ({ responses }: { responses?: unknown }) =>
      Array.isArray(responses) &&
      responses.length === prompts.length &&
      responses.every((text) => typeof text === "string");
    const fingerprint = hash.digest("hex").slice(0, 32);
    const { responses } = await this.counted(kind, () =>
      cachedInFile(
        folder,
        fingerprint,
        isComplete,
        async () => ({ responses: await sample() }),
        (text) => this.context.controls.reporter?.note?.(`answer held-out prompts: ${text}`),
      ),
    );
    return responses;
  }

  /** Adds the seconds that reading a result from the cache has saved. */
  private async counted<T>(kind: WorkKind, read: () => Promise<Cached<T>>): Promise<T> {
    const begin = performance.now();
    const { value, seconds } = await read();
    const saved = seconds - (performance.now() - begin) / 1000;
    if (saved > 0) this.context.folder.addSeconds(0, kind, saved);
    return value;
  }
}
