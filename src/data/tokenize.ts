import { InputError } from "../base/errors.js";
import { tokenizerDigest } from "../model/policy/fingerprint.js";
import type { RenderedPrompt, Tokenizer } from "../model/tokenizer/tokenizer.js";
import { fitToContext } from "./fit.js";
import type { Demonstration } from "./load-demonstrations.js";
import type { NamedPrompt } from "./load-prompts.js";
import type { PairTokens, PreferencePair, Prompt } from "./pair.js";
import { placeText } from "./places.js";
import { unwrittenParts } from "./unwritten.js";

/** A preference pair as token ids; the model reads the concatenation of prompt and response. */
export interface TokenizedPair {
  readonly id: string;
  readonly prompt: Int32Array;
  readonly chosen: Int32Array;
  readonly rejected: Int32Array;
  /** Whether the label was flipped on purpose. */
  readonly flipped?: boolean;
  /** Scores in the dataset, if it has them. */
  readonly chosenScore?: number;
  readonly rejectedScore?: number;
  /** Numbers of the pair by name, for the loss. */
  readonly columns?: Readonly<Record<string, number>>;
}

/** A prompt as token ids. */
export type TokenizedPrompt = Pick<TokenizedPair, "id" | "prompt">;

/** A demonstration as token ids. */
export interface TokenizedDemonstration {
  readonly id: string;
  readonly prompt: Int32Array;
  readonly response: Int32Array;
}

/** How examples are fitted to a context. */
export interface ContextFit {
  /** Maximum length of prompt and response together, if shorter than the context. */
  readonly maxLength?: number | undefined;
  /** Maximum length of a prompt, in tokens; by default a prompt has whatever room the responses leave. */
  readonly maxPromptLength?: number | undefined;
  /** Truncates prompts (at their beginning) that alone exceed the context or `maxPromptLength`; by default they are errors. */
  readonly truncatePrompts?: boolean | undefined;
}

/** Options of {@link tokenizePairs} and {@link tokenizeDemonstrations}. */
export interface TokenizeOptions extends ContextFit {
  /** Maximum length of prompt and response together, in tokens. */
  readonly contextLength: number;
  /** Skips and lists examples that would be errors. */
  readonly skipBadRows?: boolean;
  /** What the caller can do about a prompt that is too long, for the error. Default: names the options above. */
  readonly adviceOnLongPrompts?: string;
}

/** For callers that take `truncatePrompts`, but do not skip examples. */
export const adviceWithoutSkipping =
  "set truncatePrompts to keep the ends of long prompts, or leave the example out of the list";

/** How much was truncated to fit the context. */
export interface Truncation {
  /** Prompts cut at their beginning, and the number of tokens cut. */
  readonly prompts: number;
  readonly promptTokens: number;
  /** Responses cut at their end, and the number of tokens cut, including the EOS. */
  readonly responses: number;
  readonly responseTokens: number;
}

/** A skipped example, and why. */
export interface SkippedExample {
  readonly id: string;
  readonly reason: string;
}

/** Counts from tokenizing examples. */
export interface TokenizationCounts {
  readonly truncation: Truncation;
  readonly skipped: readonly SkippedExample[];
  /** What chat templates omit (`"tool_calls"`, `a turn of role "system"`), with the number of prompts affected. */
  readonly unwritten: Readonly<Record<string, number>>;
}

