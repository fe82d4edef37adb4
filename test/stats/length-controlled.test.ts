import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../src/base/random.js";
import { lengthControlledWinRate, type Contest } from "../../src/stats/length-controlled.js";

const rate = (contests: readonly Contest[]) => lengthControlledWinRate(contests, Random.seeded(1));
const logistic = (x: number) => 1 / (1 + Math.exp(-x));

/** Contests of a judge who likes length: P(win) = σ(θ + φ tanh(d / s)), d normal around `mean` in units of s. */
function contests(count: number, theta: number, phi: number, mean: number): Contest[] {
  const random = Random.seeded(3);
  return Array.from({ length: count }, () => {
    const difference = 100 * (mean + random.normal());
    return { difference, win: Number(random.uniform() < logistic(theta + phi * Math.tanh(difference / 100))) };
  });
}

describe("lengthControlledWinRate", () => {
  it("estimates the win rate at equal lengths", () => {
    const data = contests(1000, 0.4, 1.5, 1);
    const raw = data.reduce((sum, { win }) => sum + win, 0) / data.length;
    const { mean, low, high } = rate(data)!;
    assert.ok(low < logistic(0.4) && logistic(0.4) < high, `${low} to ${high}`);
    assert.ok(low < mean && mean < high && high < raw, `${high}, the raw rate ${raw}`);
  });

  it("solves the regression: the penalised likelihood has zero gradient there", () => {
    const data: Contest[] = [
      [1, 30],
      [1, 10],
      [0, -20],
      [0.5, 5],
      [0, 25],
      [1, -5],
      [0.5, -10],
    ].map(([win, difference]) => ({ win: win!, difference: difference! }));
    const differences = data.map(({ difference }) => difference);
    const average = differences.reduce((a, b) => a + b) / 7;
    const deviation = Math.sqrt(differences.reduce((sum, d) => sum + (d - average) ** 2, 0) / 7);
    const theta = Math.log(rate(data)!.mean / (1 - rate(data)!.mean));
    // φ at this θ, by bisection of its own slope; then θ's slope must vanish too.
    const slopes = (phi: number) => {
      const errors = data.map(({ win, difference }) => ({
        x: Math.tanh(difference / deviation),
        error: win - logistic(theta + phi * Math.tanh(difference / deviation)),
      }));
      return [
        errors.reduce((sum, { error }) => sum + error, 0),
        errors.reduce((sum, { error, x }) => sum + error * x, -0.1 * phi),
      ] as const;
    };
    let [low, high] = [-50, 50];
    for (let i = 0; i < 100; i++) {
      const middle = (low + high) / 2;
      if (slopes(middle)[1] > 0) low = middle;
      else high = middle;
    }
    assert.ok(Math.abs(slopes(low)[0]) < 1e-6, `${slopes(low)[0]}`);
  });

  it("is the win rate if lengths are equal, and 1 or 0 if all contests are won or lost", () => {
    const same = [1, 1, 0, 0.5].map((win) => ({ win, difference: 0 }));
    assert.ok(Math.abs(rate(same)!.mean - 0.625) < 1e-9);
    const all = (win: number) => rate([3, -2, 8].map((difference) => ({ win, difference })));
    assert.deepEqual(all(1), { mean: 1, low: 1, high: 1 });
    assert.deepEqual(all(0), { mean: 0, low: 0, high: 0 });
    assert.ok(Math.abs(all(0.5)!.mean - 0.5) < 1e-9);
  });

  it("stays finite if length decides everything, at any scale", () => {
    for (const scale of [1e-6, 1, 1e9]) {
      const { mean, low, high } = rate(
        [-4, -3, -2, -1, 1, 2, 3, 4].map((d) => ({ win: Number(d > 0), difference: d * scale })),
      )!;
      assert.ok(Math.abs(mean - 0.5) < 1e-6, `${mean}`);
      assert.ok(low >= 0 && high <= 1);
    }
  });

  it("is null if lengths always differ by the same amount, and refuses an empty list", () => {
    assert.equal(rate([1, 0, 1].map((win) => ({ win, difference: 7 }))), null);
    assert.throws(() => rate([]), RangeError);
  });
});
