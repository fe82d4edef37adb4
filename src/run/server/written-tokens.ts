import { InputError, quote } from "../../base/errors.js";
import type { Generation } from "../../model/generation/generate.js";
import type { Policy } from "../../model/policy/policy.js";
import type { Completion } from "./model-api.js";

/** Parameters of a requested response. */
export interface Asked {
  /** Ids of the tokens that end it. */
  readonly stopTokens: readonly number[];
  /** Maximum number of tokens. */
  readonly limit: number;
}

/**
 * Converts a completion to the policy's tokens, as local generation would return it: including the stop token, nothing
 * after it, and no more than the limit.
 *
 * @returns the generation, with its log-probability if the server returned one for every token
 * @throws InputError if a token is not in the policy's vocabulary, or nothing was generated
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
 * Returns a log-probability from a server; undefined if it is NaN, infinite, or positive beyond floating-point noise.
 */
export function toldLogProb(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value < 1e-3 ? Math.min(0, value) : undefined;
}

/**
 * Sums the first `count` log-probabilities of `told` tokens; undefined if any is missing, even that of the stop token.
 */
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

/** Returns the token ids that a server reported, if complete: llama.cpp omits some tokens of multi-token characters. */
function wholeTokens(
  { text, tokens, complete, writtenTokens }: Completion,
  stopTokens: readonly number[],
): readonly number[] | undefined {
  if (!tokens || (tokens.length === 0 && text !== "")) return undefined;
  const missing = (writtenTokens ?? tokens.length) - tokens.length;
  // A single missing token may be the stop token, unless that was reported.
  const isStops = complete && missing === 1 && !stopTokens.includes(tokens.at(-1)!);
  return missing === 0 || isStops ? tokens : undefined;
}
