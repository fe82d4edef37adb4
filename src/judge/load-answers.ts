import { z } from "zod";
import { inputError, quote } from "../base/errors.js";
import { messages, optionalId, readFields, text } from "../data/fields.js";
import type { Prompt } from "../data/pair.js";
import { readRows } from "../data/rows.js";
import type { NamedAnswer } from "./pair-answers.js";

const answer = z.object({
  id: optionalId,
  prompt: z.union([text, messages], "text or a list of messages {role, content}").nullish(),
  response: text,
});

/**
 * Reads one model's answers from JSON Lines (plain or gzip) or Parquet: `response` with a `prompt`, an `id`, or both.
 *
 * @param prompts the prompts by id, for rows that have an id alone, as a run's `responses.jsonl` has
 * @throws InputError naming the row that is bad, or whose prompt is not known
 */
export async function loadAnswers(file: string, prompts: ReadonlyMap<string, Prompt> = new Map()): Promise<NamedAnswer[]> {
  const answers: NamedAnswer[] = [];
  for await (const { row, place } of readRows(file)) {
    const { id, prompt: own, response } = readFields(answer, row, place);
    const name = id == null ? undefined : String(id);
    const prompt = own ?? (name === undefined ? undefined : prompts.get(name));
    if (prompt === undefined) {
      const found = name === undefined ? "neither a prompt nor an id" : `no prompt, and none of the id ${quote(name)}`;
      throw inputError(place, found, "a prompt in the row, or the file of pairs that has it by id");
    }
    answers.push({ prompt, response, ...(name !== undefined && { id: name }) });
  }
  return answers;
}
