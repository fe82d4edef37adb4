import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../src/base/random.js";
import { verdictOf, type Choice } from "../../src/judge/judge.js";
import { winRateOf, type JudgedPair } from "../../src/judge/win-rate.js";

/** Rows with these choices in the two orders; `a` has 10 characters and `b` 4. */
const rows = (...orders: readonly (readonly [Choice, Choice])[]): JudgedPair[] =>
  orders.map((both, i) => ({ prompt: `p${i}`, a: "x".repeat(10), b: "y".repeat(4), verdict: verdictOf(both) }));
const repeat = (orders: readonly [Choice, Choice], times: number) =>
  new Array<readonly [Choice, Choice]>(times).fill(orders);
const rate = (...orders: readonly (readonly [Choice, Choice])[]) =>
  winRateOf("judge", rows(...orders), Random.seeded(1));

describe("winRateOf", () => {
  it("counts wins, ties and losses, with a tie if the two orders disagree", () => {
    const found = rate(
      ["a", "a"],
      ["a", "a"],
      ["b", "b"],
      ["a", "b"],
      ["b", "a"],
      ["tie", "tie"],
      ["a", "tie"],
      ["a", "a"],
    );
    assert.deepEqual([found.comparisons, found.wins, found.ties, found.losses], [8, 3, 4, 1]);
    assert.equal(found.wilson.mean, 5 / 8);
    assert.equal(found.bootstrap.mean, 5 / 8);
    assert.deepEqual([found.firstTwice, found.secondTwice], [1, 1]);
    assert.equal(found.orders.share, 5 / 8);
    assert.deepEqual([found.lengthA, found.lengthB, found.lengthControlled], [10, 4, null]);
    assert.deepEqual(found.warnings, []);
  });

  it("refuses a judge that chooses the same position in every pair, from five pairs on", () => {
    const always = (place: string, n: number) => ({
      name: "InputError",
      message: `judge: the judge preferred the response shown ${place} in both orders of all ${n} pairs of different responses, whatever they say; try another model or prompt`,
    });
    assert.throws(() => rate(...repeat(["a", "b"], 5)), always("first", 5));
    assert.throws(() => rate(...repeat(["b", "a"], 40)), always("second", 40));
    assert.equal(rate(...repeat(["a", "b"], 4)).ties, 4);
  });

  it("warns of a judge that favours a position, contradicts itself or calls everything a tie", () => {
    const leaning = rate(...repeat(["a", "b"], 12), ...repeat(["b", "a"], 2), ...repeat(["a", "a"], 20));
    assert.deepEqual(leaning.warnings, [
      "The judge favours the response shown first: it chose that position in 12 of the 14 pairs that it decided by position, which count as ties.",
    ]);
    const contrary = rate(...repeat(["a", "b"], 4), ...repeat(["b", "a"], 4), ["a", "a"]);
    assert.deepEqual(contrary.warnings, [
      "The judge contradicts itself in 8 of 9 pairs when the responses are swapped.",
    ]);
    assert.deepEqual(rate(...repeat(["tie", "tie"], 5)).warnings, ["The judge called all 5 pairs ties."]);
  });

  it("is the same for the same seed, and refuses an empty list", () => {
    const orders = [...repeat(["a", "a"], 7), ...repeat(["b", "b"], 5)];
    assert.deepEqual(rate(...orders), rate(...orders));
    assert.throws(() => rate(), /win rate: no comparisons given/);
  });
});
