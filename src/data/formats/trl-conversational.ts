import { readMessages } from "../messages.js";
import { hasPromptColumn, readPromptColumns, systemColumn, withSystem } from "../prompt-columns.js";
import { responseOf, splitConversations } from "./conversation.js";
import { defineFormat } from "./format.js";

/** TRL's conversational preference format with an explicit prompt: each response is one turn. */
export const trlConversationalExplicit = defineFormat({
  name: "TRL conversational, explicit prompt",
  fields: "{prompt, chosen, rejected}: three lists of messages {role, content}",
  fits: (row) => Array.isArray(row.prompt) && ("chosen" in row || "rejected" in row),
  read(row, place, log) {
    const { prompt, columns } = readPromptColumns(row, place, log);
    return {
      columns: [...columns, "chosen", "rejected"],
      prompt,
      chosen: responseOf(readMessages(row, "chosen", place, log), "chosen", place),
      rejected: responseOf(readMessages(row, "rejected", place, log), "rejected", place),
    };
  },
});

/** TRL's conversational preference format with an implicit prompt: the turns before the last. */
export const trlConversationalImplicit = defineFormat({
  name: "TRL conversational, implicit prompt",
  fields: "{chosen, rejected}: two lists of messages {role, content} that differ in the last turn",
  fits: (row) => !hasPromptColumn(row) && (Array.isArray(row.chosen) || Array.isArray(row.rejected)),
  read(row, place, log) {
    const { prompt, ...responses } = splitConversations(
      readMessages(row, "chosen", place, log),
      readMessages(row, "rejected", place, log),
      place,
    );
    const system = systemColumn(row, place);
    for (const column of system?.columns ?? []) log?.reads(column, "system turn");
    return {
      columns: ["chosen", "rejected", ...(system?.columns ?? [])],
      prompt: withSystem(prompt, system, place),
      ...responses,
    };
  },
});
