import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Random } from "../../src/base/random.js";
import { flipLabels } from "../../src/data/flip-labels.js";
import type { PreferencePair } from "../../src/data/pair.js";

const pairs: PreferencePair[] = Array.from({ length: 25 }, (_, index) => ({
  id: `${index}`,
  prompt: `p${index}`,
  chosen: `good ${index}`,
  rejected: `bad ${index}`,
  chosenScore: index,
  rejectedScore: -index,
}));

describe("flipLabels", () => {
  test("swaps exactly the rounded share, scores included", () => {
    for (const [share, count] of [
      [0, 0],
      [0.2, 5],
      [0.41, 10],
      [0.5, 13],
      [1, 25],
    ] as const) {
      const flipped = flipLabels(pairs, share, Random.seeded(1));
      assert.equal(flipped.filter((pair) => pair.flipped).length, count);
      for (const [index, pair] of flipped.entries()) {
        const { chosen, rejected, chosenScore, rejectedScore, ...rest } = pairs[index]!;
        const swapped = {
          ...rest,
          chosen: rejected,
          rejected: chosen,
          chosenScore: rejectedScore,
          rejectedScore: chosenScore,
          flipped: true,
        };
        assert.deepEqual(pair, pair.flipped ? swapped : pairs[index]);
      }
    }
  });

  test("flips the same pairs for the same seed, and others for another seed", () => {
    const drawn = (seed: number) =>
      flipLabels(pairs, 0.4, Random.seeded(seed))
        .filter((pair) => pair.flipped)
        .map(({ id }) => id);
    assert.deepEqual(drawn(1), drawn(1));
    assert.notDeepEqual(drawn(1), drawn(2));
  });

  test("restores the original label if applied twice", () => {
    const [pair] = flipLabels(flipLabels(pairs.slice(0, 1), 1, Random.seeded(1)), 1, Random.seeded(2));
    assert.deepEqual(pair, { ...pairs[0], flipped: false });
  });

  test("flips a pair with one score or none", () => {
    const bare = { id: "a", prompt: "p", chosen: "c", rejected: "r" };
    const flipped = { id: "a", prompt: "p", chosen: "r", rejected: "c", flipped: true };
    const given = [bare, { ...bare, chosenScore: 0 }, { ...bare, rejectedScore: 2 }];
    const expected = [flipped, { ...flipped, rejectedScore: 0 }, { ...flipped, chosenScore: 2 }];
    assert.deepEqual(flipLabels(given, 1, Random.seeded(1)), expected);
  });

  test("refuses a share outside [0, 1]", () => {
    for (const share of [-0.1, 1.1, NaN]) {
      assert.throws(() => flipLabels(pairs, share, Random.seeded(1)), {
        name: "InputError",
        message: `share: found ${share}, expected a number from 0 to 1`,
      });
    }
  });
});
