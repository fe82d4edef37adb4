import type { Random } from "../base/random.js";
import type { TaskOptions } from "../base/task.js";
import { promptIds } from "../data/prompt-ids.js";
import type { TokenizedPair, TokenizedPrompt } from "../data/tokenize.js";
import {
  generate,
  type Generation,
  type GenerationOptions,
  type GenerationRequest,
} from "../model/generation/generate.js";
import type { Policy } from "../model/policy/policy.js";

/** A response sampled from the policy. */
export interface Sample {
  /** Id of the prompt. */
  readonly id: string;
  readonly number: number;
  readonly tokens: readonly number[];
  /** False if the length limit cut it off. */
  readonly complete: boolean;
  /** log π(y | x) under the policy that wrote it, in nats, if the sampler returned it. */
  readonly logProb?: number;
  /** Iteration whose policy wrote it; only for samples drawn in a run. */
  readonly writer?: number;
}

/** Returns the distinct prompts of the pairs, in order, each with the id of the first pair that has it. */
export function distinctPrompts(pairs: readonly TokenizedPair[]): TokenizedPrompt[] {
  const ids = promptIds(pairs);
  return pairs.filter(({ id }, i) => id === ids[i]).map(({ id, prompt }) => ({ id, prompt }));
}

/**
 * Samples responses to each prompt from the policy. Yields them batch by batch.
 *
 * @param responses R, per prompt
 * @param options sampling options; `known` skips samples stored by an interrupted run
 */
export async function* sampleResponses(
  policy: Policy,
  prompts: readonly TokenizedPrompt[],
  responses: number,
  random: Random,
  options: GenerationOptions,
  work: TaskOptions = {},
): AsyncGenerator<Sample[]> {
  yield* samplesOf(generate(policy, sampleRequests(prompts, responses), random, options, work), prompts);
}

/** Returns generation requests for R responses per prompt. */
export function sampleRequests(prompts: readonly TokenizedPrompt[], responses: number): GenerationRequest[] {
  return prompts.map(({ id, prompt }) => ({ key: id, prompt, responses }));
}

/** Converts the generated responses to {@link sampleRequests} into samples. */
export async function* samplesOf(
  batches: AsyncIterable<readonly Generation[]>,
  prompts: readonly TokenizedPrompt[],
): AsyncGenerator<Sample[]> {
  for await (const batch of batches) {
    yield batch.map(({ request, number, tokens, complete, logProb }) => ({
      ...{ id: prompts[request]!.id, number, tokens: [...tokens], complete },
      ...(logProb !== undefined && { logProb }),
    }));
  }
}
