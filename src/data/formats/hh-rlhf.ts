import { z } from "zod";
import { errorAt, quote } from "../../base/errors.js";
import { readFields, text } from "../fields.js";
import { hasPromptColumn } from "../prompt-columns.js";
import { commonPrefixLength } from "./common-prefix.js";
import { defineFormat } from "./format.js";

const assistant = "\n\nAssistant:";
const schema = z.object({ chosen: text, rejected: text });

/**
 * Anthropic's HH-RLHF: whole dialogues as text (Bai et al. 2022, arXiv 2204.05862).
 *
 * The prompt is the longest common prefix of the two dialogues that ends with an assistant marker; the rest is the
 * response, including any further turns. Prompt and response concatenate to the source byte for byte: the space after
 * the marker belongs to the response.
 */
export const hhRlhf = defineFormat({
  name: "HH-RLHF",
  fields: String.raw`{chosen, rejected}: whole dialogues as text, with the turns "\n\nHuman:" and "\n\nAssistant:"`,
  fits: (row) =>
    !hasPromptColumn(row) &&
    [row.chosen, row.rejected].some((side) => typeof side === "string" && side.includes(assistant)),
  read(row, place) {
    const { chosen, rejected } = readFields(schema, row, place);
    const shared = chosen.slice(0, commonPrefixLength(chosen, rejected));
    const marker = shared.lastIndexOf(assistant);
    if (marker === -1) {
      throw errorAt(
        place,
        `the dialogues share no prompt up to ${quote(assistant)}: ${quote(chosen)} and ${quote(rejected)}`,
      );
    }
    const end = marker + assistant.length;
    return {
      columns: ["chosen", "rejected"],
      prompt: chosen.slice(0, end),
      chosen: chosen.slice(end),
      rejected: rejected.slice(end),
    };
  },
});
