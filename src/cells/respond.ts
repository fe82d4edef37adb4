import { table, type ColumnTable } from "arquero";
import { Random } from "../base/random.js";
import { defaultsOf } from "../base/option.js";
import { reported, type TaskOptions } from "../base/task.js";
import { encodePrompt } from "../data/tokenize.js";
import type { Prompt } from "../data/pair.js";
import { generate, type GenerationOptions } from "../model/generation/generate.js";
import type { Policy } from "../model/policy/policy.js";
import { generateForm, generationOptions } from "../run/options/index.js";
import { cell } from "../notebook/display.js";

/** How responses are sampled by default: as a run samples them, and `sera generate`. */
const { seed: seedByDefault, ...sampling } = defaultsOf(generateForm.table);
const samplingByDefault = generationOptions(sampling);

/**
 * How responses are written; see {@link GenerationOptions} for the rest. Defaults are those of a run: temperature 0.7, up
 * to 128 tokens.
 */
export interface RespondOptions extends Omit<GenerationOptions, "skipBatches"> {
  /** Responses to each prompt. Default 1. */
  readonly responses?: number;
  /** Seed of the sampling. Default 0. */
  readonly seed?: number;
}

/**
 * Lets a model answer prompts.
 *
 * @returns a table of `prompt`, `response`, and its `tokens`; prompts in their order
 * @example showResponses(await respond(policy, pairs.slice(0, 3).map(({ prompt }) => prompt), { temperature: 0.7 }))
 * @throws RangeError where a prompt leaves no place for a response
 */
export async function respond(policy: Policy, prompts: readonly Prompt[], options: RespondOptions = {}): Promise<ColumnTable> {
  const tokens = prompts.map((prompt) => promptTokens(policy, prompt));
  const rows = await reported("respond", cell, (work) => responsesTo(policy, tokens, options, work));
  return table({
    prompt: rows.map(({ request }) => prompts[request]),
    response: rows.map(({ response }) => response),
    tokens: rows.map(({ tokens }) => tokens.length),
  });
}

/** A response to one of some prompts. */
export interface WrittenResponse {
  /** Index of the prompt. */
  readonly request: number;
  readonly response: string;
  /** Its token ids, with the stop token that ended it. */
  readonly tokens: Int32Array;
  /** Whether a stop token ended it; false where the limit did. */
  readonly complete: boolean;
}

/** The responses of {@link respond} to tokenized prompts, prompt by prompt. */
export async function responsesTo(policy: Policy, prompts: readonly Int32Array[], options: RespondOptions, task: TaskOptions): Promise<WrittenResponse[]> {
  const { responses = 1 } = options;
  const { seed, generation } = resolvedResponding(options);
  const requests = prompts.map((prompt, i) => ({ key: `${i}`, prompt, responses }));
  const written: WrittenResponse[] = [];
  for await (const batch of generate(policy, requests, randomOfResponses(seed), generation, task)) {
    for (const { request, tokens, complete } of batch) {
      written.push({ request, response: policy.tokenizer.decode(tokens), tokens, complete });
    }
  }
  return written.sort((a, b) => a.request - b.request);
}

/** Seed and sampling of responses, with the defaults. */
export function resolvedResponding({ responses: _, seed = seedByDefault, ...own }: RespondOptions) {
  return { seed, generation: { ...samplingByDefault, ...own } };
}

/** Token ids of a prompt as the policy reads it. */
export function promptTokens(policy: Policy, prompt: Prompt): Int32Array {
  return Int32Array.from(encodePrompt(prompt, policy.tokenizer));
}

/** What the responses of a cell are drawn with. */
export function randomOfResponses(seed: number): Random {
  return Random.seeded(seed).fork("respond");
}
