import { table, type ColumnTable } from "arquero";
import { InputError, quote } from "../base/errors.js";
import { checkOptionNames } from "../base/option-names.js";
import { Random } from "../base/random.js";
import { defaultsOf } from "../base/option.js";
import { allOrNone } from "../base/requests/all-or-none.js";
import { reported, type TaskOptions } from "../base/task.js";
import type { Prompt } from "../data/pair.js";
import { unknownNotes } from "../data/unknown-tokens.js";
import {
  checkCount,
  samplingOf,
  generate,
  type GenerationOptions,
  type GenerationRequest,
} from "../model/generation/generate.js";
import { Policy } from "../model/policy/policy.js";
import { checkOptions, generateForm, generationOptions } from "../run/options/index.js";
import { seedLimit } from "../run/server/model-api.js";
import { ModelServer } from "../run/server/model-server.js";
import { cell } from "../notebook/display.js";
import { fittingContextTokens, logitGuidance, type Guidance } from "./guidance.js";
import { requirePrompts } from "./require-prompts.js";

/** Default sampling, the same as that of a run and of `sera generate`. */
const { seed: seedByDefault, ...sampling } = defaultsOf(generateForm.table);
const samplingByDefault = generationOptions(sampling);

/**
 * Options of {@link respond}; see {@link GenerationOptions} for the rest. Defaults are those of a run: temperature 0.7,
 * up to 128 tokens; with guidance, temperature 0.
 */
export interface RespondOptions extends Omit<GenerationOptions, "known" | "guidance"> {
  /** Responses per prompt. Default 1. */
  readonly responses?: number;
  /** Seed of the sampling. Default 0. */
  readonly seed?: number;
  /**
   * Additional contexts and the function that combines their logits, for example `linearAlignment`. Default: the prompt
   * alone.
   */
  readonly guidance?: Guidance | undefined;
}

/**
 * Generates responses to prompts with a local policy or a served model. A served model renders prompts with its own
 * chat template, and its server decides what a seed does.
 *
 * @returns a table of `prompt`, `response` and its `tokens` (null if a server does not count them), in the order of the
 *   prompts
 * @example showResponses(await respond(policy, pairs.slice(0, 3).map(({ prompt }) => prompt), { temperature: 0.7 }))
 * @throws RangeError if a prompt leaves no room for a response; InputError if it leaves none in a context of the
 *   guidance, guidance is malformed, an option is unknown, a guiding model has another tokenizer, or a server does not
 *   answer or does not support an option, or `model` or a prompt is not one
 */
export async function respond(
  model: Policy | ModelServer,
  prompts: readonly Prompt[],
  options: RespondOptions = {},
): Promise<ColumnTable> {
  checkRespondOptions("respond", options);
  const isServed = model instanceof ModelServer;
  if (!isServed && !(model instanceof Policy))
    throw new InputError(`respond: found ${quote(model)}, expected a model, as loadModel returns it, or a modelServer`);
  requirePrompts(prompts);
  const tokens = isServed ? [] : prompts.map((prompt) => fittingContextTokens(model, prompt, options.guidance));
  const rows = await reported("respond", "responses", cell, async (work) => {
    if (isServed) return servedResponsesTo(model, prompts, options, work);
    const asked = tokens.map(({ prompt }) => prompt);
    for (const note of unknownNotes(asked, model.tokenizer)) work.onNote?.(note);
    return responsesTo(model, tokens, options, work);
  });
  return table({
    prompt: rows.map(({ request }) => prompts[request]),
    response: rows.map(({ response }) => response),
    tokens: rows.map(({ tokens }) => (typeof tokens === "object" ? tokens.length : (tokens ?? null))),
  });
}

const respondOptions = [
  "responses",
  "seed",
  "guidance",
  "maxNewTokens",
  "temperature",
  "topK",
  "topP",
  "minP",
  "repetitionPenalty",
  "stopTokens",
  "batchSize",
  "logProbs",
] as const satisfies readonly (keyof RespondOptions)[];

/**
 * @param without options that the taker does not support
 * @throws InputError naming an unknown option, or the first count or seed outside its range
 */
