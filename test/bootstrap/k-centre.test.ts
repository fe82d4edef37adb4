import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Random } from "../../src/base/random.js";
import { kCentre } from "../../src/bootstrap/k-centre.js";

const distance = (a: readonly number[], b: readonly number[]) => Math.hypot(...a.map((x, i) => x - b[i]!));
/** The largest distance of a vector from the nearest chosen one. */
const radius = (vectors: readonly number[][], chosen: readonly number[]) =>
  Math.max(...vectors.map((vector) => Math.min(...chosen.map((i) => distance(vector, vectors[i]!)))));

describe("kCentre", () => {
  it("repeatedly adds the vector farthest from those chosen", () => {
    // On a line, whichever vector is first: an end is next, and then always the vector farthest from the chosen ones.
    const line = [[0], [1], [2], [7], [10]];
    for (let seed = 0; seed < 20; seed++) {
      const [first, ...others] = kCentre(line, 4, Random.seeded(seed));
      const expected = { 0: [4, 3, 2], 1: [4, 3, 0], 2: [4, 3, 0], 3: [0, 4, 2], 4: [0, 3, 2] }[
        first as 0 | 1 | 2 | 3 | 4
      ];
      assert.deepEqual(others, expected, `from ${first}`);
    }
    assert.ok(
      new Set(Array.from({ length: 20 }, (_, seed) => kCentre(line, 1, Random.seeded(seed))[0])).size > 2,
      "the seed decides the first",
    );
  });

  it("chooses distinct vectors within twice the smallest possible radius, the same for the same seed", () => {
    const given = fc.record({
      vectors: fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })), {
        minLength: 2,
        maxLength: 8,
      }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(given, ({ vectors, seed }) => {
        const count = 2;
        const chosen = kCentre(vectors, count, Random.seeded(seed));
        assert.deepEqual(kCentre(vectors, count, Random.seeded(seed)), chosen);
        assert.equal(new Set(chosen).size, count);
        const best = Math.min(...vectors.flatMap((_, i) => vectors.map((__, j) => radius(vectors, [i, j]))));
        assert.ok(radius(vectors, chosen) <= 2 * best + 1e-9);
      }),
    );
  });

  it("can choose all vectors, even if they are equal, and refuses to choose more", () => {
    assert.deepEqual(kCentre([[1], [1], [1]], 3, Random.seeded(1)).sort(), [0, 1, 2]);
    assert.deepEqual(kCentre([[1]], 0, Random.seeded(1)), []);
    assert.throws(() => kCentre([[1]], 2, Random.seeded(1)), {
      name: "RangeError",
      message: "cannot choose 2 of 1 vectors",
    });
  });
});
