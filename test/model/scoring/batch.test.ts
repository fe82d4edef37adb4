import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { exactShape, layOut, roundUp, rowsOf, type Row, type TokenSequence } from "../../../src/model/scoring/batch.js";

const sequence = (prompt: number[], response: number[]): TokenSequence => ({
  prompt: Int32Array.from(prompt),
  response: Int32Array.from(response),
});

const ids = fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 9 });
/** One to three responses to a prompt. */
const row: fc.Arbitrary<Row> = fc
  .tuple(ids, fc.array(ids, { minLength: 1, maxLength: 3 }))
  .map(([prompt, responses]) => responses.map((response) => sequence(prompt, response)));
const rows = fc.array(row, { minLength: 1, maxLength: 5 });

describe("rowsOf", () => {
  const [a, b, c, d] = [
    sequence([1, 2], [3]),
    sequence([1, 2], [4, 5]),
    sequence([1], [6]),
    sequence([1, 2], [7]),
  ] as const;

  it("puts consecutive sequences with the same prompt in one row", () => {
    assert.deepEqual(rowsOf([a, b, c, d], true), [[a, b], [c], [d]]);
  });

  it("puts each sequence in its own row if prompts are not shared", () => {
    assert.deepEqual(rowsOf([a, b, c, d], false), [[a], [b], [c], [d]]);
  });
});

describe("exactShape", () => {
  it("returns the numbers of rows, responses and response tokens, and the length of the longest row", () => {
    const single = [[sequence([1, 2], [3])], [sequence([4], [5, 6, 7])]];
    assert.deepEqual(exactShape(single), { rows: 2, length: 4, responses: 2, completions: 4, sharesPrompts: false });
  });

  it("counts a shared prompt once", () => {
    const shared = [[sequence([1, 2], [3]), sequence([1, 2], [5, 6, 7])]];
    assert.deepEqual(exactShape(shared), { rows: 1, length: 6, responses: 2, completions: 4, sharesPrompts: true });
  });
});

describe("roundUp", () => {
  it("returns the values 1, 2, 3, 4, 6, 8, 12, 16 and 24", () => {
    const steps = new Set(Array.from({ length: 24 }, (_, i) => roundUp(i + 1)));
    assert.deepEqual([...steps], [1, 2, 3, 4, 6, 8, 12, 16, 24]);
  });

  it("is idempotent and returns less than 1.5 times the size", () => {
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
  it("concatenates rows and points to the token before each response token", () => {
    const given = [[sequence([11, 12], [13])], [sequence([21], [22, 23])]];
    assert.deepEqual(
      layOut(given, { rows: 3, length: 4, responses: 3, completions: 5, sharesPrompts: false }, 0, 0.5),
      {
        tokens: Int32Array.of(11, 12, 13, 0, 21, 22, 23, 0, 0, 0, 0, 0),
        position: Int32Array.of(1, 4, 5, 0, 0),
        target: Int32Array.of(13, 22, 23, 0, 0),
        response: Int32Array.of(0, 1, 1, 0, 0),
        weight: Float32Array.of(0.5, 0.5, 0.5, 0, 0),
      },
    );
  });

  it("puts responses after their shared prompt, each with the positions directly after it", () => {
    const given = [[sequence([11, 12], [13, 14]), sequence([11, 12], [15])], [sequence([21], [22])]];
    assert.deepEqual(layOut(given, { rows: 2, length: 6, responses: 3, completions: 4, sharesPrompts: true }, 0), {
      tokens: Int32Array.of(11, 12, 13, 14, 15, 0, 21, 22, 0, 0, 0, 0),
      position: Int32Array.of(1, 2, 1, 6),
      target: Int32Array.of(13, 14, 15, 22),
      response: Int32Array.of(0, 0, 1, 2),
      weight: Float32Array.of(1, 1, 1, 1),
      place: Int32Array.of(0, 1, 2, 3, 2, 0, 0, 1, 0, 0, 0, 0),
      visibleUntil: Int32Array.of(5, 5, 3, 3, 4, 0, 5, 1, 0, 0, 0, 0),
    });
  });

  it("preserves every sequence for any rows and padding", () => {
    fc.assert(
      fc.property(
        rows,
        fc.nat(3),
        fc.nat(3),
        fc.nat(3),
        fc.nat(3),
        (given, moreRows, moreLength, moreResponses, moreCompletions) => {
          const exact = exactShape(given);
          const shape = {
            rows: exact.rows + moreRows,
            length: exact.length + moreLength,
            responses: exact.responses + moreResponses,
            completions: exact.completions + moreCompletions,
            sharesPrompts: true,
          };
          const { tokens, position, target, response, weight, place, visibleUntil } = layOut(given, shape, 0);
          const counted = [...weight.keys()].filter((i) => weight[i] !== 0);
          assert.equal(counted.length, exact.completions);
          let number = 0;
          given.forEach((sequences, r) => {
            const begin = r * shape.length;
            let last = sequences[0]!.prompt.length - 1;
            for (const { prompt, response: tokensOf } of sequences) {
              last += tokensOf.length;
              const seen = Array.from({ length: last + 1 }, (_, k) => k).filter(
                (k) => visibleUntil![begin + k]! >= last,
              );
              assert.deepEqual(
                seen.map((k) => tokens[begin + k]),
                [...prompt, ...tokensOf],
              );
              assert.deepEqual(
                seen.map((k) => place![begin + k]),
                [...seen.keys()],
              );
              const own = counted.filter((i) => response[i] === number);
              assert.deepEqual(
                own.map((i) => target[i]),
                [...tokensOf],
              );
              assert.deepEqual(
                own.map((i) => position[i]! - begin),
                seen.slice(prompt.length - 1, -1),
              );
              number++;
            }
          });
        },
      ),
    );
  });

  it("throws a RangeError that names the batch and the shape if they do not fit", () => {
    const given = [[sequence([1], [2, 3])]];
    const fitting = { rows: 1, length: 3, responses: 1, completions: 2, sharesPrompts: false };
    layOut(given, fitting, 0);
    for (const size of ["rows", "length", "responses", "completions"] as const) {
      const tooSmall = { ...fitting, [size]: fitting[size] - 1 };
      assert.throws(() => layOut(given, tooSmall, 0), /^RangeError: a batch of .*"length":3.* does not fit/);
    }
    const shared = [[sequence([1], [2]), sequence([1], [3])]];
    assert.throws(
      () => layOut(shared, { ...fitting, responses: 2 }, 0),
      /^RangeError: .*"sharesPrompts":true.* does not fit .*"sharesPrompts":false/,
    );
  });
});
