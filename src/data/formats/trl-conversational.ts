import { z } from "zod";
import { messages, optionalId, readFields, rowId } from "../fields.js";
import { checked } from "./checked.js";
import { promptOf, responseOf, splitConversations } from "./conversation.js";
import type { Format } from "./format.js";

const implicit = z.object({ id: optionalId, chosen: messages, rejected: messages });
const explicit = implicit.extend({ prompt: messages });

/** TRL's conversational preference format with an explicit prompt: each response is one turn. */
export const trlConversationalExplicit: Format = {
  name: "TRL conversational, explicit prompt",
  fields: "{prompt, chosen, rejected}: three lists of messages {role, content}",
  fits: (row) => Array.isArray(row.prompt) && ("chosen" in row || "rejected" in row),
  parse(row, place) {
    const { id, prompt, chosen, rejected } = readFields(explicit, row, place);
    return checked(
      {
        id: rowId(id, place),
        prompt: promptOf(prompt, "prompt", place),
        chosen: responseOf(chosen, "chosen", place),
        rejected: responseOf(rejected, "rejected", place),
      },
      place,
    );
  },
};

/** TRL's conversational preference format with an implicit prompt: the turns before the last. */
export const trlConversationalImplicit: Format = {
  name: "TRL conversational, implicit prompt",
  fields: "{chosen, rejected}: two lists of messages {role, content} that differ in the last turn",
  fits: (row) => !("prompt" in row) && (Array.isArray(row.chosen) || Array.isArray(row.rejected)),
  parse(row, place) {
    const { id, chosen, rejected } = readFields(implicit, row, place);
    return checked({ id: rowId(id, place), ...splitConversations(chosen, rejected, place) }, place);
  },
};
