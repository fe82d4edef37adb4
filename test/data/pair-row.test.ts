import assert from "node:assert/strict";
import { test } from "node:test";
import { pairRow } from "../../src/data/pair-row.js";

test("a pair's row has its tokens as lists and marks a flipped label", () => {
  const pair = { id: "a", prompt: Int32Array.of(1, 2), chosen: Int32Array.of(3), rejected: Int32Array.of(4) };
  assert.equal(JSON.stringify(pairRow(pair)), '{"id":"a","prompt":[1,2],"chosen":[3],"rejected":[4]}');
  assert.equal(
    JSON.stringify(pairRow({ ...pair, flipped: true })),
    '{"id":"a","prompt":[1,2],"chosen":[3],"rejected":[4],"flipped":true}',
  );
});
