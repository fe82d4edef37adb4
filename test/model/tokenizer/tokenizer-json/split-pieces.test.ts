import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { splitPieces } from "../../../../src/model/tokenizer/tokenizer-json/split-pieces.js";

const textsOf = (text: string, pattern: RegExp) =>
  splitPieces([{ text, at: 0 }], pattern, "Isolated").map((piece) => piece.text);

describe("splitPieces", () => {
  it("advances by whole characters after an empty match", () => {
    assert.deepEqual(textsOf("a😀b", /x*/gu), ["a", "😀", "b"]);
    assert.deepEqual(textsOf("a😀b", /(?=b)/gu), ["a😀", "b"]);
  });

  it("starts at the beginning of the text, whatever the lastIndex of the pattern", () => {
    const pattern = /o/gu;
    pattern.lastIndex = 3;
    assert.deepEqual(textsOf("oxo", pattern), ["o", "x", "o"]);
  });
});
