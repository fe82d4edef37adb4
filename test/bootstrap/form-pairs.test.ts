import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { formPairs } from "../../src/bootstrap/form-pairs.js";
import type { PairingName } from "../../src/bootstrap/pairings.js";
import { eos, sample } from "./samples.js";

describe("formPairs", () => {
  it("pairs the best sample of each prompt with the worst and keeps the largest margins", () => {
    const samples = [
      ...[sample("a", 0, [5], 1), sample("a", 1, [6], 3), sample("a", 2, [7], -2)],
      ...[sample("b", 0, [5], 0), sample("b", 1, [6], 9)],
      ...[sample("c", 0, [5], 0), sample("c", 1, [6], 1)],
    ];
    const { pairs, counts } = formPairs(samples, 2, [eos]);
    assert.deepEqual(
      pairs.map(({ id, chosen, rejected, margin }) => [id, chosen.number, rejected.number, margin]),
      [
        ["b", 1, 0, 9],
        ["a", 1, 2, 5],
      ],
    );
    assert.deepEqual(counts, {
      prompts: 3,
      samples: 7,
      empty: 0,
      incomplete: 0,
      identical: 0,
      ties: 0,
      formed: 3,
      kept: 2,
    });
  });

  it("counts truncated samples, and leaves them out if only complete ones are requested", () => {
    const cut = (id: string, number: number, reward: number) => ({
      ...sample(id, number, [5 + number], reward),
      complete: false,
    });
    const samples = [
      cut("a", 0, 9),
      sample("a", 1, [6], 3),
      sample("a", 2, [7], -2),
      cut("b", 0, 1),
      sample("b", 1, [6], 0),
    ];
    const all = formPairs(samples, 9, [eos]);
    assert.deepEqual(
      all.pairs.map(({ id, chosen, rejected }) => [id, chosen.number, rejected.number]),
      [
        ["a", 0, 2],
        ["b", 0, 1],
      ],
    );
    assert.equal(all.counts.incomplete, 2);
    const complete = formPairs(samples, 9, [eos], "best-worst", true);
    assert.deepEqual(
      complete.pairs.map(({ id, chosen, rejected }) => [id, chosen.number, rejected.number]),
      [["a", 1, 2]],
    );
    assert.deepEqual([complete.counts.samples, complete.counts.incomplete, complete.counts.identical], [5, 2, 1]);
  });

  it("takes the earlier of equal rewards and the earlier prompt of equal margins", () => {
    const samples = ["a", "b"].flatMap((id) => [
      sample(id, 0, [5], 1),
      sample(id, 1, [6], 1),
      sample(id, 2, [7], 0),
      sample(id, 3, [8], 0),
    ]);
    const { pairs } = formPairs(samples, 1, [eos]);
    assert.deepEqual(
      pairs.map(({ id, chosen, rejected }) => [id, chosen.number, rejected.number]),
      [["a", 0, 2]],
    );
  });

  it("forms no pair from identical samples or from ties, and counts both", () => {
    const same = [0, 1, 2].map((number) => sample("same", number, [5, 6], 1));
    const tied = [sample("tied", 0, [5], 0.5), sample("tied", 1, [6], 0.5)];
    const { pairs, counts } = formPairs([...same, ...tied], 5, [eos]);
    assert.deepEqual(pairs, []);
    assert.deepEqual([counts.identical, counts.ties, counts.formed, counts.kept], [1, 1, 0, 0]);
  });

  it("treats identical samples as one, so that noise in their rewards forms no pair", () => {
    const samples = [sample("a", 0, [5], 1), sample("a", 1, [5], 1.0001)];
    assert.equal(formPairs(samples, 1, [eos]).counts.identical, 1);
  });

  it("never uses empty samples, whatever their rewards", () => {
    const samples = [
      sample("a", 0, [], 100),
      sample("a", 1, [5], 1),
      sample("a", 2, [6], 2),
      sample("b", 0, [], -100),
      sample("b", 1, [5], 1),
    ];
    const { pairs, counts } = formPairs(samples, 5, [eos]);
    assert.deepEqual(
      pairs.map(({ id, chosen, rejected }) => [id, chosen.number, rejected.number]),
      [["a", 2, 1]],
    );
    assert.deepEqual([counts.empty, counts.identical], [2, 1]);
  });

  it("pairs the best with the median, or each sample with each worse one", () => {
    const samples = [sample("a", 0, [5], 4), sample("a", 1, [6], 3), sample("a", 2, [7], 1), sample("a", 3, [8], 1)];
    const made = (pairing: PairingName) =>
      formPairs(samples, 9, [eos], pairing).pairs.map(({ chosen, rejected }) => [chosen.number, rejected.number]);
    assert.deepEqual(made("best-median"), [[0, 2]]);
    assert.deepEqual(made("all"), [
      [0, 2],
      [0, 3],
      [1, 2],
      [1, 3],
      [0, 1],
    ]);
    const two = formPairs([sample("a", 0, [5], 0), sample("a", 1, [6], 1)], 9, [eos], "best-median").pairs;
    assert.deepEqual(
      two.map(({ chosen, rejected }) => [chosen.number, rejected.number]),
      [[1, 0]],
    );
  });

  it("uses truncated samples and distinguishes them from complete ones with the same tokens", () => {
    const samples = [sample("a", 0, [5], 1, false), sample("a", 1, [5], 2)];
    const { pairs, counts } = formPairs(samples, 5, [eos]);
    assert.equal(pairs.length, 1);
    assert.equal(counts.incomplete, 1);
  });

  it("counts every prompt as identical, tied or formed", () => {
    const samples = fc.array(
      fc.record({
        id: fc.constantFrom("a", "b", "c", "d"),
        tokens: fc.array(fc.integer({ min: 3, max: 5 }), { maxLength: 2 }),
        reward: fc.integer({ min: -3, max: 3 }),
      }),
    );
    fc.assert(
      fc.property(samples, fc.integer({ min: 0, max: 4 }), (all, count) => {
        const { pairs, counts } = formPairs(
          all.map(({ id, tokens, reward }, i) => sample(id, i, tokens, reward)),
          count,
          [eos],
        );
        assert.equal(counts.prompts, counts.identical + counts.ties + counts.formed);
        assert.equal(counts.kept, Math.min(count, counts.formed));
        assert.equal(pairs.length, counts.kept);
        assert.ok(pairs.every(({ margin }, i) => margin > 0 && (i === 0 || margin <= pairs[i - 1]!.margin)));
      }),
    );
  });

  it("refuses a number of pairs that is not a whole number from 0", () => {
    for (const count of [-1, 0.5, NaN]) assert.throws(() => formPairs([], count, [eos]), { name: "InputError" });
  });
});
