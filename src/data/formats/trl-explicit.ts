import { z } from "zod";
import { optionalId, optionalNumber, readFields, rowId, text } from "../fields.js";
import { checked, scores } from "./checked.js";
import type { Format } from "./format.js";

const schema = z.object({
  id: optionalId,
  prompt: text,
  chosen: text,
  rejected: text,
  score_chosen: optionalNumber,
  score_rejected: optionalNumber,
});

/** TRL's standard preference format with an explicit prompt: three texts. */
export const trlExplicit: Format = {
  name: "TRL explicit prompt",
  fields: "{prompt, chosen, rejected}: three texts",
  fits: (row) =>
    "prompt" in row && ("chosen" in row || "rejected" in row) && ![row.prompt, row.chosen, row.rejected].some(Array.isArray),
  parse(row, place) {
    const { id, prompt, chosen, rejected, score_chosen, score_rejected } = readFields(schema, row, place);
    return checked({ id: rowId(id, place), prompt, chosen, rejected, ...scores(score_chosen, score_rejected) }, place);
  },
};
