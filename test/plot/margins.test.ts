import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { margins } from "../../src/plot/margins.js";
import type { MarginRow } from "../../src/plot/rows.js";

interface Bin {
  readonly review: string;
  readonly selection: string;
  readonly from: number;
  readonly to: number;
  readonly pairs: number;
}

interface Threshold {
  readonly review: string;
  readonly threshold: number;
}

function rowsOf(rows: readonly MarginRow[]): (Bin | Threshold)[] {
  return (margins(rows) as unknown as { data: { values: (Bin | Threshold)[] } }).data.values;
}

function binsOf(rows: readonly MarginRow[]): Bin[] {
  return rowsOf(rows).filter((row) => "pairs" in row);
}

function thresholdsOf(rows: readonly MarginRow[]): number[] {
  return rowsOf(rows).flatMap((row) => ("threshold" in row ? row.threshold : []));
}

const pair = (ensemble: number, kept: boolean, flipped = false): MarginRow => ({
  iteration: 2,
  ensemble,
  kept,
  flipped,
});

it("every pair is counted once, in its selection and panel", () => {
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
            .filter(
              (bin) =>
                bin.selection === (kept ? "kept" : "dropped") &&
                bin.review.startsWith(`before iteration ${iteration}:`),
            )
            .reduce((sum, bin) => sum + bin.pairs, 0);
          assert.equal(counted, rows.filter((each) => each.kept === kept && each.iteration === iteration).length);
        }
      }
    }),
  );
});

it("equal margins have one bin", () => {
  const bins = binsOf([1, 2, 3].map(() => ({ iteration: 2, ensemble: 0.25, kept: true })));
  assert.equal(bins.length, 1);
  assert.equal(bins[0]!.pairs, 3);
  assert.ok(bins[0]!.from <= 0.25 && 0.25 <= bins[0]!.to && bins[0]!.from < bins[0]!.to);
});

it("nearly equal margins share a bin", () => {
  for (const ensemble of [5e-324, 1e-300, 2e-16]) {
    const rows = [0, ensemble].map((each) => ({ iteration: 2, ensemble: each, kept: true }));
    assert.deepEqual(
      binsOf(rows).map((bin) => bin.pairs),
      [2],
    );
  }
});

it("the threshold is the smallest kept margin", () => {
  assert.deepEqual(thresholdsOf([pair(-1, false), pair(0.25, false), pair(0.5, true), pair(3, true)]), [0.5]);
  assert.deepEqual(thresholdsOf([pair(0.5, false), pair(0.5, true)]), [0.5]);
});

it("there is no threshold if all or no pairs were kept, or if the margin did not decide", () => {
  for (const rows of [[pair(1, true)], [pair(1, false)], [pair(1, true), pair(2, false)]])
    assert.deepEqual(thresholdsOf(rows), []);
});

it("a panel states how many pairs were kept, and the subtitle how many flipped labels were dropped", () => {
  const spec = margins([pair(-1, false, true), pair(-0.5, true, true), pair(1, true)]);
  const { data, title } = spec as unknown as { data: { values: Bin[] }; title: { subtitle: string[] } };
  assert.equal(data.values[0]!.review, "before iteration 2: 2 of 3 kept, margin ≥ −0.50");
  assert.equal(title.subtitle[1], "flipped labels dropped: 1 of 2");
});
