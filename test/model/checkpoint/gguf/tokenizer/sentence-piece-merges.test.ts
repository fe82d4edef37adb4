import assert from "node:assert/strict";
import test from "node:test";
import { mergesOfPieces } from "../../../../../src/model/checkpoint/gguf/tokenizer/sentence-piece-merges.js";

test("mergesOfPieces orders merges by the score of the piece, and the splits of one piece by length and ids", () => {
  const scores: readonly (readonly [string, number])[] = [
    ["a", -9],
    ["b", -9],
    ["c", -9],
    ["bc", -1],
    ["ab", -2],
    ["abc", -3],
    ["é👍", -4],
    ["é", -9],
    ["👍", -9],
  ];
  const pieces = new Map(scores.map(([piece, score], id) => [piece, { id, score }]));
  assert.deepEqual(mergesOfPieces(pieces), [
    ["b", "c"],
    ["a", "b"],
    ["ab", "c"],
    ["a", "bc"],
    ["é", "👍"],
  ]);
});
