import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { planDrawn, planTraining, type PlanOptions, type StepPlan } from "../../src/align/plan.js";
import { Random } from "../../src/base/random.js";
import { exactShape, fittingBoth, rowsOf, type TokenSequence } from "../../src/model/scoring/batch.js";
import { batchCost } from "../../src/model/scoring/batch-cost.js";
import { randomSequences, randomTokens, tinyConfig } from "../support/tiny-model.js";

/** Pairs, as two sequences each with different prompts. */
function pairs(count: number, seed = 1): TokenSequence[][] {
  const random = Random.seeded(seed);
  return Array.from({ length: count }, () => randomSequences(2, random));
}

const plan = (examples: readonly TokenSequence[][], options: PlanOptions, seed = 2) =>
  planTraining(examples, options, Random.seeded(seed), batchCost(tinyConfig));

/** Pairs of two responses to one prompt; sizes are in tokens, those of responses on average. */
function promptPairs(count: number, promptTokens: number, responseTokens: number): TokenSequence[][] {
  const random = Random.seeded(9);
  return Array.from({ length: count }, () => {
    const prompt = randomTokens(promptTokens, random);
    const response = () => randomTokens(1 + random.integer(2 * responseTokens), random);
    return [
      { prompt, response: response() },
      { prompt, response: response() },
    ];
  });
}

const indicesOf = (steps: readonly StepPlan[]) =>
  steps.flatMap(({ microBatches }) => microBatches.flatMap(({ indices }) => indices));

