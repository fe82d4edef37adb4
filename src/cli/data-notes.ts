import type { Reading, Truncation } from "../data/index.js";

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

/** What a user should know of how a file was read, one note for each; none where all of it is used as it stands. */
export function dataNotes(file: string, { skipped, truncation, identical = 0, unwritten = {}, reading }: DataCounts): string[] {
  const { prompts, promptTokens, responses, responseTokens } = truncation;
  const notes = [...(reading?.notes ?? [])];
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;
  if (skipped.length > 0) notes.push(`skipped ${count(skipped.length, "bad row")}; the first: ${skipped[0]!.reason}`);
  if (prompts > 0) notes.push(`cut the beginning of ${count(prompts, "prompt")} to fit the context, ${count(promptTokens, "token")} in all`);
  if (responses > 0) notes.push(`cut the end of ${count(responses, "response")} to fit the context, ${count(responseTokens, "token")} in all`);
  if (identical > 0) notes.push(`${count(identical, "pair")} with responses that are the same in tokens, which teach nothing`);
  notes.push(...unwrittenNotes(unwritten));
  return notes.map((note) => `${file}: ${note}\n`);
}

/** A note for each part of conversations that the chat template leaves out. */
export function unwrittenNotes(unwritten: Readonly<Record<string, number>>): string[] {
  return Object.entries(unwritten).map(([part, n]) => `${n} ${n === 1 ? "prompt" : "prompts"} with ${part}, which the chat template leaves out`);
}
