import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Random } from "../../src/base/random.js";
import { drawSegment, isRewrittenWhole, withSegment } from "../../src/bootstrap/segment.js";

const response = Int32Array.from({ length: 12 }, (_, i) => i);
const written = Int32Array.of(90, 91, 92, 93);

describe("drawSegment", () => {
  it("starts uniformly at any position that leaves three tokens after the segment", () => {
    const random = Random.seeded(1);
    const starts = Array.from({ length: 600 }, () => drawSegment(12, 4, random).start);
    const counts = Array.from({ length: 6 }, (_, start) => starts.filter((each) => each === start).length);
    assert.equal(
      counts.reduce((a, b) => a + b, 0),
      600,
    );
    // 100 each, with a standard deviation of 9.
    assert.ok(
      counts.every((count) => count > 60 && count < 140),
      counts.join(),
    );
  });

  it("rewrites the whole of a response shorter than the segment plus three tokens", () => {
    assert.deepEqual(
      [6, 7].map((length) => isRewrittenWhole(length, 4)),
      [true, false],
    );
    assert.deepEqual(drawSegment(6, 4, Random.seeded(1)), { start: 0, most: 4, isWhole: true });
    assert.deepEqual(drawSegment(7, 4, Random.seeded(1)), { start: 0, most: 4, isWhole: false });
  });
});

describe("withSegment", () => {
  it("puts the generated tokens between those before and after the segment", () => {
    assert.deepEqual(
      [...withSegment(response, { start: 3, most: 4, isWhole: false }, written, false)],
      [0, 1, 2, 90, 91, 92, 93, 7, 8, 9, 10, 11],
    );
  });

  it("drops the tokens after the segment if the generation ended the response", () => {
    assert.deepEqual(
      [...withSegment(response, { start: 3, most: 4, isWhole: false }, written.subarray(0, 2), true)],
      [0, 1, 2, 90, 91],
    );
  });

  it("keeps nothing of a response that is rewritten as a whole, complete or not", () => {
    for (const complete of [true, false])
      assert.deepEqual(
        [...withSegment(response, { start: 0, most: 4, isWhole: true }, written, complete)],
        [...written],
      );
  });

  it("never lengthens a response unless it is rewritten as a whole", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 20 }),
        fc.boolean(),
        fc.nat(),
        (length, most, complete, seed) => {
          const segment = drawSegment(length, most, Random.seeded(seed));
          const own = new Int32Array(complete ? 1 + (seed % most) : most).fill(-1);
          const made = withSegment(new Int32Array(length), segment, own, complete);
          assert.ok(made.length <= (segment.isWhole ? most : length));
          if (!complete && !segment.isWhole) assert.equal(made.length, length);
        },
      ),
    );
  });
});
