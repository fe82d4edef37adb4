import { z } from "zod";
import { InputError } from "../../../base/errors.js";
import { SplitPreTokenizer } from "./library.js";

/** A search pattern in a part of a `tokenizer.json`. */
export const patternSchema = z.union(
  [z.strictObject({ String: z.string().min(1) }), z.strictObject({ Regex: z.string() })],
  {
    error: "expected {String} or {Regex}",
  },
);

/**
 * Compiles the pattern to a JavaScript expression with the flags `gu`, translating Oniguruma's syntax.
 *
 * @throws SyntaxError if an expression has no translation
 */
export function compilePattern(pattern: z.infer<typeof patternSchema>): RegExp {
  return new SplitPreTokenizer({ type: "Split", pattern, behavior: "Isolated", invert: true }).pattern;
}

/**
 * The most characters that parts of a `tokenizer.json` may expand a text to. Unicode's longest decomposition has 18; a few
 * successive replacements could otherwise produce billions.
 */
export const mostGrown = (length: number) => 4096 + 32 * length;

/**
 * Replaces every match by a text.
 *
 * @throws InputError if the result would be longer than {@link mostGrown}
 */
export function replaceMatches(text: string, expression: RegExp, content: string): string {
  let room = mostGrown(text.length);
  return text.replace(expression, () => {
    room -= content.length;
    if (room < 0)
      throw new InputError(`a replacement makes more than ${mostGrown(text.length)} characters of ${text.length}`);
    return content;
  });
}
