import { z } from "zod";
import { readFields, text } from "../fields.js";
import { hasPromptColumn, readPromptColumns } from "../prompt-columns.js";
import { readResponse } from "./conversation.js";
import { defineFormat } from "./format.js";

const schema = z.object({ chosen: text, rejected: text });

const isText = (value: unknown) =>
  !Array.isArray(value) && !(typeof value === "object" && value !== null && ("role" in value || "from" in value));
const hasResponses = (row: Readonly<Record<string, unknown>>) => "chosen" in row || "rejected" in row;

/**
 * TRL's preference formats with an explicit prompt, standard and conversational. The prompt is text or a list of
 * messages, and is a conversation if there is `system` or `history`; a response is text, or, after messages, one
 * assistant message.
 */
export const trlExplicit = defineFormat({
  name: "TRL explicit prompt",
  fields:
    "{prompt, chosen, rejected}: three texts, also system and history; or the prompt a list of messages {role, content}, the responses texts or one message each",
  fits: (row) =>
    "prompt" in row &&
    hasResponses(row) &&
    (Array.isArray(row.prompt) || [row.prompt, row.chosen, row.rejected].every(isText)),
  read,
});

/**
 * Formats with another name for the prompt: Orca's DPO pairs (`system`, `question`; Intel and Argilla) and Alpaca's
 * (`instruction`, `input`).
 */
export const instruction = defineFormat({
  name: "question or instruction with two responses",
  fields:
    "{question | instruction | query | input, chosen, rejected}: texts; also system, history, and input beside instruction",
  fits: (row) =>
    (row.prompt === undefined || row.prompt === null) &&
    hasPromptColumn(row) &&
    hasResponses(row) &&
    [row.chosen, row.rejected].every(isText),
  read,
});

function read(...[row, place, log]: Parameters<typeof trlExplicit.parse>) {
  const { prompt, columns } = readPromptColumns(row, place, log);
  const responses =
    typeof prompt === "string"
      ? readFields(schema, row, place)
      : { chosen: readResponse(row, "chosen", place, log), rejected: readResponse(row, "rejected", place, log) };
  return { columns: [...columns, "chosen", "rejected"], prompt, ...responses };
}
