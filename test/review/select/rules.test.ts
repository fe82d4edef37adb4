import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Random } from "../../../src/base/random.js";
import {
  capPerPrompt,
  curriculum,
  selectAbove,
  selectBottom,
  selectByLength,
  selectByScore,
  selectionRules,
  selectMiddle,
  selectRandom,
  selectTop,
} from "../../../src/review/index.js";
import { keptPlaces, marginRows } from "../rows.js";

const rows = marginRows([1, -2, 5, 3, 0]);

describe("selectBottom", () => {
  it("keeps the smallest margins", () => assert.deepEqual(keptPlaces(selectBottom(rows, 0.4)), [1, 4]));
});

describe("selectMiddle", () => {
  it("keeps the middle and leaves out as many margins above as below", () => {
    assert.deepEqual(keptPlaces(selectMiddle(rows, 0.6)), [0, 3, 4]);
    assert.deepEqual(keptPlaces(selectMiddle(rows, 0.2)), [0]);
    assert.deepEqual(keptPlaces(selectMiddle(rows, 1)), [0, 1, 2, 3, 4]);
    assert.deepEqual(keptPlaces(selectMiddle(rows, 0)), []);
  });
});

describe("selectRandom", () => {
  it("keeps the given share, the same for the same seed, and needs no margins", () => {
    const kept = (seed: number) =>
      keptPlaces(selectRandom(marginRows([0, 0, 0, 0, 0, 0, 0, 0]), 0.5, Random.seeded(seed)));
    assert.equal(kept(1).length, 4);
    assert.deepEqual(kept(1), kept(1));
    assert.notDeepEqual(kept(1), kept(2));
  });
});

describe("selectAbove", () => {
  it("keeps margins strictly above the threshold, and refuses NaN", () => {
    assert.deepEqual(keptPlaces(selectAbove(rows, 1)), [2, 3]);
    assert.throws(() => selectAbove(rows, NaN), {
      name: "InputError",
      message: "select: found the threshold NaN, expected a number of nats",
    });
  });
});

describe("selectByScore", () => {
  it("keeps the largest score differences, whatever the margins", () => {
    const scored = marginRows(
      [9, 8, 7],
      [
        { chosenScore: 5, rejectedScore: 4 },
        { chosenScore: 3, rejectedScore: 0 },
        { chosenScore: 1, rejectedScore: 2 },
      ],
    );
    assert.deepEqual(keptPlaces(selectByScore(scored, 1 / 3)), [1]);
    assert.deepEqual(keptPlaces(selectByScore(scored, 2 / 3)), [0, 1]);
  });

  it("names a pair without scores", () => {
    assert.throws(() => selectByScore(marginRows([1, 2], [{ chosenScore: 1, rejectedScore: 0 }]), 0.5), {
      name: "InputError",
      message:
        'select by score: the pair "1" has no chosenScore and rejectedScore; use data with scores, or another rule',
    });
  });
});

describe("selectByLength", () => {
  it("keeps the longest chosen responses", () => {
    const long = marginRows([9, 8, 7], [{ chosenLength: 2 }, { chosenLength: 9 }, { chosenLength: 4 }]);
    assert.deepEqual(keptPlaces(selectByLength(long, 2 / 3)), [1, 2]);
  });
});

describe("capPerPrompt", () => {
  it("keeps only the largest of each prompt's kept margins", () => {
    const shared = marginRows(
      [1, 2, 3, 4, 5],
      [{ prompt: "a" }, { prompt: "a" }, { prompt: "a" }, { prompt: "b" }, { prompt: "b" }],
    );
    assert.deepEqual(keptPlaces(capPerPrompt(selectTop(shared, 1), 1)), [2, 4]);
    assert.deepEqual(keptPlaces(capPerPrompt(selectTop(shared, 1), 2)), [1, 2, 3, 4]);
    assert.deepEqual(keptPlaces(capPerPrompt(selectBottom(shared, 0.4), 1)), [1]);
    assert.throws(() => capPerPrompt([], 0), {
      name: "InputError",
      message: "cap per prompt: found 0, expected a whole number of at least 1",
    });
  });
});

describe("curriculum", () => {
  it("orders pairs from large margins to small ones in stages of equal size", () => {
    assert.deepEqual(
      curriculum(marginRows([1, -2, 5, 3]), 2).map(({ stage }) => stage),
      [2, 2, 1, 1],
    );
    assert.deepEqual(
      curriculum(rows, 5).map(({ stage }) => stage),
      [3, 5, 1, 2, 4],
    );
    assert.throws(() => curriculum(rows, 6), {
      name: "InputError",
      message: /^curriculum: found 6 stages for 5 pairs/,
    });
  });
});

describe("every rule", () => {
  it("returns all rows in order, keeps the given share and changes nothing else", () => {
    const random = Random.seeded(1);
    const scored = fc.array(
      fc.record({ ensemble: fc.integer({ min: -9, max: 9 }), chosenScore: fc.integer(), rejectedScore: fc.integer() }),
      { minLength: 2 },
    );
    fc.assert(
      fc.property(scored, fc.double({ noNaN: true, min: 0, max: 1 }), (given, share) => {
        fc.pre(new Set(given.map(({ ensemble }) => ensemble)).size > 1);
        const all = marginRows(
          given.map(({ ensemble }) => ensemble),
          given,
        );
        for (const [name, rule] of Object.entries(selectionRules)) {
          const selected = rule(all, share, random);
          assert.equal(keptPlaces(selected).length, Math.round(share * all.length), name);
          assert.deepEqual(
            selected.map(({ kept: _, ...row }) => row),
            all,
            name,
          );
        }
      }),
    );
  });

  it("refuses a share outside [0, 1]", () => {
    for (const rule of Object.values(selectionRules)) {
      const scored = marginRows(
        [1, 2],
        [
          { chosenScore: 1, rejectedScore: 0 },
          { chosenScore: 1, rejectedScore: 0 },
        ],
      );
      assert.throws(() => rule(scored, 1.5, Random.seeded(1)), {
        name: "InputError",
        message: "select: found 1.5, expected a share in [0, 1]",
      });
    }
  });
});
