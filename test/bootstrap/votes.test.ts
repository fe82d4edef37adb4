import assert from "node:assert/strict";
import test from "node:test";
import { Random } from "../../src/base/random.js";
import { drawVotes } from "../../src/bootstrap/index.js";

test("each pair of responses gets all votes, in the shares of the Bradley–Terry model", () => {
  const [scores, voters, temperature] = [[2, 1, 2.5], 20_000, 0.8];
  const wins = drawVotes(scores, voters, temperature, Random.seeded(1));
  for (const [i, j] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const) {
    assert.equal(wins[i]![j]! + wins[j]![i]!, voters);
    const share = 1 / (1 + Math.exp((scores[j]! - scores[i]!) / temperature));
    assert.ok(Math.abs(wins[i]![j]! / voters - share) < 4 * Math.sqrt((share * (1 - share)) / voters));
  }
  assert.ok(wins.every((row, i) => row[i] === 0));
  assert.deepEqual(drawVotes(scores, 5, 1, Random.seeded(3)), drawVotes(scores, 5, 1, Random.seeded(3)));
});

test("scores far apart get a unanimous vote", () => {
  assert.deepEqual(drawVotes([0, 1e6], 9, 1e-3, Random.seeded(1)), [
    [0, 0],
    [9, 0],
  ]);
});
