import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../src/base/random.js";
import { GridWorld, offlineValues } from "../../src/tabular/index.js";
import { assertClose } from "../support/compare.js";

describe("GridWorld", () => {
  it("implements its moves, walls, slips, costs, goal and pits", () => {
    const grid = new GridWorld({ size: 3, slip: 0, noise: 0, discount: 0.9 });
    const next = (state: number, action: number) => grid.outcomes(state, action).find(({ chance }) => chance > 0)!;
    assert.deepEqual([next(0, 0).next, next(0, 1).next, next(0, 2).next, next(0, 3).next], [0, 1, 3, 0]);
    assertClose([next(5, 2).reward], [0.96], 1e-12);
    assert.equal(next(5, 2).next, undefined);
    // Right, right, down, down: three costs, then the goal.
    assertClose([grid.valueOf([1, 1, 2, 1, 1, 2, 1, 1, 0])], [-0.04 * (1 + 0.9 + 0.81) + 0.9 ** 3 * 0.96], 1e-12);
    const slippery = new GridWorld({ size: 4, slip: 0.2 });
    for (const action of [0, 1, 2, 3])
      assertClose([slippery.outcomes(6, action).reduce((sum, { chance }) => sum + chance, 0)], [1], 1e-12);
    // (2, 0) is a pit.
    assertClose([slippery.outcomes(4, 2).find(({ next }) => next === undefined)!.reward], [-1.04], 1e-12);
  });

  it("refuses a policy without a valid action for each state, and invalid sweeps", () => {
    const grid = new GridWorld({ size: 3 });
    for (const policy of [[1], [1, 1, 2, 1, 1, 2, 1, 1, 4], [1, 1, 2, 1, 1, 2, 1, 1, 0.5], null])
      assert.throws(() => grid.valueOf(policy as number[]), {
        name: "InputError",
        message: /^policy: found .*, expected an action from 0 to 3 for each of the 9 states/,
      });
    const policy = [1, 1, 2, 1, 1, 2, 1, 1, 0];
    for (const sweeps of [NaN, -1])
      assert.throws(() => grid.valueOf(policy, sweeps), {
        message: /^sweeps: found .*, expected a whole number from 1/,
      });
  });

  it("returns the same episodes for the same seed", () => {
    const grid = new GridWorld();
    assert.deepEqual(grid.episodes(5, 0.5, Random.seeded(1)), grid.episodes(5, 0.5, Random.seeded(1)));
    assert.notDeepEqual(grid.episodes(5, 0.5, Random.seeded(1)), grid.episodes(5, 0.5, Random.seeded(2)));
  });
});

describe("values from offline data", () => {
  const fit = (steps: Parameters<typeof offlineValues>[0], own: object = {}) =>
    offlineValues(steps, { states: 3, actions: 2, alpha: 1, discount: 0.5, ...own });

  it("match the closed form with the behaviour's own values as the baseline", () => {
    // In state 0 action 0 earns 1 and ends; action 1 leads to state 1, whose only recorded action earns 4.
    const steps = [
      { state: 0, action: 0, reward: 1 },
      { state: 0, action: 1, reward: 0, next: 1 },
      { state: 1, action: 0, reward: 4 },
    ];
    const { values, policy, trust, behaviour } = fit(steps);
    assert.deepEqual(behaviour, [
      [0.5, 0.5],
      [1, 0],
      [0, 0],
    ]);
    // State 1: trust 1 / 1.5, baseline 4, target 4. State 0: trust ½, baseline (1 + 2)/2, targets 1 and ½·4.
    assertClose(values.flat(), [1.25, 1.75, 4, 4, 0, 0], 1e-9);
    assert.deepEqual(
      [policy.slice(0, 2), trust[2]],
      [
        [1, 0],
        [0, 0],
      ],
    );
  });

  it("improve on the behaviour, most at an intermediate α", () => {
    const grid = new GridWorld({ noise: 1 });
    const { states, actions, discount } = grid;
    const alphas = [1e-3, 0.03, 0.3, 1, 10, 1e4];
    const earned = alphas.map(() => 0);
    const seeds = 30;
    for (let seed = 0; seed < seeds; seed++) {
      const steps = grid.episodes(40, 0.5, Random.seeded(seed));
      alphas.forEach(
        (alpha, i) =>
          (earned[i]! +=
            grid.valueOf(offlineValues(steps, { states, actions, alpha, discount, sweeps: 80 }).policy, 150) / seeds),
      );
    }
    const best = earned.indexOf(Math.max(...earned));
    assert.ok(best > 0 && best < alphas.length - 1, `${earned}`);
    const mostCommon = offlineValues(grid.episodes(400, 0.5, Random.seeded(1)), {
      states,
      actions,
      alpha: 1,
      discount,
    }).behaviour.map((shares) => shares.indexOf(Math.max(...shares)));
    assert.ok(earned[best]! > grid.valueOf(mostCommon), `${earned} ${grid.valueOf(mostCommon)}`);
  });

  it("refuse steps outside the states, no steps at all, and invalid options", () => {
    assert.throws(() => fit([]), { name: "InputError", message: "no steps to learn from" });
    assert.throws(() => fit([{ state: 3, action: 0, reward: 0 }]), {
      name: "InputError",
      message: /^found the step .*, expected one of 3 states and 2 actions/,
    });
    assert.throws(() => fit([{ state: 0, action: 0, reward: 0 }], { discount: 1 }), { message: /^discount: found 1/ });
    assert.throws(() => fit([{ state: 0, action: 0, reward: 0 }], { alpha: 0 }), { message: /^alpha: found 0/ });
    for (const odd of [{ sweeps: NaN }, { sweeps: -1 }, { states: 1.5 }, { actions: 0 }])
      assert.throws(() => fit([{ state: 0, action: 0, reward: 0 }], odd), {
        name: "InputError",
        message: /^(sweeps|states|actions): found .*, expected a whole number from 1/,
      });
    assert.throws(() => fit([{ state: 0, action: 0, reward: 0 }, null as never]), {
      name: "InputError",
      message: /^found the step null at 1, expected one of 3 states/,
    });
    assert.throws(() => fit([{ state: 0, action: 0, reward: 0 }], { sweep: 3 } as object), {
      message: /^`sweep` is not an option of offlineValues; did you mean `sweeps`/,
    });
  });
});
