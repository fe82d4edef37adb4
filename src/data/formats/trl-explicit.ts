import { z } from "zod";
import { readFields, text } from "../fields.js";
import { hasPromptColumn, readPromptColumns } from "../prompt-columns.js";
import { defineFormat } from "./format.js";

const schema = z.object({ chosen: text, rejected: text });

const isText = (value: unknown) =>
  !Array.isArray(value) && !(typeof value === "object" && value !== null && ("role" in value || "from" in value));
const hasResponses = (row: Readonly<Record<string, unknown>>) => "chosen" in row || "rejected" in row;

/** TRL's standard preference format with an explicit prompt: three texts, or a conversation if there is `system` or `history`. */
export const trlExplicit = defineFormat({
  name: "TRL explicit prompt",
  fields: "{prompt, chosen, rejected}: three texts; also system and history",
  fits: (row) => "prompt" in row && hasResponses(row) && [row.prompt, row.chosen, row.rejected].every(isText),
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
    !("prompt" in row) && hasPromptColumn(row) && hasResponses(row) && [row.chosen, row.rejected].every(isText),
  read,
});

function read(...[row, place, log]: Parameters<typeof trlExplicit.parse>) {
  const { prompt, columns } = readPromptColumns(row, place, log);
  return { columns: [...columns, "chosen", "rejected"], prompt, ...readFields(schema, row, place) };
}
