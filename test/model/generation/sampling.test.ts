import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Random } from "../../../src/base/random.js";
import {
  samplingOf,
  drawsFromProbabilities,
  drawToken,
  penalizeRepetition,
  sampleToken,
  tokenWeights,
  type Sampling,
} from "../../../src/model/generation/sampling.js";
import { assertClose } from "../../support/compare.js";

const plain: Sampling = { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
/** Logits whose softmax is these probabilities; the shift checks that only differences matter. */
const logits = Float32Array.of(0.15, 0.5, 0.05, 0.3).map((p) => Math.log(p) + 70);
const draws = 20_000;

/** How often each id is drawn. */
function shares(sampling: Partial<Sampling>, from = logits): number[] {
  const random = Random.seeded(11);
  const counts = new Array<number>(from.length).fill(0);
  for (let i = 0; i < draws; i++) counts[sampleToken(from, { ...plain, ...sampling }, random)]!++;
  return counts.map((count) => count / draws);
}

/** Within four standard errors; an id of weight 0 is never drawn. */
function assertShares(found: readonly number[], weights: readonly number[]): void {
  const total = weights.reduce((a, b) => a + b);
  weights.forEach((weight, id) => {
    const p = weight / total;
    const accepted = 4 * Math.sqrt((p * (1 - p)) / draws);
    assert.ok(Math.abs(found[id]! - p) <= accepted, `id ${id}: ${found[id]}, not ${p}`);
  });
}

describe("sampleToken draws from", () => {
  it("the softmax of the logits", () => assertShares(shares({}), [0.15, 0.5, 0.05, 0.3]));

  it("p^(1/temperature)", () => {
    assertShares(shares({ temperature: 0.5 }), [0.15 ** 2, 0.5 ** 2, 0.05 ** 2, 0.3 ** 2]);
    assertShares(shares({ temperature: 2 }), [0.15, 0.5, 0.05, 0.3].map(Math.sqrt));
  });

  it("the topK most likely tokens", () => {
    assertShares(shares({ topK: 1 }), [0, 1, 0, 0]);
    assertShares(shares({ topK: 3 }), [0.15, 0.5, 0, 0.3]);
    assertShares(shares({ topK: 99 }), [0.15, 0.5, 0.05, 0.3]);
  });

  it("the fewest tokens with a total probability of at least topP", () => {
    assertShares(shares({ topP: 0.45 }), [0, 1, 0, 0]);
    assertShares(shares({ topP: 0.75 }), [0, 0.5, 0, 0.3]);
    assertShares(shares({ topP: 0.9 }), [0.15, 0.5, 0, 0.3]);
  });

  it("tokens with at least minP times the highest probability", () => {
    assertShares(shares({ minP: 0.2 }), [0.15, 0.5, 0, 0.3]);
    assertShares(shares({ minP: 0.59 }), [0, 0.5, 0, 0.3]);
    assertShares(shares({ minP: 1 }), [0, 1, 0, 0]);
  });

  it("the tokens left by temperature, topK and topP, applied in this order", () => {
    // Under p² over the three most likely, the first has probability 0.69 and the first two 0.94.
    assertShares(shares({ temperature: 0.5, topK: 3, topP: 0.7 }), [0, 0.25, 0, 0.09]);
    assertShares(shares({ temperature: 0.5, topK: 3, topP: 0.6 }), [0, 1, 0, 0]);
  });

  it("the smallest ids if topK cuts through equal logits", () => {
    assertShares(shares({ topK: 2 }, Float32Array.of(1, 1, 1, 1)), [1, 1, 0, 0]);
  });
});

/** A case of `test/fixtures/sampling/make.py`. */
interface SamplingCase {
  readonly settings: Partial<Sampling>;
  readonly logits: number[];
  readonly seen: number[];
  readonly probabilities: number[];
}

const cases = JSON.parse(await readFile("test/fixtures/sampling/cases.json", "utf8")) as SamplingCase[];

describe("sampling probabilities match transformers", () => {
  for (const [i, { settings, logits, seen, probabilities }] of cases.entries()) {
    it(`${JSON.stringify(settings)}, case ${(i % 3) + 1}`, () => {
      const sampling = { ...plain, ...settings };
      const weights = [
        ...tokenWeights(penalizeRepetition(Float32Array.from(logits), sampling.repetitionPenalty, seen), sampling),
      ];
      assert.deepEqual(
        weights.map((weight) => weight > 0),
        probabilities.map((p) => p > 0),
      );
      const total = weights.reduce((a, b) => a + b);
      assertClose(
        weights.map((weight) => weight / total),
        probabilities,
        1e-6,
      );
    });
  }
});

describe("a repetition penalty", () => {
  it("applies once to each seen token and only to seen tokens, and leaves the given logits unchanged", () => {
    const given = Float32Array.of(2, -2, 1, 0);
    assert.deepEqual([...penalizeRepetition(given, 2, [0, 1, 1, 0])], [1, -4, 1, 0]);
    assert.deepEqual([...given], [2, -2, 1, 0]);
  });

  it("applies before the most likely token is chosen", () => {
    const draw = (seen: number[]) =>
      sampleToken(
        Float32Array.of(3, 2.5, -1),
        { ...plain, temperature: 0, repetitionPenalty: 1.3 },
        Random.seeded(1),
        seen,
      );
    assert.deepEqual([draw([]), draw([0]), draw([0, 1])], [0, 1, 0]);
  });
});

describe("sampleToken", () => {
  it("takes the most likely token, the first of equals, at temperature 0 without drawing a random number", () => {
    const random = Random.seeded(1);
    assert.equal(sampleToken(Float32Array.of(1, 3, 3, 2), { ...plain, temperature: 0 }, random), 1);
    assert.equal(random.uniform(), Random.seeded(1).uniform());
  });

  it("handles logits of ±1000 and a temperature of 1e-6", () => {
    assertShares(shares({}, Float32Array.of(-1000, 1000, 1000)), [0, 1, 1]);
    assertShares(shares({ temperature: 1e-6 }), [0, 1, 0, 0]);
  });

  it("draws the same tokens with the same seed", () => {
    const draw = () => {
      const random = Random.seeded(3);
      return Array.from({ length: 50 }, () => sampleToken(logits, { ...plain, topP: 0.9 }, random));
    };
    assert.deepEqual(draw(), draw());
  });

  it("never draws a token that topK or topP excludes", () => {
    const some = fc.array(fc.float({ min: -20, max: 20, noNaN: true }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(
        some,
        fc.integer({ min: 1, max: 12 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        fc.nat(),
        (given, topK, topP, seed) => {
          const id = sampleToken(Float32Array.from(given), { ...plain, topK, topP }, Random.seeded(seed));
          const more = Float32Array.from(given).filter((x) => x > given[id]!);
          assert.ok(more.length < topK);
          const total = given.reduce((sum, x) => sum + Math.exp(x), 0);
          assert.ok(more.reduce((sum, x) => sum + Math.exp(x), 0) <= topP * total * (1 + 1e-9));
        },
      ),
    );
  });
});

describe("drawToken", () => {
  /** As an engine computes it, in float32. */
  function softmax(logits: readonly number[], temperature: number): Float32Array {
    const top = Math.max(...logits);
    const weights = Float32Array.from(logits, (logit) => Math.exp(Math.fround(Math.fround(logit - top) / temperature)));
    const total = weights.reduce((sum, weight) => Math.fround(sum + weight));
    return weights.map((weight) => weight / total);
  }

  for (const [i, { settings, logits }] of cases.entries()) {
    const sampling = { ...plain, ...settings };
    if (!drawsFromProbabilities(sampling)) continue;
    it(`draws the same tokens as sampleToken: ${JSON.stringify(settings)}, case ${(i % 3) + 1}`, () => {
      const probabilities = softmax(logits, sampling.temperature);
      const [some, others] = [Random.seeded(i), Random.seeded(i)];
      for (let k = 0; k < 500; k++) {
        assert.equal(
          drawToken(probabilities, sampling, some),
          sampleToken(Float32Array.from(logits), sampling, others),
        );
      }
    });
  }

  it("is not used with a repetition penalty or a temperature close to 0", () => {
    const can = (sampling: Partial<Sampling>) => drawsFromProbabilities({ ...plain, ...sampling });
    assert.deepEqual([{}, { topK: 3, topP: 0.5, minP: 0.1 }, { temperature: 0.01 }].map(can), [true, true, true]);
    assert.deepEqual([{ repetitionPenalty: 1.1 }, { temperature: 0 }, { temperature: 1e-9 }].map(can), [
      false,
      false,
      false,
    ]);
  });
});

describe("samplingOf", () => {
  it("accepts valid settings and fills in defaults", () => {
    assert.deepEqual(samplingOf({}), { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 });
    samplingOf(plain);
    samplingOf({ temperature: 0, topK: 50, topP: 0.01, minP: 1, repetitionPenalty: 1.3 });
  });

  it("throws if a setting is out of range", () => {
    for (const temperature of [-1, NaN, Infinity])
      assert.throws(() => samplingOf({ ...plain, temperature }), /temperature is a finite number of at least 0, got/);
    for (const topK of [-1, 1.5, NaN])
      assert.throws(() => samplingOf({ ...plain, topK }), /topK is a whole number from 0, got/);
    for (const topP of [0, 1.01, NaN])
      assert.throws(() => samplingOf({ ...plain, topP }), /topP is above 0 and at most 1, got/);
    for (const minP of [-0.1, 1.01, NaN])
      assert.throws(() => samplingOf({ ...plain, minP }), /minP is from 0 to 1, got/);
    for (const repetitionPenalty of [0, -1, NaN, Infinity]) {
      assert.throws(
        () => samplingOf({ ...plain, repetitionPenalty }),
        /repetitionPenalty is a finite number above 0, got/,
      );
    }
  });
});
