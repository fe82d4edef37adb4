import { InputError, inputError } from "../base/errors.js";
import type { Tokenizer } from "../model/tokenizer.js";
import { fitToContext } from "./fit.js";
import type { Demonstration } from "./load-demonstrations.js";
import type { PreferencePair, Prompt } from "./pair.js";

/** A preference pair in token ids; prompt and response put together are what the model reads. */
export interface TokenizedPair {
  readonly id: string;
  readonly prompt: Int32Array;
  readonly chosen: Int32Array;
  readonly rejected: Int32Array;
  /** Whether the label was flipped on purpose. */
  readonly flipped?: boolean;
  /** Scores from the data's own judge, where the data has them. */
  readonly chosenScore?: number;
  readonly rejectedScore?: number;
}

/** A demonstration in token ids. */
export interface TokenizedDemonstration {
  readonly id: string;
  readonly prompt: Int32Array;
  readonly response: Int32Array;
}

/** How to make tokens of examples. */
export interface TokenizeOptions {
  /** Longest sequence in tokens, prompt and response together. */
  readonly contextLength: number;
  /** Cuts the beginning of prompts that do not fit the context at all, where by default they are errors. */
  readonly truncatePrompts?: boolean;
  /** Leaves examples out that are errors, and lists them. */
  readonly skipBadRows?: boolean;
}

/** What was cut off to fit the context. */
export interface Truncation {
  /** Prompts that lost their beginning, and the tokens they lost. */
  readonly prompts: number;
  readonly promptTokens: number;
  /** Responses that lost their end, and the tokens they lost (the EOS is one). */
  readonly responses: number;
  readonly responseTokens: number;
}

/** An example that was left out, and why. */
export interface SkippedExample {
  readonly id: string;
  readonly reason: string;
}

/**
 * Makes tokens of pairs, by {@link encodePrompt} and {@link encodeResponse}. Prompt and responses are encoded apart
 * from each other, so the boundary between them cannot shift, and both responses follow the same prompt tokens.
 *
 * What does not fit the context is cut by these rules, in this order, and counted:
 * 1. a prompt that leaves no room for one response token is an error, or with `truncatePrompts`
 *    goes on to the other rules;
 * 2. a response that leaves less than a quarter of the context to the prompt, or than the whole prompt where that is
 *    shorter, loses its end, and so its EOS: without its question an answer teaches nothing;
 * 3. a prompt that does not fit beside the longer response loses its beginning, but keeps its BOS.
 *
 * @returns the pairs in tokens, in order; what was cut; the number of pairs whose responses are
 *   the same in tokens (cut before they differ, or told apart by no token), which teach nothing;
 *   and what was skipped
 * @throws {InputError} a context too short for any pair; the first pair that is an error (rule 1,
 *   or a prompt without a single token), unless they are skipped
 */
export function tokenizePairs(
  pairs: readonly PreferencePair[],
  tokenizer: Tokenizer,
  options: TokenizeOptions,
): { pairs: TokenizedPair[]; truncation: Truncation; identical: number; skipped: SkippedExample[] } {
  const { tokenized, ...counts } = tokenizeExamples(pairs, ({ chosen, rejected }) => [chosen, rejected], tokenizer, options);
  const made = tokenized.map(({ example: { id, flipped, chosenScore, rejectedScore }, prompt, responses: [chosen, rejected] }) => ({
    id,
    prompt,
    chosen: chosen!,
    rejected: rejected!,
    ...(flipped && { flipped }),
    ...(chosenScore !== undefined && { chosenScore }),
    ...(rejectedScore !== undefined && { rejectedScore }),
  }));
  const identical = made.filter(({ chosen, rejected }) => sameTokens(chosen, rejected)).length;
  return { pairs: made, identical, ...counts };
}

/** {@link tokenizePairs} for demonstrations, by the same rules. */
export function tokenizeDemonstrations(
  demonstrations: readonly Demonstration[],
  tokenizer: Tokenizer,
  options: TokenizeOptions,
): { demonstrations: TokenizedDemonstration[]; truncation: Truncation; skipped: SkippedExample[] } {
  const { tokenized, ...counts } = tokenizeExamples(demonstrations, ({ response }) => [response], tokenizer, options);
  const made = tokenized.map(({ example: { id }, prompt, responses: [response] }) => ({ id, prompt, response: response! }));
  return { demonstrations: made, ...counts };
}

/**
 * Token ids of a prompt. Text begins with a BOS where the tokenizer adds one, a conversation where it is rendered with
 * one; neither begins with two.
 */
