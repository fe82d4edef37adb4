import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { agreementOf } from "../../src/stats/agreement.js";

const labels = (counts: Readonly<Record<string, number>>, place: 0 | 1) =>
  Object.entries(counts).flatMap(([pair, count]) => new Array<string>(count).fill(pair[place]!));

describe("agreementOf", () => {
  it("is Cohen's κ, by hand", () => {
    // 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: share 0.7, by chance 0.5·0.6 + 0.5·0.4 = 0.5, κ = 0.4.
    const counts = { yy: 20, yn: 5, ny: 10, nn: 15 };
    const { items, share, kappa } = agreementOf(labels(counts, 0), labels(counts, 1));
    assert.deepEqual([items, share], [50, 0.7]);
    assert.ok(Math.abs(kappa! - 0.4) < 1e-12);
  });

  it("is 1 for the same, −1 for the opposite, and none where there is nothing to tell apart", () => {
    assert.deepEqual(agreementOf(["a", "b"], ["a", "b"]), { items: 2, share: 1, kappa: 1 });
    assert.deepEqual(agreementOf(["a", "b"], ["b", "a"]), { items: 2, share: 0, kappa: -1 });
    assert.deepEqual(agreementOf(["a", "a"], ["a", "a"]), { items: 2, share: 1, kappa: null });
    assert.deepEqual(agreementOf(["a", "a"], ["b", "b"]), { items: 2, share: 0, kappa: 0 });
  });

  it("refuses none, and unequally many", () => {
    assert.throws(() => agreementOf([], []), RangeError);
    assert.throws(() => agreementOf(["a"], []), RangeError);
  });
});
