import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { agreementOf } from "../../src/stats/agreement.js";

const labels = (counts: Readonly<Record<string, number>>, place: 0 | 1) =>
  Object.entries(counts).flatMap(([pair, count]) => new Array<string>(count).fill(pair[place]!));

describe("agreementOf", () => {
  it("matches Cohen's κ computed by hand", () => {
    // 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: share 0.7, by chance 0.5·0.6 + 0.5·0.4 = 0.5, κ = 0.4.
    const counts = { yy: 20, yn: 5, ny: 10, nn: 15 };
    const { items, share, kappa } = agreementOf(labels(counts, 0), labels(counts, 1));
    assert.deepEqual([items, share], [50, 0.7]);
    assert.ok(Math.abs(kappa! - 0.4) < 1e-12);
  });

  it("has κ = 1 for equal labels, −1 for opposite ones and null if all labels are the same", () => {
    assert.deepEqual(agreementOf(["a", "b"], ["a", "b"]), { items: 2, share: 1, kappa: 1 });
    assert.deepEqual(agreementOf(["a", "b"], ["b", "a"]), { items: 2, share: 0, kappa: -1 });
    assert.deepEqual(agreementOf(["a", "a"], ["a", "a"]), { items: 2, share: 1, kappa: null });
    assert.deepEqual(agreementOf(["a", "a"], ["b", "b"]), { items: 2, share: 0, kappa: 0 });
  });

  it("refuses empty lists and lists of different lengths", () => {
    assert.throws(() => agreementOf([], []), RangeError);
    assert.throws(() => agreementOf(["a"], []), RangeError);
  });
});
