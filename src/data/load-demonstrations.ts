import { z } from "zod";
import { errorAt, type Place } from "../base/errors.js";
import type { SkippedRow } from "./bad-rows.js";
import { readExamples, type LoadOptions } from "./examples.js";
import { messages, optionalId, readFields, rowId, text } from "./fields.js";
import { promptOf } from "./formats/conversation.js";
import type { Prompt } from "./pair.js";
import type { Row } from "./row.js";

/** A prompt with a response to imitate (supervised fine-tuning). */
export interface Demonstration {
  /** Unique within a dataset. */
  readonly id: string;
  readonly prompt: Prompt;
  /** The response, without the prompt. */
  readonly response: string;
}

/** Result of {@link loadDemonstrations}. */
export interface LoadedDemonstrations {
  readonly demonstrations: Demonstration[];
  readonly skipped: readonly SkippedRow[];
}

const textPrompt = z.object({ id: optionalId, prompt: text });
const conversationPrompt = z.object({ id: optionalId, prompt: messages });
const responseField = z.object({ response: text });
const completionField = z.object({ completion: text });

/**
 * Loads rows `{prompt, response}` or `{prompt, completion}` from a JSON Lines (plain or gzip) or Parquet file, or from a
 * dataset on the hub; the prompt is text or a list of messages. Source and ids are as in `loadPreferences`.
 *
 * @throws {InputError} for an unreadable file, an unknown dataset or split, and the first bad row unless bad rows are
 *   skipped (a missing or invalid field, an empty response)
 */
export async function loadDemonstrations(source: string, options: LoadOptions = {}): Promise<LoadedDemonstrations> {
  const { examples, skipped } = await readExamples<Demonstration>(
    source,
    (row, place) => ({ ...readPrompt(row, place), response: readResponse(row, place) }),
    options,
  );
  return { demonstrations: examples, skipped };
}

/** The prompt of a row, text or a list of messages, with its id. @throws {InputError} for a missing or invalid field */
export function readPrompt(row: Row, place: Place): { id: string; prompt: Prompt } {
  if (Array.isArray(row.prompt)) {
    const { id, prompt } = readFields(conversationPrompt, row, place);
    return { id: rowId(id, place), prompt: promptOf(prompt, "prompt", place) };
  }
  const { id, prompt } = readFields(textPrompt, row, place);
  return { id: rowId(id, place), prompt };
}

function readResponse(row: Row, place: Place): string {
  const isCompletion = "completion" in row && !("response" in row);
  const response = isCompletion ? readFields(completionField, row, place).completion : readFields(responseField, row, place).response;
  if (response === "") throw errorAt(place, "the response is empty");
  return response;
}