export function checkRespondOptions(taker: string, options: RespondOptions, without: readonly string[] = []): void {
  checkOptionNames(
    taker,
    options,
    respondOptions.filter((name) => !without.includes(name)),
  );
  const { responses = 1, seed } = options;
  if (!Number.isSafeInteger(responses) || responses < 1)
    throw new InputError(`responses: found ${quote(responses)}, expected a whole number from 1`);
  checkOptions(generateForm, { seed });
}

/** Options of {@link respond} that no server's API supports. */
const notServed = [
  "guidance",
  "stopTokens",
  "batchSize",
  "logProbs",
] as const satisfies readonly (keyof RespondOptions)[];

/** A served model's response to one of several prompts. */
export interface ServedResponse extends Omit<WrittenResponse, "tokens"> {
  /** Number of tokens, if the server counts them. */
  readonly tokens: number | undefined;
}

/**
 * Returns the responses of a served model, prompt by prompt.
 *
 * @throws InputError if the server does not answer or does not support an option; RangeError if an option is outside
 *   its range
 */
export async function servedResponsesTo(
  server: ModelServer,
  prompts: readonly Prompt[],
  options: RespondOptions,
  { signal, onProgress }: TaskOptions,
): Promise<ServedResponse[]> {
  const refused = notServed.find((name) => options[name] !== undefined);
  if (refused !== undefined)
    throw new InputError(
      `${refused}: a server's API has no such option; leave it out, or have a model of this machine answer`,
    );
  const { responses = 1, seed = seedByDefault, ...own } = options;
  const { maxNewTokens = 128, ...given } = { ...samplingByDefault, ...own };
  const sampling = { ...samplingOf(given), maxNewTokens };
  checkCount("maxNewTokens", maxNewTokens);
  const wanted = prompts.flatMap((prompt, request) =>
    Array.from({ length: responses }, (_, number) => ({ prompt, request, number })),
  );
  const random = randomOfResponses(seed);
  let done = 0;
  onProgress?.(0, wanted.length);
  return allOrNone(wanted, signal, async ({ prompt, request, number }, either) => {
    const own = random.fork(`${request}`).fork(`${number}`).integer(seedLimit);
    const { text, complete, tokens } = await server.answer(prompt, { ...sampling, seed: own }, either);
    onProgress?.(++done, wanted.length);
    return { request, response: text, complete, tokens };
  });
}

/** A response to one of several prompts. */
export interface WrittenResponse {
  /** Index of the prompt. */
  readonly request: number;
  readonly response: string;
  /** Token ids, including the stop token that ended the response. */
  readonly tokens: Int32Array;
  /** Whether a stop token ended it; false if the token limit did. */
  readonly complete: boolean;
}

/** Generates the responses of {@link respond} to tokenized prompts (one per context), prompt by prompt. */
export async function responsesTo(
  policy: Policy,
  prompts: readonly Pick<GenerationRequest, "prompt" | "others">[],
  options: RespondOptions,
  task: TaskOptions,
): Promise<WrittenResponse[]> {
  const { responses = 1 } = options;
  const { seed, generation } = resolvedResponding(policy, options);
  const requests = prompts.map((contexts, i) => ({ ...contexts, key: `${i}`, responses }));
  const written: WrittenResponse[] = [];
  for await (const batch of generate(policy, requests, randomOfResponses(seed), generation, task)) {
    for (const { request, tokens, complete } of batch) {
      written.push({ request, response: policy.tokenizer.decode(tokens), tokens, complete });
    }
  }
  return written.sort((a, b) => a.request - b.request);
}

/** Resolves the seed and sampling options of responses. */
export function resolvedResponding(
  policy: Policy,
  { responses: _, seed = seedByDefault, guidance, ...own }: RespondOptions,
) {
  if (!guidance) return { seed, generation: { ...samplingByDefault, ...own } };
  return {
    seed,
    generation: { ...samplingByDefault, temperature: 0, ...own, guidance: logitGuidance(policy, guidance) },
  };
}

/** Returns the random generator of a cell's responses. */
export function randomOfResponses(seed: number): Random {
  return Random.seeded(seed).fork("respond");
}
