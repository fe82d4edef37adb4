import { z } from "zod";
import { messages, optionalId, optionalNumber, readFields, rowId, text } from "../fields.js";
import { checked, scores } from "./checked.js";
import { splitConversations } from "./conversation.js";
import type { Format } from "./format.js";

const schema = z.object({
  prompt: text,
  prompt_id: optionalId,
  chosen: messages,
  rejected: messages,
  score_chosen: optionalNumber,
  score_rejected: optionalNumber,
});

/**
 * UltraFeedback-binarized (Cui et al. 2023, arXiv 2310.01377; Tunstall et al. 2023): `chosen` and `rejected` are
 * conversations that include the prompt's turns, which are used as the prompt; the field `prompt` repeats them as text.
 */
export const ultrafeedback: Format = {
  name: "UltraFeedback-binarized",
  fields: "{prompt, prompt_id, chosen, rejected, score_chosen, score_rejected}: prompt is text, chosen and rejected are lists of messages that include the prompt",
  fits: (row) => "prompt" in row && !Array.isArray(row.prompt) && (Array.isArray(row.chosen) || Array.isArray(row.rejected)),
  parse(row, place) {
    const fields = readFields(schema, row, place);
    return checked(
      {
        id: rowId(fields.prompt_id, place),
        ...splitConversations(fields.chosen, fields.rejected, place),
        ...scores(fields.score_chosen, fields.score_rejected),
      },
      place,
    );
  },
};
