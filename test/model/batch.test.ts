import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { exactShape, layOut, roundUp, type TokenSequence } from "../../src/model/batch.js";

const sequence = (prompt: number[], response: number[]): TokenSequence => ({
  prompt: Int32Array.from(prompt),
  response: Int32Array.from(response),
});

const ids = fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 9 });
const sequences = fc.array(fc.tuple(ids, ids).map(([prompt, response]) => sequence(prompt, response)), {
  minLength: 1,
  maxLength: 5,
});

describe("exactShape", () => {
  it("is the number of rows, the longest row and all response tokens", () => {
    assert.deepEqual(exactShape([sequence([1, 2], [3]), sequence([4], [5, 6, 7])]), { rows: 2, length: 4, completions: 4 });
  });
});

describe("roundUp", () => {
  it("goes 1, 2, 3, 4, 6, 8, 12, 16, 24", () => {
    const steps = new Set(Array.from({ length: 24 }, (_, i) => roundUp(i + 1)));
    assert.deepEqual([...steps], [1, 2, 3, 4, 6, 8, 12, 16, 24]);
  });

  it("is the next of its own values, and less than half more", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1 << 20 }), (size) => {
        const rounded = roundUp(size);
        assert.ok(rounded >= size && rounded < 1.5 * size);
        assert.equal(roundUp(rounded), rounded);
      }),
    );
  });
});

describe("layOut", () => {
  it("puts rows after each other and points at the token before each response token", () => {
    const rows = [sequence([11, 12], [13]), sequence([21], [22, 23])];
    assert.deepEqual(layOut(rows, { rows: 3, length: 4, completions: 5 }, 0, 0.5), {
      tokens: Int32Array.of(11, 12, 13, 0, 21, 22, 23, 0, 0, 0, 0, 0),
      position: Int32Array.of(1, 4, 5, 0, 0),
      target: Int32Array.of(13, 22, 23, 0, 0),
      row: Int32Array.of(0, 1, 1, 0, 0),
      weight: Float32Array.of(0.5, 0.5, 0.5, 0, 0),
    });
  });

  it("can be read back whatever the sequences and the padding", () => {
    fc.assert(
      fc.property(sequences, fc.nat(3), fc.nat(3), fc.nat(3), (given, moreRows, moreLength, moreCompletions) => {
        const exact = exactShape(given);
        const shape = {
          rows: exact.rows + moreRows,
          length: exact.length + moreLength,
          completions: exact.completions + moreCompletions,
        };
        const { tokens, position, target, row, weight } = layOut(given, shape, 0);
        const counted = [...weight.keys()].filter((i) => weight[i] !== 0);
        given.forEach(({ prompt, response }, r) => {
          const own = counted.filter((i) => row[i] === r);
          assert.deepEqual(own.map((i) => target[i]), [...response]);
          assert.deepEqual(own.map((i) => tokens[position[i]! + 1]), [...response]);
          assert.equal(position[own[0]!], r * shape.length + prompt.length - 1);
          assert.deepEqual(tokens.subarray(r * shape.length, r * shape.length + prompt.length), prompt);
        });
        assert.equal(counted.length, exact.completions);
      }),
    );
  });

  it("says what does not fit", () => {
    const rows = [sequence([1], [2, 3])];
    for (const shape of [
      { rows: 0, length: 3, completions: 2 },
      { rows: 1, length: 2, completions: 2 },
      { rows: 1, length: 3, completions: 1 },
    ]) {
      assert.throws(() => layOut(rows, shape, 0), /^RangeError: a batch of .*"length":3.* does not fit/);
    }
  });
});
