import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Random } from "../../src/base/random.js";

const draw = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.uniform());
const mean = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

describe("Random", () => {
  it("always draws the same numbers for a seed: another generator would change every published result", () => {
    const random = Random.seeded(7);
    assert.deepEqual(draw(random, 3), [0.3261299969724908, 0.1341840836635344, 0.13216212597811416]);
    assert.deepEqual([random.integer(1000), random.integer(1000)], [967, 442]);
    // The last digits of logarithms and sines may differ from one build of node to another.
    assert.deepEqual([random.normal().toFixed(12), random.normal().toFixed(12)], ["-0.283857883425", "0.957540896516"]);
    assert.deepEqual(random.shuffle(["a", "b", "c", "d", "e"]).join(""), "dacbe");
    assert.deepEqual(draw(random.fork("epoch", 3), 2), [0.3053143764195533, 0.21957057504085398]);
  });

  it("gives the same stream for the same seed, and another for another", () => {
    assert.deepEqual(draw(Random.seeded(1), 10), draw(Random.seeded(1), 10));
    assert.notDeepEqual(draw(Random.seeded(1), 10), draw(Random.seeded(2), 10));
  });
});

describe("fork", () => {
  it("depends on its labels and not on what was drawn before", () => {
    const used = Random.seeded(1);
    draw(used, 100);
    used.normal();
    assert.deepEqual(draw(used.fork("a", 1), 10), draw(Random.seeded(1).fork("a", 1), 10));
  });

  it("leaves the parent unchanged", () => {
    const parent = Random.seeded(1);
    draw(parent.fork("a"), 10);
    assert.deepEqual(draw(parent, 10), draw(Random.seeded(1), 10));
  });

  it("gives different streams for different labels, seeds and depths", () => {
    const root = Random.seeded(1);
    const streams = [
      ...[root, root.fork("a"), root.fork("b"), root.fork("a", 1), root.fork("a", 11), root.fork("a", "1/1")],
      ...[root.fork("a/1"), root.fork("a\\", 1), root.fork("a\\/1"), root.fork(1, "a"), Random.seeded(2).fork("a")],
    ];
    assert.equal(new Set(streams.map((random) => random.uniform())).size, streams.length);
  });

  it("is uncorrelated with its parent and its siblings", () => {
    const count = 20000;
    const root = Random.seeded(3);
    const streams = [root.fork(0), root.fork(1), root].map((random) => draw(random, count).map((x) => x - 0.5));
    for (const [i, j] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      const correlation = 12 * mean(streams[i]!.map((x, at) => x * streams[j]![at]!));
      assert.ok(Math.abs(correlation) < 4 / Math.sqrt(count), `${correlation}`);
    }
  });
});

describe("distributions", () => {
  // Bounds are 4 to 5 standard errors; the seed is fixed, so a pass stays a pass.
  const count = 20000;

  it("uniform is in [0, 1), evenly distributed, with random low bits", () => {
    const drawn = draw(Random.seeded(4), count);
    assert.ok(drawn.every((x) => 0 <= x && x < 1));
    const bins = new Array<number>(10).fill(0);
    for (const x of drawn) bins[Math.floor(x * 10)]!++;
    for (const bin of bins) assert.ok(Math.abs(bin - count / 10) < 5 * Math.sqrt(count * 0.09), `${bins}`);
    const odd = drawn.filter((x) => (x * 2 ** 53) % 2 === 1).length;
    assert.ok(Math.abs(odd - count / 2) < 2.5 * Math.sqrt(count), `${odd} odd`);
  });

  it("integer is in [0, below), each equally often", () => {
    const random = Random.seeded(5);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < count; i++) counts[random.integer(7)]!++;
    assert.equal(
      counts.reduce((sum, n) => sum + n, 0),
      count,
    );
    for (const n of counts) assert.ok(Math.abs(n - count / 7) < 5 * Math.sqrt(count / 7), `${counts}`);
    assert.equal(random.integer(1), 0);
  });

  it("integer refuses an empty range and a bound that is not an integer", () => {
    for (const below of [0, -1, 1.5, NaN, Infinity]) {
      assert.throws(() => Random.seeded(0).integer(below), {
        name: "RangeError",
        message: `cannot draw an integer from [0, ${below}); the bound must be a positive integer`,
      });
    }
  });

  it("normal has mean 0, variance 1 and 5 % of its numbers outside ±1.96", () => {
    const random = Random.seeded(6);
    const drawn = Array.from({ length: count }, () => random.normal());
    assert.ok(drawn.every(Number.isFinite));
    assert.ok(Math.abs(mean(drawn)) < 4 / Math.sqrt(count));
    assert.ok(Math.abs(mean(drawn.map((x) => x * x)) - 1) < 4 * Math.sqrt(2 / count));
    const outside = drawn.filter((x) => Math.abs(x) > 1.96).length / count;
    assert.ok(Math.abs(outside - 0.05) < 0.007, `${outside}`);
  });
});

describe("shuffle and pick", () => {
  it("shuffle returns a permutation and does not change its argument", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer(), (items, seed) => {
        const before = [...items];
        const shuffled = Random.seeded(seed).shuffle(items);
        assert.deepEqual(items, before);
        const ascending = (a: number, b: number) => a - b;
        assert.deepEqual(shuffled.toSorted(ascending), before.toSorted(ascending));
      }),
    );
  });

  it("shuffle returns every order equally often", () => {
    const random = Random.seeded(8);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = random.shuffle(["a", "b", "c"]).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    assert.equal(counts.size, 6);
    for (const n of counts.values()) assert.ok(Math.abs(n - 1000) < 150, `${[...counts]}`);
  });

  it("pick returns one of the items and refuses an empty list", () => {
    const random = Random.seeded(9);
    const picked = new Set(Array.from({ length: 100 }, () => random.pick(["a", "b", "c"])));
    assert.deepEqual([...picked].sort(), ["a", "b", "c"]);
    assert.throws(() => random.pick([]), RangeError);
  });
});
