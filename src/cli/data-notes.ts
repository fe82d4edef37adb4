import { counted, countedOf } from "../base/counted.js";
import type { Place } from "../base/errors.js";
import { skippedSummary } from "../data/bad-rows.js";
import type { Reading, Truncation } from "../data/index.js";
import type { Prompt } from "../data/pair.js";
import { hasChatTemplate } from "../model/tokenizer/load-tokenizer.js";
import type { Tokenizer } from "../model/tokenizer/tokenizer.js";

/** What happened to a file's examples during reading and tokenizing. */
export interface DataCounts {
  /** Skipped rows and examples, in order. */
  readonly skipped: readonly { readonly reason: string; readonly place?: Place }[];
  readonly truncation: Truncation;
  /** Number of pairs whose responses have the same tokens. */
  readonly identical?: number;
  /** Parts that the chat template omits, with the number of prompts affected. */
  readonly unwritten?: Readonly<Record<string, number>>;
  /** Other notes on the file. */
  readonly reading?: Pick<Reading, "notes">;
}

/** The prompts of examples that still need tokenizing; examples that a run wrote have tokens. */
export function tokenizedPrompts(examples: readonly { readonly prompt: Prompt; readonly tokens?: object }[]): Prompt[] {
  return examples.flatMap(({ prompt, tokens }) => (tokens ? [] : [prompt]));
}

/**
 * A note if prompts are plain texts although the tokenizer has a chat template; empty if all prompts have the format
 * that the model was trained on.
 */
export function templateNotes(prompts: readonly Prompt[], tokenizer: Tokenizer): string[] {
  const texts = prompts.filter((prompt) => typeof prompt === "string").length;
  if (texts === 0 || !hasChatTemplate(tokenizer)) return [];
  const those =
    texts === prompts.length
      ? texts === 1
        ? "the prompt is text"
        : "the prompts are texts"
      : `${countedOf(texts, prompts.length, "prompt")} ${texts === 1 ? "is text" : "are texts"}`;
  return [
    `${those}, to which the model's chat template is not applied; it is applied to messages: {"prompt": [{"role": "user", "content": "…"}], …}`,
  ];
}

/** Notes for the user on how a file was read; empty if everything is used unchanged. */
export function dataNotes(
  file: string,
  { skipped, truncation, identical = 0, unwritten = {}, reading }: DataCounts,
): string[] {
  const { prompts, promptTokens, responses, responseTokens } = truncation;
  const notes = [...(reading?.notes ?? [])];
  if (skipped.length > 0) notes.push(`skipped ${skippedSummary(skipped, file)}`);
  if (prompts > 0)
    notes.push(
      `cut the beginning of ${counted(prompts, "prompt")} to fit the context, ${counted(promptTokens, "token")} in all`,
    );
  if (responses > 0)
    notes.push(
      `cut the end of ${counted(responses, "response")} to fit the context, ${counted(responseTokens, "token")} in all`,
    );
  if (identical > 0)
    notes.push(`${counted(identical, "pair")} with responses that are the same in tokens, which teach nothing`);
  notes.push(...unwrittenNotes(unwritten));
  return notes.map((note) => `${file}: ${note}\n`);
}

/** A note for each part of conversations that the chat template omits. */
export function unwrittenNotes(unwritten: Readonly<Record<string, number>>): string[] {
  return Object.entries(unwritten).map(
    ([part, n]) => `${counted(n, "prompt")} with ${part}, which the chat template leaves out`,
  );
}
