import { z } from "zod";
import { errorAt, quote } from "../../base/errors.js";
import { optionalId, readFields, rowId, text } from "../fields.js";
import { checked } from "./checked.js";
import { commonPrefixLength } from "./common-prefix.js";
import type { Format } from "./format.js";

const schema = z.object({ id: optionalId, chosen: text, rejected: text });
const words = new Intl.Segmenter("und", { granularity: "word" });

/**
 * TRL's standard preference format with an implicit prompt: two texts with a common prefix.
 *
 * The prompt is their longest common prefix, with two corrections. It never ends within a word ("… a cat" and "… a car"
 * are split before "cat", not before "t"), and one trailing space is moved to the responses, where tokenizers expect it.
 * Words that both responses begin with count as prompt, because the data cannot tell them apart.
 */
export const trlImplicit: Format = {
  name: "TRL implicit prompt",
  fields: "{chosen, rejected}: two texts that begin with the same prompt",
  fits: (row) => !("prompt" in row) && ("chosen" in row || "rejected" in row) && ![row.chosen, row.rejected].some(Array.isArray),
  parse(row, place) {
    const { id, chosen, rejected } = readFields(schema, row, place);
    const end = promptEnd(chosen, rejected);
    if (end === 0) {
      throw errorAt(place, `"chosen" and "rejected" share no prompt at their beginning: ${quote(chosen)} and ${quote(rejected)}`);
    }
    return checked(
      { id: rowId(id, place), prompt: chosen.slice(0, end), chosen: chosen.slice(end), rejected: rejected.slice(end) },
      place,
    );
  },
};

function promptEnd(chosen: string, rejected: string): number {
  const length = commonPrefixLength(chosen, rejected);
  const end = Math.min(wordStart(chosen, length), wordStart(rejected, length));
  return end > 0 && chosen[end - 1] === " " ? end - 1 : end;
}

/** Start of the word that contains `position`; `position` itself between words. */
function wordStart(content: string, position: number): number {
  return words.segment(content).containing(position)?.index ?? position;
}