/**
 * Tokenizes pairs with {@link encodePrompt} and {@link encodeResponse}; a pair that has tokens keeps them. Prompt and
 * responses are encoded separately, so that the boundary between them cannot shift and both responses follow the same
 * prompt tokens.
 *
 * Pairs that do not fit the context are truncated by these rules, in this order, and counted:
 * 1. a prompt that leaves no room for a single response token, or is longer than `maxPromptLength`, is an error, unless
 *    `truncatePrompts` is set: it is then cut to that length at its beginning, after its BOS;
 * 2. a response that would leave the prompt less than a quarter of the context (or less than its length, if shorter) is
 *    cut at its end, and so loses its EOS: a response without its prompt teaches nothing;
 * 3. a prompt that does not fit together with the longer response is cut at its beginning, after its BOS.
 *
 * @returns the tokenized pairs, in order; how much was truncated; `identical`, the number of pairs whose responses have
 *   equal tokens (cut before they differ, or not distinguished by the tokenizer), which teach nothing; what was
 *   skipped; and the parts of prompts that the chat template omits
 * @throws {InputError} for a context too short for any pair, and for the first invalid pair (rule 1, a prompt without
 *   tokens, a conversation that the chat template refuses, tokens of another tokenizer) unless such pairs are skipped;
 *   it names the pair's file and line if known
 */
export function tokenizePairs(
  pairs: readonly PreferencePair[],
  tokenizer: Tokenizer,
  options: TokenizeOptions,
): { pairs: TokenizedPair[]; identical: number } & TokenizationCounts {
  const digest = pairs.some(({ tokens }) => tokens) ? tokenizerDigest(tokenizer) : undefined;
  const encode = (pair: PreferencePair) =>
    pair.tokens
      ? ownTokens(pair.tokens, [pair.tokens.chosen, pair.tokens.rejected], digest, "pair")
      : encoded(pair.prompt, [pair.chosen, pair.rejected], tokenizer);
  const { tokenized, ...counts } = tokenizeExamples(pairs, encode, tokenizer, options);
  const made = tokenized.map(
    ({ example: { id, flipped, chosenScore, rejectedScore, columns }, prompt, responses: [chosen, rejected] }) => ({
      id,
      prompt,
      chosen: chosen!,
      rejected: rejected!,
      ...(flipped && { flipped }),
      ...(chosenScore !== undefined && { chosenScore }),
      ...(rejectedScore !== undefined && { rejectedScore }),
      ...(columns && { columns }),
    }),
  );
  const identical = made.filter(({ chosen, rejected }) => sameTokens(chosen, rejected)).length;
  return { pairs: made, identical, ...counts };
}

/**
 * Tokenizes prompts to answer by the rules of {@link tokenizePairs}. Each leaves room for at least one token; with
 * `truncatePrompts`, for a quarter of the context, unless `maxPromptLength` limits them.
 */
export function tokenizePrompts(
  prompts: readonly NamedPrompt[],
  tokenizer: Tokenizer,
  options: TokenizeOptions,
): { prompts: TokenizedPrompt[] } & TokenizationCounts {
  const encode = ({ prompt }: NamedPrompt) => encoded(prompt, [], tokenizer);
  const { tokenized, ...counts } = tokenizeExamples(prompts, encode, tokenizer, options);
  return { prompts: tokenized.map(({ example: { id }, prompt }) => ({ id, prompt })), ...counts };
}

/** Tokenizes demonstrations by the rules of {@link tokenizePairs}. */
export function tokenizeDemonstrations(
  demonstrations: readonly Demonstration[],
  tokenizer: Tokenizer,
  options: TokenizeOptions,
): { demonstrations: TokenizedDemonstration[] } & TokenizationCounts {
  const digest = demonstrations.some(({ tokens }) => tokens) ? tokenizerDigest(tokenizer) : undefined;
  const encode = ({ prompt, response, tokens }: Demonstration) =>
    tokens ? ownTokens(tokens, [tokens.response], digest, "demonstration") : encoded(prompt, [response], tokenizer);
  const { tokenized, ...counts } = tokenizeExamples(demonstrations, encode, tokenizer, options);
  const made = tokenized.map(({ example: { id }, prompt, responses: [response] }) => ({
    id,
    prompt,
    response: response!,
  }));
  return { demonstrations: made, ...counts };
}

/**
 * Token ids of a prompt. Text begins with a BOS if the tokenizer adds one, a conversation if its template renders one;
 * neither ever has two.
 */