export function encodePrompt(prompt: Prompt, tokenizer: Tokenizer): number[] {
  const { bosId } = tokenizer;
  if (typeof prompt === "string") {
    const ids = tokenizer.encode(prompt);
    return bosId === undefined || ids[0] === bosId ? ids : [bosId, ...ids];
  }
  const { bos, text } = tokenizer.renderPrompt(prompt);
  const ids = tokenizer.encode(text, bos);
  return bosId === undefined || bos === "" ? ids : [bosId, ...ids];
}

/**
 * Token ids of a response to a prompt, as they go on after the prompt's. The last of them ends the response, and there
 * is one such token there: the one that its text or the chat template ends it with, else the EOS.
 *
 * TRL's DPOTrainer encodes both together and parts them where the tokens do. The ids are the same but in these cases,
 * where ours are chosen so that a response of the data and one that the model writes end alike, and the prompt is what
 * the model reads when it writes:
 * - tokens that would reach over the boundary are not made;
 * - what a chat template writes after the token that ends a turn is left out (the line break of ChatML);
 * - where a chat template ends a turn with no token, an EOS does;
 * - where `add_eos_token` is set, there is one EOS, not one more;
 * - where a chat template writes the prompt in another way once it is answered, the prompt stays whole.
 */
export function encodeResponse(prompt: Prompt, response: string, tokenizer: Tokenizer): number[] {
  const ids =
    typeof prompt === "string"
      ? tokenizer.encode(response, prompt)
      : tokenizer.encode(tokenizer.renderResponse(prompt, response), tokenizer.renderPrompt(prompt).text);
  const last = ids.at(-1);
  return last !== undefined && tokenizer.stopIds.includes(last) ? ids : [...ids, tokenizer.eosId];
}

interface TokenizedExample<T> {
  readonly example: T;
  readonly prompt: Int32Array;
  readonly responses: readonly Int32Array[];
}

function tokenizeExamples<T extends { readonly id: string; readonly prompt: Prompt }>(
  examples: readonly T[],
  responsesOf: (example: T) => readonly string[],
  tokenizer: Tokenizer,
  { contextLength, truncatePrompts = false, skipBadRows = false }: TokenizeOptions,
): { tokenized: TokenizedExample<T>[]; truncation: Truncation; skipped: SkippedExample[] } {
  const bosTokens = tokenizer.bosId === undefined ? 0 : 1;
  if (!(Number.isInteger(contextLength) && contextLength >= bosTokens + 2)) {
    throw inputError({}, `a context of ${contextLength} tokens`, `a whole number of at least ${bosTokens + 2}`);
  }
  const tokenized: TokenizedExample<T>[] = [];
  const skipped: SkippedExample[] = [];
  const truncation = { prompts: 0, promptTokens: 0, responses: 0, responseTokens: 0 };
  for (const example of examples) {
    const { id } = example;
    const prompt = encodePrompt(example.prompt, tokenizer);
    const problem = promptProblem(prompt.length, contextLength, truncatePrompts);
    if (problem) {
      const error = new InputError(`prompt of ${JSON.stringify(id)}: ${problem}`);
      if (!skipBadRows) throw error;
      skipped.push({ id, reason: error.message });
      continue;
    }
    const responses = responsesOf(example).map((response) => encodeResponse(example.prompt, response, tokenizer));
    const fitted = fitToContext(prompt, prompt[0] === tokenizer.bosId ? 1 : 0, responses, contextLength);
    const lostPrompt = prompt.length - fitted.prompt.length;
    truncation.prompts += Number(lostPrompt > 0);
    truncation.promptTokens += lostPrompt;
    for (const [index, response] of fitted.responses.entries()) {
      const lostResponse = responses[index]!.length - response.length;
      truncation.responses += Number(lostResponse > 0);
      truncation.responseTokens += lostResponse;
    }
    tokenized.push({ example, prompt: Int32Array.from(fitted.prompt), responses: fitted.responses.map((response) => Int32Array.from(response)) });
  }
  return { tokenized, truncation, skipped };
}

/** Why a prompt of so many tokens cannot be used, if it cannot. */
function promptProblem(tokens: number, contextLength: number, truncatePrompts: boolean): string | undefined {
  if (tokens === 0) return "found no token, and the tokenizer has no BOS, expected at least one token";
  if (tokens < contextLength || truncatePrompts) return undefined;
  return (
    `found ${tokens} tokens, expected at most ${contextLength - 1} in a context of ${contextLength}; ` +
    "truncate prompts to keep their ends, or skip bad rows"
  );
}

function sameTokens(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((token, index) => token === b[index]);
}
