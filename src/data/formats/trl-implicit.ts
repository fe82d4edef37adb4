import { z } from "zod";
import { errorAt, quote } from "../../base/errors.js";
import { describingColumns } from "../common-fields.js";
import { readFields, text } from "../fields.js";
import { hasPromptColumn } from "../prompt-columns.js";
import type { Row } from "../row.js";
import { commonPrefixLength } from "./common-prefix.js";
import { defineFormat } from "./format.js";
import { refuseBeginning } from "./refuse-beginning.js";

const schema = z.object({ chosen: text, rejected: text });
const words = new Intl.Segmenter("und", { granularity: "word" });

/**
 * TRL's standard preference format with an implicit prompt: two texts with a common prefix.
 *
 * The prompt is their longest common prefix, with two corrections. It never ends within a word ("… a cat" and "… a car"
 * are split before "cat", not before "t"), and one trailing space is moved to the responses, where tokenizers expect
 * it. Words that both responses begin with count as prompt, because the data cannot tell them apart. Since any two
 * texts fit this format, it accepts a row with another text column only if the column's name shows that it just
 * describes the row.
 */
export const trlImplicit = defineFormat({
  name: "TRL implicit prompt",
  fields: "{chosen, rejected}: two texts that begin with the same prompt",
  fits: (row) =>
    !("prompt" in row) &&
    !hasPromptColumn(row) &&
    ("chosen" in row || "rejected" in row) &&
    [row.chosen, row.rejected].every((side) => side === null || typeof side !== "object") &&
    otherTexts(row).length === 0,
  read(row, place, log) {
    const { chosen, rejected } = readFields(schema, row, place);
    const end = promptEnd(chosen, rejected);
    if (end === 0) {
      throw errorAt(
        place,
        `"chosen" and "rejected" share no prompt at their beginning: ${quote(chosen)} and ${quote(rejected)}`,
      );
    }
    refuseBeginning(chosen, rejected, end, place);
    const others = otherTexts(row);
    if (others.length > 0)
      throw errorAt(
        place,
        `column ${quote(others[0])} is text beside "chosen" and "rejected", and may be part of the prompt; call it "prompt", or remove it`,
      );
    if (wordCount(chosen.slice(0, end)) <= 1) {
      log?.remark(
        'the prompt, what both texts begin with, is a word or less, which may be a chance; where the texts are responses alone, give their prompt in a column "prompt"',
      );
    }
    return {
      columns: ["chosen", "rejected"],
      prompt: chosen.slice(0, end),
      chosen: chosen.slice(end),
      rejected: rejected.slice(end),
    };
  },
});

/** Columns of text that may be meant for the model. */
function otherTexts(row: Row): string[] {
  return Object.keys(row).filter(
    (name) =>
      name !== "chosen" &&
      name !== "rejected" &&
      !describingColumns.has(name) &&
      typeof row[name] === "string" &&
      row[name] !== "",
  );
}

function promptEnd(chosen: string, rejected: string): number {
  const length = commonPrefixLength(chosen, rejected);
  const end = Math.min(wordStart(chosen, length), wordStart(rejected, length));
  return end > 0 && chosen[end - 1] === " " ? end - 1 : end;
}

/** Number of words in a text, up to 2, which stands for two or more. */
function wordCount(text: string): number {
  let count = 0;
  for (const { isWordLike } of words.segment(text)) if (isWordLike && ++count === 2) break;
  return count;
}

/** Start of the word that contains `position`; `position` itself between words. */
function wordStart(content: string, position: number): number {
  return words.segment(content).containing(position)?.index ?? position;
}