export function encodePrompt(prompt: Prompt, tokenizer: Tokenizer): number[] {
  const { bosId } = tokenizer;
  if (typeof prompt === "string") {
    const ids = tokenizer.encode(prompt);
    return bosId === undefined || ids[0] === bosId ? ids : [bosId, ...ids];
  }
  return encodeRendered(tokenizer.renderPrompt(prompt), tokenizer);
}

function encodeRendered({ bos, text }: RenderedPrompt, tokenizer: Tokenizer): number[] {
  const ids = tokenizer.encode(text, bos);
  return tokenizer.bosId === undefined || bos === "" ? ids : [tokenizer.bosId, ...ids];
}

/**
 * Token ids of a response, to follow those of its prompt. Exactly one stop token ends it: the one of its text or chat
 * template, or else the EOS.
 *
 * TRL's DPOTrainer encodes prompt and response together and then splits them. The ids are equal except in these cases,
 * where ours make responses in the data end as generated ones do, after the prompt that the model sees when generating:
 * - no token spans the boundary;
 * - text of a chat template after the token that ends a turn (the line break of ChatML) is omitted;
 * - if a chat template ends a turn without a stop token, an EOS is added;
 * - with `add_eos_token`, there is one EOS, not two;
 * - if a chat template renders the prompt differently once it is answered, the unanswered prompt is kept.
 */
export function encodeResponse(prompt: Prompt, response: string, tokenizer: Tokenizer): number[] {
  if (typeof prompt === "string") return ended(tokenizer.encode(response, prompt), tokenizer);
  return ended(
    tokenizer.encode(tokenizer.renderResponse(prompt, response), tokenizer.renderPrompt(prompt).text),
    tokenizer,
  );
}

/** A response's tokens with exactly one stop token at their end. */
function ended(ids: number[], tokenizer: Tokenizer): number[] {
  const last = ids.at(-1);
  return last !== undefined && tokenizer.stopIds.includes(last) ? ids : [...ids, tokenizer.eosId];
}

/** A prompt and its responses as token ids, before truncation. */
interface Encoded {
  readonly prompt: readonly number[];
  readonly responses: readonly (readonly number[])[];
  /** Parts of the prompt's conversation that the chat template omits. */
  readonly unwritten?: readonly string[];
}

function encoded(prompt: Prompt, responses: readonly string[], tokenizer: Tokenizer): Encoded {
  if (typeof prompt === "string") {
    return {
      prompt: encodePrompt(prompt, tokenizer),
      responses: responses.map((response) => encodeResponse(prompt, response, tokenizer)),
    };
  }
  const rendered = tokenizer.renderPrompt(prompt);
  return {
    prompt: encodeRendered(rendered, tokenizer),
    responses: responses.map((response) =>
      ended(tokenizer.encode(tokenizer.renderResponse(prompt, response), rendered.text), tokenizer),
    ),
    unwritten: unwrittenParts(prompt, rendered.bos + rendered.text, tokenizer),
  };
}

function ownTokens(
  { tokenizer, prompt }: Pick<PairTokens, "tokenizer" | "prompt">,
  responses: Encoded["responses"],
  digest: string | undefined,
  what: string,
): Encoded {
  if (tokenizer !== digest) {
    throw new InputError(
      `the ${what} has the tokens of another tokenizer than the model's; begin with a model of the run that wrote it, or remove its "tokens" to train on its texts`,
    );
  }
  return { prompt, responses };
}

interface TokenizedExample<T> {
  readonly example: T;
  readonly prompt: Int32Array;
  readonly responses: readonly Int32Array[];
}

