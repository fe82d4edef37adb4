import { Random } from "../base/random.js";
import { keyPhrases } from "../data/key-phrases.js";
import { removedToken } from "../align/spo.js";
import type { ColumnRule } from "./options/index.js";

/** What is removed from a response: its key phrases, or an equal number of random tokens. */
export const keyContents = ["rake", "random"] as const;
/** How it is removed: replaced with padding, which keeps the length, or deleted. */
export const degradations = ["mask", "remove"] as const;

/**
 * The token columns `half` and `none` of {@link spo}: each response without half of its key phrases, those with the
 * highest scores first, and without all of them (SPO: arXiv 2409.17791; RAKE: {@link keyPhrases}).
 */
export function degradedResponses({
  keyContent,
  degrade,
}: {
  readonly keyContent: (typeof keyContents)[number];
  readonly degrade: (typeof degradations)[number];
}): ColumnRule {
  return {
    ...{ name: "degraded-responses", version: "1", settings: { keyContent, degrade } },
    of({ chosen, rejected, text, padId }) {
      const side = (tokens: Int32Array) => {
        const groups = keyTokens(tokens, text);
        const first = groups.slice(0, Math.ceil(groups.length / 2));
        const chosenAt =
          keyContent === "rake"
            ? undefined
            : Random.seeded(0)
                .fork("key content", tokens.join(" "))
                .shuffle([...tokens.keys()].slice(0, -1));
        const without = (some: readonly (readonly number[])[]) => {
          const places = new Set(some.flat());
          const taken = chosenAt ? new Set(chosenAt.slice(0, places.size)) : places;
          return Array.from(tokens, (id, at) => (taken.has(at) ? (degrade === "mask" ? padId : removedToken) : id));
        };
        return { half: without(first), none: without(groups) };
      };
      return { tokens: { chosen: side(chosen), rejected: side(rejected) } };
    },
  };
}

/** Returns the token positions of each key phrase, in descending order of score. */
function keyTokens(tokens: Int32Array, text: (tokens: Int32Array) => string): number[][] {
  // Decode prefixes, since most tokens decode differently on their own.
  const ends = Array.from(tokens, (_, at) => text(tokens.slice(0, at + 1)).length);
  return keyPhrases(text(tokens))
    .map(({ start, end }) =>
      [...tokens.keys()].filter(
        (at) => (ends[at - 1] ?? 0) < end && ends[at]! > start && ends[at]! > (ends[at - 1] ?? 0),
      ),
    )
    .filter((places) => places.length > 0);
}
