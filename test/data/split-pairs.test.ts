import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Random } from "../../src/base/random.js";
import { flipLabels } from "../../src/data/flip-labels.js";
import { promptKey, splitPairs } from "../../src/data/split-pairs.js";
import type { PreferencePair } from "../../src/data/pair.js";

const pairOf = (prompt: PreferencePair["prompt"], id: number): PreferencePair => ({
  id: `${id}`,
  prompt,
  chosen: "a",
  rejected: "b",
});

describe("splitPairs", () => {
  test("keeps each prompt on one side, loses no pair, and holds out the exact share of prompts", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9)), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(), (prompts, share, seed) => {
        const pairs = prompts.map((prompt, id) => pairOf(`${prompt}`, id));
        const { train, heldOut } = splitPairs(pairs, share, Random.seeded(seed));
        const held = new Set(heldOut.map(promptKey));
        assert.ok(train.every((pair) => !held.has(promptKey(pair))));
        assert.deepEqual(
          pairs.filter((pair) => !held.has(promptKey(pair))),
          train,
        );
        assert.equal(train.length + heldOut.length, pairs.length);
        assert.equal(held.size, Math.round(share * new Set(prompts).size));
      }),
    );
  });

  test("refuses a missing generator and shows the call to write", () => {
    const split = splitPairs as (pairs: readonly PreferencePair[], share: number, random?: unknown) => unknown;
    const message =
      "splitPairs(pairs, 0.2, …): needs a seeded generator, so that it can be repeated; write splitPairs(pairs, 0.2, Random.seeded(0))";
    for (const random of [undefined, 7, { seed: 7 }])
      assert.throws(() => split([pairOf("a", 1)], 0.2, random), { name: "InputError", message });
    assert.throws(() => (flipLabels as (...given: unknown[]) => unknown)([pairOf("a", 1)], 0.2), {
      name: "InputError",
      message: /write flipLabels\(pairs, 0\.2, Random\.seeded\(0\)\)$/,
    });
  });

  test("treats conversations with equal turns as the same prompt", () => {
    const one = pairOf([{ role: "user", content: "a" }], 1);
    const same = pairOf([{ content: "a", role: "user" }], 2);
    assert.equal(promptKey(one), promptKey(same));
    assert.notEqual(promptKey(one), promptKey(pairOf("a", 3)));
  });

  test("refuses a share outside [0, 1]", () => {
    assert.throws(() => splitPairs([], 2, Random.seeded(1)), {
      name: "InputError",
      message: /^share: found 2, expected/,
    });
  });
});
