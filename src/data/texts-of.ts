import type { PreferencePair } from "./pair.js";

/** Every text of the pairs once: prompts, chosen and rejected responses. */
export function* textsOf(pairs: readonly PreferencePair[]): Iterable<string> {
  for (const { prompt, chosen, rejected } of pairs) {
    if (typeof prompt === "string") yield prompt;
    else yield* prompt.map(({ content }) => content);
    yield chosen;
    yield rejected;
  }
}
