import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { planTraining, type PlanOptions, type StepPlan } from "../../src/align/plan.js";
import { Random } from "../../src/base/random.js";
import { exactShape, type TokenSequence } from "../../src/model/batch.js";
import { randomSequences } from "../support/tiny-model.js";

/** Pairs, as two rows each. */
function pairs(count: number, seed = 1): TokenSequence[][] {
  const random = Random.seeded(seed);
  return Array.from({ length: count }, () => randomSequences(2, random));
}

const plan = (examples: readonly TokenSequence[][], options: PlanOptions, seed = 2) =>
  planTraining(examples, options, Random.seeded(seed));

const indicesOf = (steps: readonly StepPlan[]) => steps.flatMap(({ microBatches }) => microBatches.flatMap(({ indices }) => indices));

describe("planTraining", () => {
  it("shows every example once an epoch, in batches of the sizes asked for, in shapes that fit", () => {
    const sizes = fc.record({
      count: fc.integer({ min: 1, max: 60 }),
      batchSize: fc.integer({ min: 1, max: 9 }),
      microBatchSize: fc.integer({ min: 1, max: 9 }),
      epochs: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(sizes, ({ count, ...options }) => {
        const examples = pairs(count);
        const steps = plan(examples, options);
        const perEpoch = Math.ceil(count / options.batchSize);
        assert.equal(steps.length, perEpoch * options.epochs);
        for (let epoch = 0; epoch < options.epochs; epoch++) {
          const own = steps.slice(epoch * perEpoch, (epoch + 1) * perEpoch);
          assert.deepEqual(indicesOf(own).sort((a, b) => a - b), [...examples.keys()]);
          own.forEach((step, i) => assert.equal(step.epoch, epoch + (i + 1) / perEpoch));
        }
        for (const { microBatches } of steps) {
          const size = microBatches.reduce((sum, { indices }) => sum + indices.length, 0);
          assert.ok(size === options.batchSize || size === count % options.batchSize || size === count);
          for (const { indices, shape } of microBatches) {
            assert.ok(indices.length >= 1 && indices.length <= options.microBatchSize);
            const exact = exactShape(indices.flatMap((i) => examples[i]!));
            assert.ok(exact.rows <= shape.rows && exact.length <= shape.length && exact.completions <= shape.completions);
            assert.equal(shape.rows % 2, 0);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it("takes whole steps through the model where no micro-batch size is given", () => {
    for (const { microBatches } of plan(pairs(20), { batchSize: 8, epochs: 2 })) assert.equal(microBatches.length, 1);
  });

  it("is the same with the same seed, and another in each epoch and with another seed", () => {
    const examples = pairs(30);
    const options = { batchSize: 4, epochs: 2 };
    const steps = plan(examples, options);
    assert.deepEqual(plan(examples, options), steps);
    assert.notDeepEqual(indicesOf(plan(examples, options, 3)), indicesOf(steps));
    assert.notDeepEqual(indicesOf(steps.slice(0, 8)), indicesOf(steps.slice(8)));
  });

  it("keeps padding and the number of programs low", () => {
    const examples = pairs(512);
    const steps = plan(examples, { batchSize: 8, epochs: 1 });
    const used = examples.flat().reduce((sum, { prompt, response }) => sum + prompt.length + response.length, 0);
    const computed = steps.flatMap(({ microBatches }) => microBatches).reduce((sum, { shape }) => sum + shape.rows * shape.length, 0);
    // The rows of a pair differ in length themselves; unsorted, about half would be padding.
    const paired = examples.reduce((sum, rows) => sum + 2 * exactShape(rows).length, 0);
    assert.ok(computed < 1.2 * paired, `${used} tokens, ${paired} in pairs, ${computed} computed`);
    const shapes = new Set(steps.flatMap(({ microBatches }) => microBatches.map(({ shape }) => JSON.stringify(shape))));
    assert.ok(shapes.size <= 6, [...shapes].join(" "));
  });

  it("has no step without examples, or without epochs", () => {
    assert.deepEqual(plan([], { batchSize: 4, epochs: 2 }), []);
    assert.deepEqual(plan(pairs(3), { batchSize: 4, epochs: 0 }), []);
  });
});
