import { InputError, quote } from "../base/errors.js";
import { isPrompt } from "../data/pair.js";
import { refuseWholeResult } from "./refuse-whole-result.js";

/**
 * Checks prompts, which a cell may pass untyped.
 *
 * @throws InputError if they are not a list of prompts, naming the first that is not one
 */
export function requirePrompts(prompts: unknown): void {
  const expected = "a text or a list of messages { role, content }";
  refuseWholeResult("prompts", prompts);
  if (!Array.isArray(prompts))
    throw new InputError(`prompts: found ${quote(prompts)}, expected a list, each ${expected}`);
  for (const [i, prompt] of prompts.entries()) {
    if (isPrompt(prompt)) continue;
    const hint = isPrompt((prompt as { readonly prompt?: unknown } | null)?.prompt)
      ? "; of rows {id, prompt}, pass rows.map(({ prompt }) => prompt)"
      : "";
    throw new InputError(`prompt ${i + 1}: found ${quote(prompt)}, expected ${expected}${hint}`);
  }
}
