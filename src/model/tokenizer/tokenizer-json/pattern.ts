import { z } from "zod";
import { SplitPreTokenizer } from "./library.js";

/** What a part of a `tokenizer.json` looks for in a text. */
export const patternSchema = z.union([z.strictObject({ String: z.string().min(1) }), z.strictObject({ Regex: z.string() })], {
  error: "expected {String} or {Regex}",
});

/**
 * The pattern as a JavaScript expression with the flags `gu`; Oniguruma's syntax is translated.
 *
 * @throws SyntaxError where an expression has no translation
 */
export function compilePattern(pattern: z.infer<typeof patternSchema>): RegExp {
  return new SplitPreTokenizer({ type: "Split", pattern, behavior: "Isolated", invert: true }).pattern;
}
