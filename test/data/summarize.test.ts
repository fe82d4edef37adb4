import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { summarize } from "../../src/data/summarize.js";
import type { PreferencePair } from "../../src/data/pair.js";
import { byteTokenizer } from "./byte-tokenizer.js";

const pairs: PreferencePair[] = [
  { id: "a", prompt: "héllo", chosen: "12345", rejected: "😀", chosenScore: 3, rejectedScore: 1 },
  { id: "b", prompt: "héllo", chosen: " ", rejected: "123", chosenScore: 4 },
  { id: "c", prompt: [{ role: "user", content: "hi" }], chosen: "12", rejected: "1", flipped: true },
];
const rowsOf = (tokenizer?: Parameters<typeof summarize>[1]) =>
  Object.fromEntries(
    (summarize(pairs, tokenizer).objects() as Record<string, unknown>[]).map(({ measure, unit, ...numbers }) => [
      `${measure} (${unit})`,
      numbers,
    ]),
  );
const rounded = (row: Record<string, unknown> | undefined) => Math.round(Number(row?.mean) * 1000) / 1000;

describe("summarize", () => {
  test("reports counts, lengths, scores and shares", () => {
    const rows = rowsOf();
    assert.deepEqual(rows["pairs per prompt (pairs)"], {
      count: 2,
      mean: 1.5,
      min: 1,
      p5: 1.05,
      median: 1.5,
      p95: 1.95,
      max: 2,
    });
    assert.deepEqual(rows["prompt length (characters)"], {
      count: 3,
      mean: 4,
      min: 2,
      p5: 2.3,
      median: 5,
      p95: 5,
      max: 5,
    });
    assert.deepEqual([rows["rejected length (characters)"]!.min, rows["rejected length (characters)"]!.max], [1, 3]);
    assert.equal(rounded(rows["chosen longer in characters (share)"]), 0.667);
    assert.deepEqual([rows["chosen score (score)"]!.count, rows["chosen score (score)"]!.mean], [2, 3.5]);
    assert.deepEqual([rows["score difference (score)"]!.count, rows["score difference (score)"]!.mean], [1, 2]);
    assert.equal(rounded(rows["chosen blank (share)"]), 0.333);
    assert.equal(rows["rejected blank (share)"]!.mean, 0);
    assert.equal(rounded(rows["flipped (share)"]), 0.333);
    assert.ok(!Object.keys(rows).some((name) => name.includes("tokens")));
  });

  test("reports lengths in tokens if a tokenizer is given", () => {
    const rows = rowsOf(byteTokenizer({ bos: true }));
    // "😀" is four bytes, and one token ends the response.
    assert.equal(rows["rejected length (tokens)"]!.max, 5);
    assert.equal(rows["prompt length (tokens)"]!.max, 1 + "<user>hi<assistant>".length);
    assert.equal(rounded(rows["chosen longer in tokens (share)"]), 0.667);
  });

  test("returns a table without rows for no pairs", () => assert.equal(summarize([]).numRows(), 0));
});
