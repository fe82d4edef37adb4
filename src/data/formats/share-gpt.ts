import { readMessages } from "../messages.js";
import { systemColumn, withSystem } from "../prompt-columns.js";
import { promptOf, readResponse } from "./conversation.js";
import { defineFormat } from "./format.js";

/** ShareGPT conversations with two answers, in LLaMA-Factory's layout. */
export const shareGpt = defineFormat({
  name: "ShareGPT conversations",
  fields:
    "{conversations, chosen, rejected}: a list of turns {from, value}, and two turns or texts that answer it; also {role, content}",
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
      chosen: readResponse(row, "chosen", place, log),
      rejected: readResponse(row, "rejected", place, log),
    };
  },
});