describe("planTraining", () => {
  it("takes part of an epoch's steps if `epochs` has a fraction", () => {
    const [two, some] = [plan(pairs(10), { batchSize: 3, epochs: 2 }), plan(pairs(10), { batchSize: 3, epochs: 1.5 })];
    assert.deepEqual([two.length, some.length, some.at(-1)!.epoch], [8, 6, 1.5]);
    assert.deepEqual(indicesOf(some), indicesOf(two.slice(0, 6)));
  });

  it("takes every example once per epoch, in batches of the requested sizes and in shapes that fit", () => {
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
          assert.deepEqual(
            indicesOf(own).sort((a, b) => a - b),
            [...examples.keys()],
          );
          own.forEach((step, i) => assert.equal(step.epoch, epoch + (i + 1) / perEpoch));
        }
        for (const { microBatches } of steps) {
          const size = microBatches.reduce((sum, { indices }) => sum + indices.length, 0);
          assert.ok(size === options.batchSize || size === count % options.batchSize || size === count);
          for (const { indices, shape } of microBatches) {
            assert.ok(indices.length >= 1 && indices.length <= options.microBatchSize);
            const exact = exactShape(indices.flatMap((i) => rowsOf(examples[i]!, shape.sharesPrompts)));
            for (const size of ["rows", "length", "responses", "completions"] as const)
              assert.ok(exact[size] <= shape[size], size);
            assert.equal(shape.responses % 2, 0);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it("takes `maxSteps` steps, however many epochs that takes", () => {
    const examples = pairs(10);
    const options = { batchSize: 4, epochs: 3 };
    const steps = plan(examples, options);
    assert.deepEqual(
      plan(examples, { ...options, epochs: 1, maxSteps: 7 }).map(({ microBatches }) => microBatches[0]!.indices),
      steps.slice(0, 7).map(({ microBatches }) => microBatches[0]!.indices),
    );
    assert.deepEqual(
      plan(examples, { ...options, maxSteps: 2 }).map(({ epoch }) => epoch),
      [1 / 3, 2 / 3],
    );
    assert.deepEqual(plan([], { ...options, maxSteps: 2 }), []);
  });

  it("plans one micro-batch per step if no micro-batch size is given", () => {
    for (const { microBatches } of plan(pairs(20), { batchSize: 8, epochs: 2 })) assert.equal(microBatches.length, 1);
  });

  it("is the same for the same seed and differs between epochs and seeds", () => {
    const examples = pairs(30);
    const options = { batchSize: 4, epochs: 2 };
    const steps = plan(examples, options);
    assert.deepEqual(plan(examples, options), steps);
    assert.notDeepEqual(indicesOf(plan(examples, options, 3)), indicesOf(steps));
    assert.notDeepEqual(indicesOf(steps.slice(0, 8)), indicesOf(steps.slice(8)));
  });

  it("groups examples differently for each seed and epoch, and shuffles the order of the batches", () => {
    // More than one pool; within a pool, lengths decide the batches.
    const examples = pairs(200);
    const batches = (seed: number, epoch: number) =>
      plan(examples, { batchSize: 4, epochs: 2 }, seed)
        .slice(50 * epoch, 50 * (epoch + 1))
        .map((step) =>
          indicesOf([step])
            .sort((a, b) => a - b)
            .join(),
        );
    const together = (seed: number, epoch: number) => batches(seed, epoch).sort();
    assert.deepEqual(together(2, 0), together(2, 0));
    assert.notDeepEqual(together(3, 0), together(2, 0));
    assert.notDeepEqual(together(2, 1), together(2, 0));
    // In one pool without equal lengths, the batches are the same but come in another order.
    const unequal = Array.from({ length: 40 }, (_, i) => [
      { prompt: new Int32Array(1), response: new Int32Array(i + 1) },
    ]);
    const few = (seed: number) =>
      plan(unequal, { batchSize: 4, epochs: 1 }, seed).map((step) =>
        indicesOf([step])
          .sort((a, b) => a - b)
          .join(),
      );
    assert.deepEqual(few(3).sort(), few(2).sort());
    assert.notDeepEqual(few(3), few(2));
  });

  it("keeps padding and the number of shapes low", () => {
    const examples = pairs(512);
    const steps = plan(examples, { batchSize: 8, epochs: 1 });
    const used = examples.flat().reduce((sum, { prompt, response }) => sum + prompt.length + response.length, 0);
    const computed = steps
      .flatMap(({ microBatches }) => microBatches)
      .reduce((sum, { shape }) => sum + shape.rows * shape.length, 0);
    // The two rows of a pair also differ in length; unsorted, about half would be padding.
    const paired = examples.reduce((sum, rows) => sum + 2 * exactShape(rowsOf(rows, false)).length, 0);
    assert.ok(computed < 1.2 * paired, `${used} tokens, ${paired} in pairs, ${computed} computed`);
    const shapes = new Set(steps.flatMap(({ microBatches }) => microBatches.map(({ shape }) => JSON.stringify(shape))));
    assert.ok(shapes.size <= 6, [...shapes].join(" "));
  });

  it("lays out pairs in the rows that cost less, or as `sharePrompts` says", () => {
    const shapes = (examples: readonly TokenSequence[][], sharePrompts?: boolean) =>
      plan(examples, { batchSize: 8, epochs: 1, ...(sharePrompts !== undefined && { sharePrompts }) }).flatMap(
        ({ microBatches }) => microBatches.map(({ shape }) => shape),
      );
    const ofLongPrompts = promptPairs(20, 300, 20);
    const ofLongResponses = promptPairs(20, 2, 300);
    for (const { rows, responses, sharesPrompts } of shapes(ofLongPrompts))
      assert.deepEqual([rows, responses, sharesPrompts], [8, 16, true]);
    assert.ok(shapes(ofLongResponses).some(({ sharesPrompts }) => !sharesPrompts));
    for (const sharePrompts of [true, false]) {
      for (const examples of [ofLongPrompts, ofLongResponses]) {
        for (const shape of shapes(examples, sharePrompts)) {
          assert.equal(shape.sharesPrompts, sharePrompts);
          assert.equal(shape.rows, sharePrompts ? 8 : 16);
        }
      }
    }
    const cost = batchCost(tinyConfig);
    const total = (all: readonly { rows: number; length: number }[]) =>
      all.reduce((sum, shape) => sum + cost(shape), 0);
    const mixed = [...promptPairs(160, 300, 20), ...promptPairs(160, 2, 300)];
    assert.ok(total(shapes(mixed)) < Math.min(total(shapes(mixed, true)), total(shapes(mixed, false))));
  });

  it("has no steps without examples or epochs", () => {
    assert.deepEqual(plan([], { batchSize: 4, epochs: 2 }), []);
    assert.deepEqual(plan(pairs(3), { batchSize: 4, epochs: 0 }), []);
  });
});

describe("planDrawn", () => {
  const drawn = (examples: readonly TokenSequence[][], options: PlanOptions) =>
    planDrawn(examples, options, Random.seeded(2), batchCost(tinyConfig));

  it("takes every stand-in once per epoch, in one shape that fits any combination of them", () => {
    const sizes = fc.record({
      count: fc.integer({ min: 1, max: 40 }),
      batchSize: fc.integer({ min: 1, max: 12 }),
      microBatchSize: fc.integer({ min: 1, max: 12 }),
      share: fc.boolean(),
    });
    fc.assert(
      fc.property(sizes, ({ count, batchSize, microBatchSize, share }) => {
        const examples = promptPairs(count, 4, 6);
        const steps = drawn(examples, { batchSize, microBatchSize, epochs: 2, sharePrompts: share });
        assert.equal(steps.length, 2 * Math.ceil(count / batchSize));
        const half = steps.length / 2;
        for (const epoch of [steps.slice(0, half), steps.slice(half)])
          assert.deepEqual(
            indicesOf(epoch).sort((a, b) => a - b),
            [...examples.keys()],
          );
        assert.deepEqual([steps[half - 1]!.epoch, steps.at(-1)!.epoch], [1, 2]);
        const batches = steps.flatMap(({ microBatches }) => microBatches);
        assert.equal(new Set(batches.map(({ shape }) => JSON.stringify(shape))).size, 1);
        // The longest example may be drawn for every slot.
        const { shape } = batches[0]!;
        const slots = Math.min(microBatchSize, batchSize, count);
        for (const example of examples) {
          const exact = exactShape(Array.from({ length: slots }, () => rowsOf(example, share)).flat());
          assert.deepEqual(fittingBoth(shape, exact), shape);
        }
        assert.equal(shape.responses, 2 * slots);
      }),
    );
  });
});
