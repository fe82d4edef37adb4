import { z } from "zod";
import { errorAt, InputError, quote } from "../base/errors.js";
import { optionalId, readFields, text } from "../data/fields.js";
import { readMessages } from "../data/messages.js";
import type { Prompt } from "../data/pair.js";
import { readRows } from "../data/rows.js";
import { unpacked } from "../data/unpacked.js";
import type { NamedResponse } from "./pair-responses.js";

const answer = z.object({
  id: optionalId,
  prompt: z.union([text, z.array(z.unknown())], "text or a list of messages {role, content}").nullish(),
  response: text,
});

/**
 * Reads one model's answers from JSON Lines (plain or gzip) or Parquet: `response` with a `prompt`, an `id`, or both.
 *
 * @param prompts the prompts by id, for rows that have only an id, such as those of a run's `responses.jsonl`
 * @throws InputError naming the first row that is invalid or whose prompt is unknown
 */
export async function loadResponses(
  file: string,
  prompts: ReadonlyMap<string, Prompt> = new Map(),
): Promise<NamedResponse[]> {
  if (!(prompts instanceof Map))
    throw new InputError(`loadResponses: found ${quote(prompts)}, expected a Map of the prompts by id`);
  const answers: NamedResponse[] = [];
  for await (const { row: written, place } of readRows(file)) {
    const row = unpacked(written, place, undefined, ["prompt"]);
    const { id, prompt: given, response } = readFields(answer, row, place);
    const own = Array.isArray(given) ? readMessages(row, "prompt", place) : given;
    const name = id == null ? undefined : String(id);
    const prompt = own ?? (name === undefined ? undefined : prompts.get(name));
    if (prompt === undefined) {
      const missing =
        name === undefined
          ? 'the row has no "prompt" and no "id"'
          : `the row has no "prompt", and the prompt of id ${quote(name)} is unknown`;
      throw errorAt(place, `${missing}; add the prompt, or an id and the file of pairs that has its prompt`);
    }
    answers.push({ prompt, response, ...(name !== undefined && { id: name }) });
  }
  return answers;
}
