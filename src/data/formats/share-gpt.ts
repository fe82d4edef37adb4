import { readMessages } from "../messages.js";
import { systemColumn, withSystem } from "../prompt-columns.js";
import { promptOf, responseOf } from "./conversation.js";
import { defineFormat } from "./format.js";

/** ShareGPT conversations with two answers, in LLaMA-Factory's layout. */
export const shareGpt = defineFormat({
  name: "ShareGPT conversations",
  fields:
    "{conversations, chosen, rejected}: a list of turns {from, value}, and two turns that answer it; also {role, content}",
  fits: (row) => Array.isArray(row.conversations) && ("chosen" in row || "rejected" in row),
  read(row, place, log) {
    const system = systemColumn(row, place);
    for (const column of system?.columns ?? []) log?.reads(column, "system turn");
    log?.reads("conversations", "prompt");
    return {
      columns: ["conversations", "chosen", "rejected", ...(system?.columns ?? [])],
      prompt: promptOf(
        withSystem(readMessages(row, "conversations", place, log), system, place),
        "conversations",
        place,
      ),
      chosen: responseOf(readMessages(row, "chosen", place, log), "chosen", place),
      rejected: responseOf(readMessages(row, "rejected", place, log), "rejected", place),
    };
  },
});
