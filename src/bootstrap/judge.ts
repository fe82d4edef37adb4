import { InputError, quote } from "../base/errors.js";
import { askOwn, interruptGrace } from "../base/own-function.js";
import type { TaskOptions } from "../base/task.js";
import type { LabelledSample } from "./label.js";
import type { Sample } from "./sample.js";

/** A response, with the id of its prompt. */
export interface ResponseText {
  readonly id: string;
  readonly response: string;
}

/** Scores responses, in order; higher is better: a gold reward, a reward model, an LLM judge's grades. */
export type ResponseJudge = (responses: readonly ResponseText[], work: TaskOptions) => Promise<readonly number[]>;

/**
 * Scores every sample with a judge.
 *
 * @param textOf decodes a sample's tokens
 * @throws InputError if the judge returns a score that is not finite, or the wrong number of scores
 */
export async function judgeSamples(
  samples: readonly Sample[],
  textOf: (tokens: readonly number[]) => string,
  judge: ResponseJudge,
  work: TaskOptions = {},
): Promise<LabelledSample[]> {
  const responses = samples.map(({ id, tokens }) => ({ id, response: textOf(tokens) }));
  const patience = { signal: work.signal, grace: interruptGrace };
  const scores: unknown = await askOwn<unknown>("", "judge: its function", () => judge(responses, work), patience);
  if (!Array.isArray(scores) || scores.length !== samples.length) {
    const found = Array.isArray(scores) ? `${scores.length} scores` : `found ${quote(scores)}`;
    throw new InputError(`judge: ${found} for ${samples.length} responses; it must return one score for each`);
  }
  return samples.map((sample, i) => {
    const reward: unknown = scores[i];
    if (typeof reward !== "number" || !Number.isFinite(reward)) {
      throw new InputError(
        `judge: the score of ${quote(responses[i]!.response)} is ${quote(reward)}; it must be a finite number`,
      );
    }
    return { ...sample, reward };
  });
}
