import { InputError, quote } from "../../base/errors.js";
import type { Generation } from "../../model/generation/generate.js";
import type { Policy } from "../../model/policy/policy.js";
import type { Completion } from "./model-api.js";

/** How a response was asked for. */
export interface Asked {
  /** Ids that end it. */
  readonly stopTokens: readonly number[];
  /** Most tokens that it may have. */
  readonly limit: number;
}

/**
 * What a completion is in the policy's tokens, as this machine would have written it: with the stop token that ended it, nothing after
 * that, and no more than the limit.
 *
 * @returns it with its log-probability where the server has told that of every token
 * @throws InputError if a token is none of the policy's, or nothing was written
 */
export function generationOf(
  completion: Completion,
  { tokenizer, config }: Policy,
  { stopTokens, limit }: Asked,
): Pick<Generation, "tokens" | "complete" | "logProb"> {
  requireTokens(completion.tokens ?? [], config.vocabSize);
  const told = wholeTokens(completion, stopTokens);
  const written = told ?? tokenizer.encode(completion.text);
  const stop = written.findIndex((token) => stopTokens.includes(token));
  const ended = stop >= 0 ? written.slice(0, stop + 1) : completion.complete ? [...written, stopTokens[0]!] : written;
  const tokens = ended.slice(0, limit);
  if (tokens.length === 0)
    throw new InputError("modelServer: the server wrote nothing, and does not say that it came to an end");
  const logProb = told && sumOf(completion.logProbs, told.length, tokens.length);
  return {
    tokens: Int32Array.from(tokens),
    complete: tokens.length === ended.length && (stop >= 0 || completion.complete),
    ...(logProb !== undefined && { logProb }),
  };
}

/**
 * A log-probability that a server tells; undefined where it is none: NaN, infinite or positive, but for what float noise adds.
 */
export function toldLogProb(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value < 1e-3 ? Math.min(0, value) : undefined;
}

/** The sum of the first `count` of the log-probabilities of `told` tokens. One without the stop token's would be another response's. */
function sumOf(logProbs: Completion["logProbs"], told: number, count: number): number | undefined {
  if (logProbs?.length !== told || count > told) return undefined;
  const values = logProbs.slice(0, count).map(toldLogProb);
  return values.reduce((sum, value) => (sum === undefined || value === undefined ? undefined : sum + value), 0);
}

function requireTokens(tokens: readonly number[], vocabSize: number): void {
  const foreign = tokens.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
  if (foreign !== undefined)
    throw new InputError(
      `modelServer: the server wrote token ${quote(foreign)}, and the policy's are 0 to ${vocabSize - 1}; serve the model that the policy comes from`,
    );
}

/** The tokens that a server tells of what it wrote, where they are all: llama.cpp leaves out some of characters that take several. */
function wholeTokens(
  { text, tokens, complete, writtenTokens }: Completion,
  stopTokens: readonly number[],
): readonly number[] | undefined {
  if (!tokens || (tokens.length === 0 && text !== "")) return undefined;
  const missing = (writtenTokens ?? tokens.length) - tokens.length;
  // One that is missing may be the stop token, unless that is told.
  const isStops = complete && missing === 1 && !stopTokens.includes(tokens.at(-1)!);
  return missing === 0 || isStops ? tokens : undefined;
}
