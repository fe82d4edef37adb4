import { diffArrays } from "diff";
import { InputError, quote } from "../base/errors.js";
import { didYouMean } from "../base/nearest.js";
import { stopWords } from "../data/stop-words.js";
import type { ColumnRule } from "./options/index.js";

/** Which tokens {@link tokenDifference} excludes from the difference. */
export const stopWordLists = ["english", "none"] as const;

/**
 * The token column `differs` of BMC's losses: 1 for the tokens of each response of a pair that are not in a longest common
 * subsequence of both, by their ids (Jiang et al. 2024, arXiv 2408.07471, section 3.2).
 *
 * @param options `stopWords`: "english" excludes tokens that are an English stop word, capitalized or not, as the
 *   paper's code does; "none" excludes none. Default "english"
 * @example const run = await align(start, pairs, { loss: "dpo-bmc", columns: tokenDifference() });
 */
export function tokenDifference({
  stopWords: list = "english",
}: {
  readonly stopWords?: (typeof stopWordLists)[number];
} = {}): ColumnRule {
  if (!stopWordLists.includes(list))
    throw new InputError(
      `stopWords: found ${quote(list)}, expected one of ${stopWordLists.join(", ")}${didYouMean(list, stopWordLists)}`,
    );
  const known = new Map<number, boolean>();
  return {
    ...{ name: "token-difference", version: "1", settings: { stopWords: list } },
    of({ chosen, rejected, text }) {
      const isStopWord = (id: number) => {
        const found = known.get(id) ?? isStop(text(Int32Array.of(id)));
        known.set(id, found);
        return found;
      };
      const differs = differences(chosen, rejected);
      const counted = (own: Int32Array, flags: readonly number[]) =>
        list === "none" ? flags : flags.map((flag, t) => (flag === 1 && !isStopWord(own[t]!) ? 1 : 0));
      return {
        tokens: {
          chosen: { differs: counted(chosen, differs.chosen) },
          rejected: { differs: counted(rejected, differs.rejected) },
        },
      };
    },
  };
}

/** Returns for each token 1 if it has no counterpart in the other sequence, else 0. */
export function differences(
  chosen: ArrayLike<number>,
  rejected: ArrayLike<number>,
): { readonly chosen: number[]; readonly rejected: number[] } {
  const flags = { chosen: [] as number[], rejected: [] as number[] };
  for (const { added, removed, count } of diffArrays(Array.from(rejected), Array.from(chosen))) {
    const run = (flag: number) => new Array<number>(count).fill(flag);
    if (!added) flags.rejected.push(...run(removed ? 1 : 0));
    if (!removed) flags.chosen.push(...run(added ? 1 : 0));
  }
  return flags;
}

/** Returns whether a token's text is a stop word, in lower case or capitalized. */
function isStop(text: string): boolean {
  const word = text.trim();
  const lower = word.toLowerCase();
  return stopWords.has(lower) && word.slice(1) === lower.slice(1);
}
