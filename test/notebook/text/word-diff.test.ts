import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { wordDiff } from "../../../src/notebook/text/word-diff.js";

it("words that differ are separated from shared ones", () => {
  assert.deepEqual(wordDiff("The sky is green today.", "The sky is blue."), {
    rejected: [
      { text: "The sky is ", shared: true },
      { text: "green today", shared: false },
      { text: ".", shared: true },
    ],
    chosen: [
      { text: "The sky is ", shared: true },
      { text: "blue", shared: false },
      { text: ".", shared: true },
    ],
    merged: [
      { text: "The sky is ", side: "both" },
      { text: "green today", side: "rejected" },
      { text: "blue", side: "chosen" },
      { text: ".", side: "both" },
    ],
  });
});

it("whitespace is not compared, and each side keeps its own", () => {
  const diff = wordDiff("one\n\ntwo ", "one two");
  assert.deepEqual(diff?.rejected, [{ text: "one\n\ntwo ", shared: true }]);
  assert.deepEqual(diff?.chosen, [{ text: "one two", shared: true }]);
});

it("scripts without spaces are compared by character", () => {
  assert.deepEqual(
    wordDiff("天空是绿色", "天空是蓝色")?.chosen.map(({ text }) => text),
    ["天空是", "蓝", "色"],
  );
});

it("texts with too little in common have no diff", () => {
  assert.equal(wordDiff("one two three four", "five six seven one"), undefined);
  assert.ok(wordDiff("one two three", "one six seven"));
  assert.equal(wordDiff("a ".repeat(9000), "b ".repeat(9000)), undefined);
});

it("the pieces of each side join to its text", () => {
  const text = fc.array(
    fc.oneof(fc.constantFrom("a", "b", "don't", " ", "\n", "é", "空", "👍🏽", "."), fc.string({ unit: "binary" })),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(text, text, (rejected, chosen) => {
      const diff = wordDiff(rejected.join(""), chosen.join(""));
      if (!diff) return;
      assert.equal(diff.rejected.map((piece) => piece.text).join(""), rejected.join(""));
      assert.equal(diff.chosen.map((piece) => piece.text).join(""), chosen.join(""));
    }),
  );
});