function tokenizeExamples<T extends { readonly id: string }>(
  examples: readonly T[],
  encode: (example: T) => Encoded,
  tokenizer: Tokenizer,
  {
    truncatePrompts = false,
    skipBadRows = false,
    adviceOnLongPrompts = "set truncatePrompts to keep the ends of long prompts, or skipBadRows to leave them out",
    ...limits
  }: TokenizeOptions,
): { tokenized: TokenizedExample<T>[] } & TokenizationCounts {
  const bosTokens = tokenizer.bosId === undefined ? 0 : 1;
  const { contextLength, maxPromptLength } = checkedLengths(limits, bosTokens);
  if (!(Number.isInteger(contextLength) && contextLength >= bosTokens + 2)) {
    throw new InputError(
      `contextLength: found ${contextLength}, expected a whole number of at least ${bosTokens + 2} tokens`,
    );
  }
  const tokenized: TokenizedExample<T>[] = [];
  const skipped: SkippedExample[] = [];
  const unwritten: Record<string, number> = {};
  const truncation = { prompts: 0, promptTokens: 0, responses: 0, responseTokens: 0 };
  for (const example of examples) {
    const { id } = example;
    let found: Encoded;
    try {
      found = encode(example);
      const problem = promptProblem(found.prompt.length, contextLength, maxPromptLength, truncatePrompts);
      if (problem)
        throw new InputError(problem.isTooLong ? `${problem.reason}; ${adviceOnLongPrompts}` : problem.reason);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const reason = `${placeText(example)}prompt of ${JSON.stringify(id)}: ${error.message}`;
      if (!skipBadRows) throw new InputError(reason, { cause: error });
      skipped.push({ id, reason });
      continue;
    }
    const { prompt, responses } = found;
    for (const part of found.unwritten ?? []) unwritten[part] = (unwritten[part] ?? 0) + 1;
    const fitted = fitToContext(
      prompt,
      prompt[0] === tokenizer.bosId ? 1 : 0,
      responses,
      contextLength,
      maxPromptLength,
      responses.length === 0 && truncatePrompts && maxPromptLength === Infinity
        ? Math.max(1, Math.floor(contextLength / 4))
        : 1,
    );
    const lostPrompt = prompt.length - fitted.prompt.length;
    truncation.prompts += Number(lostPrompt > 0);
    truncation.promptTokens += lostPrompt;
    for (const [index, response] of fitted.responses.entries()) {
      const lostResponse = responses[index]!.length - response.length;
      truncation.responses += Number(lostResponse > 0);
      truncation.responseTokens += lostResponse;
    }
    tokenized.push({
      example,
      prompt: Int32Array.from(fitted.prompt),
      responses: fitted.responses.map((response) => Int32Array.from(response)),
    });
  }
  return { tokenized, truncation, skipped, unwritten };
}

/** Checks the length limits. @throws InputError if they leave no room, or exceed the model's context */
function checkedLengths(
  { contextLength: context, maxLength, maxPromptLength = Infinity }: TokenizeOptions,
  bosTokens: number,
) {
  if (maxLength !== undefined && !(Number.isInteger(maxLength) && maxLength >= bosTokens + 2 && maxLength <= context)) {
    throw new InputError(
      `maxLength: found ${maxLength}, expected a whole number of tokens from ${bosTokens + 2} to ${context}, the model's context`,
    );
  }
  if (!(maxPromptLength === Infinity || (Number.isInteger(maxPromptLength) && maxPromptLength >= bosTokens + 1))) {
    throw new InputError(
      `maxPromptLength: found ${maxPromptLength}, expected a whole number of tokens from ${bosTokens + 1}`,
    );
  }
  return { contextLength: maxLength ?? context, maxPromptLength };
}

/** Why a prompt of this length cannot be used, if so. */
function promptProblem(
  tokens: number,
  contextLength: number,
  maxPromptLength: number,
  truncatePrompts: boolean,
): { reason: string; isTooLong: boolean } | undefined {
  if (tokens === 0)
    return { reason: "the prompt has no tokens, and the tokenizer has no BOS to begin with", isTooLong: false };
  if (truncatePrompts || (tokens < contextLength && tokens <= maxPromptLength)) return undefined;
  const limit =
    tokens < contextLength
      ? `are more than maxPromptLength = ${maxPromptLength}`
      : `do not fit a context of ${contextLength} with room for a response`;
  return { reason: `${tokens} tokens ${limit}`, isTooLong: true };
}

function sameTokens(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((token, index) => token === b[index]);
}
