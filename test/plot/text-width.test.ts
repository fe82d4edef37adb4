import assert from "node:assert/strict";
import { it } from "node:test";
import { linesOf, textWidth } from "../../src/plot/text-width.js";

it("widths are within 15 % of Helvetica's", () => {
  // Advance widths from Adobe's Helvetica metrics, in 1/1000 em: "Win rate" is 3723.
  for (const [text, em] of [
    ["Win rate", 3.723],
    ["illicit", 1.888],
    ["0.125", 2.502],
  ] as const) {
    assert.ok(Math.abs(textWidth({ fontSize: 10 }, text) / (10 * em) - 1) < 0.15, text);
  }
});

it("empty text and null have width 0", () => {
  assert.equal(textWidth({}, ""), 0);
  assert.equal(textWidth({}, null), 0);
});

it("lines break between words, and a word that is too long gets its own line", () => {
  assert.deepEqual(linesOf("one two three", 1000), ["one two three"]);
  assert.deepEqual(linesOf("one two three", 55), ["one two", "three"]);
  assert.deepEqual(linesOf("a unbreakablyLongWord b", 30), ["a", "unbreakablyLongWord", "b"]);
});
