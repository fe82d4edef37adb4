import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { dequantizeRows, quantizeRows, widenTo8 } from "../../../../src/model/parameters/quantization/quantize.js";

/** A block that begins with these numbers; the others are 0. */
const block = (...numbers: number[]) => Float32Array.from({ length: 32 }, (_, i) => numbers[i] ?? 0);

const finite = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 });
const blocks = fc
  .integer({ min: 1, max: 3 })
  .chain((count) => fc.array(finite, { minLength: 32 * count, maxLength: 32 * count }))
  .map((numbers) => Float32Array.from(numbers));

describe("quantizing rows", () => {
  it("in 8 bits divides by the largest magnitude / 127 and rounds halves away from 0", () => {
    const { blocks, scales } = quantizeRows(block(-254, 2, 1, -1, 0.98, 127), 1, 32, 8, "w");
    assert.deepEqual([...scales], [2]);
    assert.deepEqual(
      [...blocks.subarray(0, 7)],
      [-127, 1, 1, -1, 0, 64, 0].map((q) => q + 128),
    );
  });

  it("in 4 bits maps the largest magnitude to −8 and packs the first value into the lower half of a byte", () => {
    const { blocks, scales } = quantizeRows(block(4, 1, -4, 0.25, -0.2), 1, 32, 4, "w");
    assert.deepEqual([...scales], [-0.5]);
    // 4 / −0.5 is −8; 1 gives −2; −4 would give 8, clamped to 7; 0.25 gives −0.5, rounded to −1; −0.2 gives 0.
    assert.deepEqual([...blocks.subarray(0, 3)], [0 | (6 << 4), 15 | (7 << 4), 8 | (8 << 4)]);
  });

  it("keeps a block of zeros, with a scale of 0", () => {
    for (const bits of [8, 4] as const) {
      const rows = quantizeRows(block(), 1, 32, bits, "w");
      assert.ok(Object.is(rows.scales[0], 0));
      assert.deepEqual(dequantizeRows(rows), new Float32Array(32));
    }
  });

  it("has an error of at most half a scale, or one scale for 4-bit values beyond 7 scales", () => {
    fc.assert(
      fc.property(blocks, fc.constantFrom<[4, 8]>(4, 8), (numbers, bits) => {
        const rows = quantizeRows(numbers, 1, numbers.length, bits, "w");
        dequantizeRows(rows).forEach((found, i) => {
          const scale = Math.abs(rows.scales[i >> 5]!);
          const most = bits === 4 && Math.abs(numbers[i]!) > 7 * scale ? 1 : 0.5;
          assert.ok(
            Math.abs(found - numbers[i]!) <= most * scale * (1 + 1e-5) + 1e-38,
            `${numbers[i]} became ${found} with a scale of ${scale}`,
          );
        });
      }),
    );
  });

  it("reproduces 8-bit blocks from their dequantized values", () => {
    fc.assert(
      fc.property(blocks, (numbers) => {
        const rows = quantizeRows(numbers, 1, numbers.length, 8, "w");
        fc.pre(rows.scales.every((scale) => scale === 0 || scale > 1e-30));
        assert.deepEqual(quantizeRows(dequantizeRows(rows), 1, numbers.length, 8, "w").blocks, rows.blocks);
      }),
    );
  });

  it("widens 4 bits to 8 bits without loss", () => {
    const rows = quantizeRows(
      Float32Array.from({ length: 64 }, (_, i) => Math.sin(i) * (i + 1)),
      2,
      32,
      4,
      "w",
    );
    const wide = widenTo8(rows);
    assert.equal(wide.bits, 8);
    assert.deepEqual(dequantizeRows(wide), dequantizeRows(rows));
    assert.equal(widenTo8(wide), wide);
  });

  it("throws an InputError for NaN and infinity", () => {
    assert.throws(() => quantizeRows(block(1, NaN), 1, 32, 8, "lm_head.weight"), {
      name: "InputError",
      message: /^weights: found NaN in lm_head\.weight/,
    });
    assert.throws(() => quantizeRows(block(-Infinity), 1, 32, 4, "w"), /^InputError: weights: found -Infinity/);
  });
});
