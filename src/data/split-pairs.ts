import { requireRandom, type Random } from "../base/random.js";
import type { PreferencePair } from "./pair.js";
import { countOf } from "./share.js";

/**
 * Splits pairs by prompt: exactly `round(share · P)` of the P distinct prompts go to `heldOut` with all their pairs, so
 * that no prompt is on both sides. The order of the pairs is kept.
 *
 * @param share share of the prompts to hold out, in [0, 1]
 * @param random generator, as in `splitPairs(pairs, 0.2, Random.seeded(0))`
 * @throws {InputError} for a share outside [0, 1], or without a generator
 */
export function splitPairs(
  pairs: readonly PreferencePair[],
  share: number,
  random: Random,
): { train: PreferencePair[]; heldOut: PreferencePair[] } {
  requireRandom("splitPairs(pairs, 0.2", random);
  const prompts = [...new Set(pairs.map(promptKey))];
  const drawn = new Set(random.shuffle(prompts).slice(0, countOf(share, prompts.length)));
  return {
    train: pairs.filter((pair) => !drawn.has(promptKey(pair))),
    heldOut: pairs.filter((pair) => drawn.has(promptKey(pair))),
  };
}

/** A key that is equal for two pairs if and only if their prompts are. */
export function promptKey({ prompt }: Pick<PreferencePair, "prompt">): string {
  return JSON.stringify(
    typeof prompt === "string"
      ? prompt
      : prompt.map(({ role, content, ...extras }) => [
          role,
          content,
          ...(Object.keys(extras).length > 0 ? [extras] : []),
        ]),
  );
}
