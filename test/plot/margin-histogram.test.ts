import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { marginHistogram } from "../../src/plot/margin-histogram.js";
import type { MarginRow } from "../../src/plot/rows.js";

interface Bin {
  readonly review: string;
  readonly selection: string;
  readonly from: number;
  readonly to: number;
  readonly pairs: number;
}

function binsOf(rows: readonly MarginRow[]): Bin[] {
  return (marginHistogram(rows) as unknown as { data: { values: Bin[] } }).data.values;
}

it("every pair is counted once, on its side and in its panel", () => {
  const row = fc.record({
    iteration: fc.integer({ min: 2, max: 4 }),
    ensemble: fc.double({ min: -1e3, max: 1e3, noNaN: true }),
    kept: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 80 }), (rows) => {
      const bins = binsOf(rows);
      for (const kept of [true, false]) {
        for (const iteration of [2, 3, 4]) {
          const counted = bins
            .filter((bin) => bin.selection === (kept ? "kept" : "dropped") && bin.review === `before iteration ${iteration}`)
            .reduce((sum, bin) => sum + bin.pairs, 0);
          assert.equal(counted, rows.filter((each) => each.kept === kept && each.iteration === iteration).length);
        }
      }
    }),
  );
});

it("margins that are all the same have one bin", () => {
  const bins = binsOf([1, 2, 3].map(() => ({ iteration: 2, ensemble: 0.25, kept: true })));
  assert.equal(bins.length, 1);
  assert.equal(bins[0]!.pairs, 3);
  assert.ok(bins[0]!.from <= 0.25 && 0.25 <= bins[0]!.to && bins[0]!.from < bins[0]!.to);
});

it("margins that all but coincide share a bin", () => {
  for (const ensemble of [5e-324, 1e-300, 2e-16]) {
    const rows = [0, ensemble].map((each) => ({ iteration: 2, ensemble: each, kept: true }));
    assert.deepEqual(binsOf(rows).map((bin) => bin.pairs), [2]);
  }
});
