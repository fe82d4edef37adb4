import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { selectTop } from "../../../src/review/select/top.js";
import { keptPlaces, marginRows } from "../rows.js";

const kept = (ensembles: readonly number[], share: number) => keptPlaces(selectTop(marginRows(ensembles), share));

describe("selectTop", () => {
  it("keeps the largest margins and returns all rows in order", () => {
    assert.deepEqual(kept([1, -2, 5, 3], 0.5), [2, 3]);
    const rows = selectTop(marginRows([1, -2]), 0.5);
    assert.deepEqual(
      rows.map(({ id, ensemble }) => [id, ensemble]),
      [
        ["0", 1],
        ["1", -2],
      ],
    );
  });

  it("keeps the earlier of equal margins", () => {
    assert.deepEqual(kept([2, 2, 2, 2, 1], 0.4), [0, 1]);
    assert.deepEqual(kept([1, 2, 1, 2, 1], 0.6), [0, 1, 3]);
  });

  it("rounds to the nearest number of pairs; a share of 0 keeps none and 1 keeps all", () => {
    assert.equal(kept([4, 3, 2, 1, 0], 0.7).length, 4);
    assert.equal(kept([4, 3, 2, 1, 0], 0.29).length, 1);
    assert.deepEqual(kept([4, 3, 2], 0), []);
    assert.deepEqual(kept([4, 3, 2], 1), [0, 1, 2]);
    assert.deepEqual(selectTop([], 0.5), []);
  });

  it("keeps no margin smaller than one that it drops", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, min: -50, max: 50 }), { minLength: 1 }),
        fc.double({ noNaN: true, min: 0, max: 1 }),
        (all, share) => {
          fc.pre(all.length > 1 && new Set(all).size > 1);
          const rows = selectTop(marginRows(all), share);
          const largestDropped = Math.max(...rows.filter((row) => !row.kept).map(({ ensemble }) => ensemble));
          assert.ok(rows.every((row) => !row.kept || row.ensemble >= largestDropped));
          assert.equal(rows.filter((row) => row.kept).length, Math.round(share * all.length));
        },
      ),
    );
  });

  it("refuses margins that are all equal, and shares outside [0, 1]", () => {
    assert.throws(() => kept([0, 0, 0], 0.5), {
      name: "InputError",
      message: "select: all margins are 0; the policy must be trained before pairs are selected by its margins",
    });
    assert.throws(() => kept([2, 2, 2], 0.5), {
      name: "InputError",
      message: 'select: all margins are 2, so they cannot rank the pairs; use the rule "random", which needs none',
    });
    for (const share of [-0.1, 1.1, NaN]) {
      assert.throws(() => kept([1, 2], share), {
        name: "InputError",
        message: `select: found ${share}, expected a share in [0, 1]`,
      });
    }
  });
});
