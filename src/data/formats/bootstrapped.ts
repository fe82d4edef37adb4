import { z } from "zod";
import { readFields, text } from "../fields.js";
import { defineFormat } from "./format.js";

const ids = z.array(z.int("a token id").nonnegative("a token id"), "a list of token ids");
const tokens = z.object(
  { tokenizer: text, prompt: ids, chosen: ids, rejected: ids },
  "an object {tokenizer, prompt, chosen, rejected}",
);
const schema = z.object({ prompt: text, chosen: text, rejected: text, tokens });

/**
 * A run's own `bootstrapped.jsonl`. Training uses its tokens; its texts are for human readers: they lack the chat
 * template's markers, and tokenizing a sampled response again may not give the sampled tokens.
 */
export const bootstrapped = defineFormat({
  name: "a run's bootstrapped pairs",
  fields: "{prompt, chosen, rejected, tokens: {tokenizer, prompt, chosen, rejected}}: texts, and their token ids",
  fits: (row) => "tokens" in row && "chosen" in row,
  read(row, place, log) {
    for (const name of ["tokens", "prompt"]) log?.reads(name, name);
    // A margin is the difference of the scores.
    return { columns: ["prompt", "chosen", "rejected", "tokens", "margin"], ...readFields(schema, row, place) };
  },
});
