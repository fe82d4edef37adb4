import { requireRandom, type Random } from "../base/random.js";
import type { PreferencePair } from "./pair.js";
import { placeOf, withPlace } from "./places.js";
import { countOf } from "./share.js";

/**
 * Label noise: swaps chosen and rejected of exactly `round(share · N)` pairs, drawn without replacement, and marks them
 * as flipped. Scores move with their responses; order and ids are unchanged.
 *
 * @param share share of the pairs to flip, in [0, 1]
 * @throws {InputError} for a share outside [0, 1], or without a generator
 */
export function flipLabels(pairs: readonly PreferencePair[], share: number, random: Random): PreferencePair[] {
  requireRandom("flipLabels(pairs, 0.2", random);
  const count = countOf(share, pairs.length);
  const drawn = new Set(random.shuffle([...pairs.keys()]).slice(0, count));
  return pairs.map((pair, index) => (drawn.has(index) ? flip(pair) : pair));
}

function flip(original: PreferencePair): PreferencePair {
  const { chosen, rejected, chosenScore, rejectedScore, tokens, ...pair } = original;
  const flipped = {
    ...pair,
    chosen: rejected,
    rejected: chosen,
    ...(rejectedScore !== undefined && { chosenScore: rejectedScore }),
    ...(chosenScore !== undefined && { rejectedScore: chosenScore }),
    ...(tokens && { tokens: { ...tokens, chosen: tokens.rejected, rejected: tokens.chosen } }),
    flipped: !pair.flipped,
  };
  return withPlace(flipped, placeOf(original));
}
