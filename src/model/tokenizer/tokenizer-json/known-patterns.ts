import { gpt2Words } from "./pre-tokenizer.js";

/** Regular expressions of common tokenizers, which terminate on every text in time proportional to its length. */
const knownPatterns: ReadonlySet<string> = new Set([
  gpt2Words,
  // GPT-2 and its relatives, as published.
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
  // Llama 3, SmolLM 3; GPT-4's with ranges written out.
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  // Qwen 2, 2.5 and 3.
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
]);

/** Whether any part of a `tokenizer.json` has a regular expression that might not terminate. */
export function hasUnknownPattern(part: unknown): boolean {
  if (typeof part !== "object" || part === null) return false;
  return Object.entries(part).some(([name, value]) =>
    name === "Regex" && typeof value === "string" ? !knownPatterns.has(value) : hasUnknownPattern(value),
  );
}
