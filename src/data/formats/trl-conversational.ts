import { readMessages } from "../messages.js";
import { hasPromptColumn, systemColumn, withSystem } from "../prompt-columns.js";
import { splitConversations } from "./conversation.js";
import { defineFormat } from "./format.js";

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
