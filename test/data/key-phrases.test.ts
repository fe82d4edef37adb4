import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { keyPhrases } from "../../src/data/key-phrases.js";

const found = (text: string) => keyPhrases(text).map(({ start, end, score }) => [text.slice(start, end), score]);

test("phrases are runs of words between stop words and punctuation, scored by degree over frequency", () => {
  // deep 5/2 (in phrases of 3 and 2), learning 5/2, models 3, networks 1, works 1.
  assert.deepEqual(found("Deep learning models are networks. It works with deep learning"), [
    ["Deep learning models", 8],
    ["deep learning", 5],
    ["networks", 1],
    ["works", 1],
  ]);
});

test("a text of stop words and punctuation has no phrases", () => {
  assert.deepEqual([found(""), found("It is what it is, and that is that.")], [[], []]);
});

test("phrases do not overlap and contain no punctuation, except apostrophes and hyphens within words", () => {
  const marks = [". ", ", ", "; ", ": ", "! ", "? ", " (", ") ", ' "', "“", " — ", "…", "/", "、", "¿"];
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", "b", "the ", " ", "soup", "’", "-", ...marks) }), (text) => {
      const phrases = keyPhrases(text).toSorted((a, b) => a.start - b.start);
      phrases.forEach(({ start, end }, i) =>
        assert.ok(
          start < end &&
            end <= (phrases[i + 1]?.start ?? text.length) &&
            /^\w+(?:(?:[’-]| +)\w+)*$/.test(text.slice(start, end)),
        ),
      );
    }),
  );
});
