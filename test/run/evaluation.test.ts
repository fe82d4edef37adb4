import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import { dpo } from "../../src/align/losses/dpo.js";
import type { PreferenceLoss } from "../../src/align/losses/loss.js";
import { simpo } from "../../src/align/losses/simpo.js";
import { Random } from "../../src/base/random.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import type { Policy } from "../../src/model/policy/policy.js";
import { pairLogProbs } from "../../src/review/log-ratios.js";
import type { RunContext } from "../../src/run/context.js";
import { evaluateHeldOut } from "../../src/run/evaluation.js";
import { ModelCache } from "../../src/run/model-cache.js";
import { runLayout } from "../../src/run/folder/layout.js";
import { emptyFolder } from "../support/folder.js";
import { byteTokenizer, randomPairs, tinyPolicy } from "../support/tiny-model.js";
import { tinyContext } from "../support/tiny-run.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
let reference: Policy;
let policy: Policy;
before(async () => {
  reference = await tinyPolicy(programs, 1);
  policy = await tinyPolicy(programs, 2);
});
after(() => engine.close());

const pairs = randomPairs(8, Random.seeded(4));
/** A reward that differs between any two responses. */
const gold = (i: number, response: string) =>
  ([...response].reduce((sum, character) => sum + character.codePointAt(0)!, i) % 97) / 97;

/** A run with the reference as iterations 0 and 1, and another policy as iteration 2. */
const context = (test: TestContext) => tinyContext(emptyFolder(test), reference, [reference, reference, policy]);

function evaluate(where: RunContext, t: number, loss: PreferenceLoss = dpo({ beta: 0.1 }), judged = true) {
  const settings = {
    loss,
    generation: { maxNewTokens: 6 },
    seed: 11,
    cache: new ModelCache(undefined, String, where),
    textOf: (tokens: Int32Array) => byteTokenizer.decode([...tokens]),
  };
  return evaluateHeldOut(where, t, { pairs, ...(judged && { gold }) }, settings);
}

describe("evaluateHeldOut", () => {
  it("returns no margins for the reference, and a win rate of 0.5 against itself", async (test) => {
    const where = await context(test);
    const evaluation = await evaluate(where, 0);
    assert.deepEqual([evaluation.accuracy, evaluation.meanMargin], [null, null]);
    assert.deepEqual([evaluation.winRate, evaluation.winRateInterval], [0.5, [0.5, 0.5]]);
    const responses = await where.folder.readRows(runLayout.iteration(0).responses);
    assert.deepEqual(
      responses.map(({ id }) => id),
      pairs.map(({ id }) => id),
    );
    for (const [i, response] of responses.entries()) assert.equal(response.gold, gold(i, response.response));
    const scores = await where.folder.readRows(runLayout.iteration(0).heldOut);
    const { chosen, rejected } = await pairLogProbs(reference, pairs);
    assert.deepEqual(
      scores,
      pairs.map(({ id }, i) => ({ id, chosen: chosen[i], rejected: rejected[i] })),
    );
    const [low, high] = evaluation.goldRewardInterval!;
    assert.ok(low < evaluation.goldReward! && evaluation.goldReward! < high);
  });

  it("compares a policy with the reference's log-probabilities and responses", async (test) => {
    const where = await context(test);
    await evaluate(where, 0);
    const evaluation = await evaluate(where, 2);
    const [of, under] = [await pairLogProbs(policy, pairs), await pairLogProbs(reference, pairs)];
    const margins = pairs.map((_, i) => of.chosen[i]! - under.chosen[i]! - (of.rejected[i]! - under.rejected[i]!));
    assert.equal(evaluation.accuracy, margins.filter((margin) => margin > 0).length / 8);
    assert.ok(Math.abs(evaluation.meanMargin! - margins.reduce((a, b) => a + b) / 8) < 1e-9);
    const [mine, theirs] = [
      await where.folder.readRows(runLayout.iteration(2).responses),
      await where.folder.readRows(runLayout.iteration(0).responses),
    ];
    const points = mine.map((response, i) => (1 + Math.sign(response.gold - theirs[i]!.gold)) / 2);
    assert.equal(evaluation.winRate, points.reduce((a, b) => a + b) / 8);
  });

  it("samples with the same random streams in every iteration", async (test) => {
    const where = await context(test);
    await evaluate(where, 0);
    const same = await evaluate(where, 1);
    assert.deepEqual([same.accuracy, same.meanMargin, same.winRate], [0, 0, 0.5]);
  });

  it("returns margins for iteration 0 under a loss without a reference", async (test) => {
    const evaluation = await evaluate(await context(test), 0, simpo({ beta: 2 }));
    const { chosen: logChosen, rejected: logRejected } = await pairLogProbs(reference, pairs);
    const margins = pairs.map(
      ({ chosen, rejected }, i) => logChosen[i]! / chosen.length - logRejected[i]! / rejected.length,
    );
    assert.equal(evaluation.accuracy, margins.filter((margin) => margin > 0).length / 8);
    assert.ok(Math.abs(evaluation.meanMargin! - margins.reduce((a, b) => a + b) / 8) < 1e-9);
  });

  it("samples no responses if the data has no gold reward", async (test) => {
    const where = await context(test);
    assert.deepEqual(await evaluate(where, 0, dpo({ beta: 0.1 }), false), { accuracy: null, meanMargin: null });
    assert.equal(where.folder.isDone(runLayout.iteration(0).responses.path), false);
  });

  it("throws if the reference has not been evaluated yet", async (test) => {
    await assert.rejects(
      evaluate(await context(test), 2),
      /iteration-0\/responses\.jsonl: the run has not come to it yet/,
    );
  });
});
