import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "node:test";
import { regularizedLoss, regularizedValues, trust, type ActionData } from "../../src/tabular/index.js";

/** A distribution over actions, some of them possibly missing, with targets, a baseline and α. */
const bandits = fc
  .tuple(
    fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.double({ min: -5, max: 5, noNaN: true })), {
      minLength: 1,
      maxLength: 8,
    }),
    fc.double({ min: -5, max: 5, noNaN: true }),
    fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
  )
  .filter(([actions]) => actions.some(([count]) => count > 0))
  .map(([actions, baseline, alpha]) => {
    const total = actions.reduce((sum, [count]) => sum + count, 0);
    return {
      data: {
        behaviour: actions.map(([count]) => count / total),
        targets: actions.map(([, target]) => target),
        baseline,
      } satisfies ActionData,
      alpha,
    };
  });

describe("regularized values", () => {
  it("match the closed form computed by hand", () => {
    const data = { behaviour: [0.75, 0.25, 0, 0], targets: [1, 3, NaN, 100], baseline: -1 };
    // u = ¼ and α = 2: (π·T + ½·b) / (π + ½).
    assert.deepEqual(
      regularizedValues(data, 2).map((value) => Number(value.toFixed(12))),
      [(0.75 - 0.5) / 1.25, (0.75 - 0.5) / 0.75, -1, -1].map((value) => Number(value.toFixed(12))),
    );
    assert.deepEqual(
      trust([0.75, 0.25, 0, 0], 2).map((share) => Number(share.toFixed(12))),
      [0.6, 0.333333333333, 0, 0],
    );
  });

  it("minimize the loss to machine precision", () => {
    fc.assert(
      fc.property(
        bandits,
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 }),
        ({ data, alpha }, moves) => {
          const values = regularizedValues(data, alpha);
          const { behaviour, targets, baseline } = data;
          const uniform = 1 / values.length;
          values.forEach((value, a) => {
            const slope = behaviour[a]! * (value - targets[a]!) + alpha * uniform * (value - baseline);
            assert.ok(Math.abs(slope) <= 1e-14 * (1 + alpha) * 10, `${slope}`);
          });
          const moved = values.map((value, a) => value + moves[a]!);
          assert.ok(regularizedLoss(moved, data, alpha) >= regularizedLoss(values, data, alpha) - 1e-9);
        },
      ),
    );
  });

  it("equal the limit of gradient descent on the loss", () => {
    const data = { behaviour: [0.6, 0.3, 0.1, 0], targets: [0.2, 0.9, -0.5, 0], baseline: 0.1 };
    const alpha = 0.7;
    let values = [0, 0, 0, 0];
    for (let step = 0; step < 2000; step++) {
      values = values.map((value, a) => {
        const at = (own: number) => regularizedLoss(values.with(a, own), data, alpha);
        return value - 0.5 * ((at(value + 1e-4) - at(value - 1e-4)) / 2e-4);
      });
    }
    regularizedValues(data, alpha).forEach((value, a) => assert.ok(Math.abs(value - values[a]!) < 1e-9));
  });

  it("approach the targets for small α, and rank actions by π_b (T − b) for large α", () => {
    fc.assert(
      fc.property(bandits, ({ data }) => {
        const { behaviour, targets, baseline } = data;
        regularizedValues(data, 1e-13).forEach((value, a) =>
          assert.ok(behaviour[a] === 0 || Math.abs(value - targets[a]!) < 1e-9),
        );
        const alpha = 1e7;
        regularizedValues(data, alpha).forEach((value, a) => {
          const limit = behaviour[a]! * (targets[a]! - baseline) * behaviour.length;
          assert.ok(Math.abs((value - baseline) * alpha - limit) < 1e-5 * (1 + Math.abs(limit)));
        });
      }),
    );
  });

  it("of actions missing from the data equal the baseline exactly at any α", () => {
    fc.assert(
      fc.property(bandits, ({ data, alpha }) =>
        regularizedValues(data, alpha).forEach((value, a) =>
          assert.ok(data.behaviour[a]! > 0 || value === data.baseline),
        ),
      ),
    );
  });

  it("have a trust of 0 in actions missing from the data, even at a vanishing α", () => {
    assert.deepEqual(trust([0.5, 0.5, 0], 5e-324), [1, 1, 0]);
    assert.deepEqual(regularizedValues({ behaviour: [1, 0], targets: [2, NaN], baseline: 1 }, 5e-324), [2, 1]);
  });

  it("refuse an α of 0, shares that do not add up to 1, and missing or non-finite targets", () => {
    const data = { behaviour: [0.5, 0.5], targets: [1, 2], baseline: 0 };
    const refuses = (changed: Partial<ActionData>, alpha: number, message: RegExp) =>
      assert.throws(() => regularizedValues({ ...data, ...changed }, alpha), { name: "InputError", message });
    refuses({}, 0, /^alpha: found 0, expected a number above 0/);
    refuses({ behaviour: [0.5, 0.4] }, 1, /^behaviour: found shares that add up to 0\.9/);
    refuses({ targets: [1] }, 1, /^found 2 shares and 1 targets/);
    refuses({ targets: [1, NaN] }, 1, /not a finite number/);
  });
});
