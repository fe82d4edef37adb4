import type { Reading, Truncation } from "../data/index.js";
import type { Prompt } from "../data/pair.js";
import { hasChatTemplate } from "../model/tokenizer/load-tokenizer.js";
import type { Tokenizer } from "../model/tokenizer/tokenizer.js";

/** What became of a file's examples on their way to the model. */
export interface DataCounts {
  /** Rows and examples that were left out, in the order in which they were found. */
  readonly skipped: readonly { readonly reason: string }[];
  readonly truncation: Truncation;
  /** Pairs whose responses are the same in tokens. */
  readonly identical?: number;
  /** What the chat template leaves out of so many prompts. */
  readonly unwritten?: Readonly<Record<string, number>>;
  /** What else is to be known of the file. */
  readonly reading?: Pick<Reading, "notes">;
}

/** The prompts of examples that are tokenized here; those of examples that were written here have been. */
export function tokenizedPrompts(examples: readonly { readonly prompt: Prompt; readonly tokens?: object }[]): Prompt[] {
  return examples.flatMap(({ prompt, tokens }) => (tokens ? [] : [prompt]));
}

/** A note where prompts are texts though the tokenizer has a chat template; none where all is as the model was taught. */
export function templateNotes(prompts: readonly Prompt[], tokenizer: Tokenizer): string[] {
  const texts = prompts.filter((prompt) => typeof prompt === "string").length;
  if (texts === 0 || !hasChatTemplate(tokenizer)) return [];
  const those =
    texts === prompts.length
      ? texts === 1
        ? "the prompt is text"
        : "the prompts are texts"
      : `${texts} of ${prompts.length} prompts ${texts === 1 ? "is text" : "are texts"}`;
  return [
    `${those}, to which the model's chat template is not applied; it is applied to messages: {"prompt": [{"role": "user", "content": "…"}], …}`,
  ];
}

/** What a user should know of how a file was read, one note for each; none where all of it is used as it stands. */
export function dataNotes(
  file: string,
  { skipped, truncation, identical = 0, unwritten = {}, reading }: DataCounts,
): string[] {
  const { prompts, promptTokens, responses, responseTokens } = truncation;
  const notes = [...(reading?.notes ?? [])];
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;
  if (skipped.length > 0) notes.push(`skipped ${count(skipped.length, "bad row")}; the first: ${skipped[0]!.reason}`);
  if (prompts > 0)
    notes.push(
      `cut the beginning of ${count(prompts, "prompt")} to fit the context, ${count(promptTokens, "token")} in all`,
    );
  if (responses > 0)
    notes.push(
      `cut the end of ${count(responses, "response")} to fit the context, ${count(responseTokens, "token")} in all`,
    );
  if (identical > 0)
    notes.push(`${count(identical, "pair")} with responses that are the same in tokens, which teach nothing`);
  notes.push(...unwrittenNotes(unwritten));
  return notes.map((note) => `${file}: ${note}\n`);
}

/** A note for each part of conversations that the chat template leaves out. */
export function unwrittenNotes(unwritten: Readonly<Record<string, number>>): string[] {
  return Object.entries(unwritten).map(
    ([part, n]) => `${n} ${n === 1 ? "prompt" : "prompts"} with ${part}, which the chat template leaves out`,
  );
}
