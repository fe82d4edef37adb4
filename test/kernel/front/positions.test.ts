import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { completionInCodePoints, toCodePoints, toUtf16 } from "../../../src/kernel/front/positions.js";

describe("cursor positions", () => {
  it("count 😀 once in the protocol and twice in TypeScript", () => {
    assert.equal(toUtf16("a😀b", 2), 3);
    assert.equal(toCodePoints("a😀b", 3), 2);
  });

  it("convert to UTF-16 offsets and back in any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.nat(), (text, number) => {
        const characters = [...text];
        const position = number % (characters.length + 1);
        const offset = toUtf16(text, position);
        assert.equal(offset, characters.slice(0, position).join("").length);
        assert.equal(toCodePoints(text, offset), position);
      }),
    );
  });

  it("are clamped to the end of the text", () => {
    assert.equal(toUtf16("😀", 9), 2);
    assert.equal(toCodePoints("😀", 9), 1);
  });

  it("of a completion are converted in its content and metadata", () => {
    const content = {
      status: "ok",
      matches: ["bc"],
      cursor_start: 2,
      cursor_end: 3,
      metadata: { _jupyter_types_experimental: [{ start: 2, end: 3, text: "bc", type: "property" }], other: "kept" },
    };
    assert.deepEqual(completionInCodePoints("😀b", content), {
      status: "ok",
      matches: ["bc"],
      cursor_start: 1,
      cursor_end: 2,
      metadata: { _jupyter_types_experimental: [{ start: 1, end: 2, text: "bc", type: "property" }], other: "kept" },
    });
  });
});
