import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { dpo } from "../../src/align/losses/dpo.js";
import { simpo } from "../../src/align/losses/simpo.js";
import { RunFolder } from "../../src/align/run-folder.js";
import { Random } from "../../src/base/random.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { evaluateInFolder } from "../../src/judge/evaluate-in-folder.js";
import { evaluate, type HeldOut } from "../../src/judge/evaluate.js";
import type { Policy } from "../../src/model/policy.js";
import { pairLogProbs } from "../../src/review/log-ratios.js";
import { emptyFolder } from "../support/folder.js";
import { randomPairs, tinyPolicy } from "../support/tiny-model.js";

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
/** A reward that any two responses are told apart by. */
const gold = (i: number, response: string) => ([...response].reduce((sum, character) => sum + character.codePointAt(0)!, i) % 97) / 97;
const loss = dpo({ beta: 0.1 });
const heldOut: HeldOut = { pairs, loss, gold, generation: { maxNewTokens: 6 } };
const random = () => Random.seeded(11);

describe("evaluate", () => {
  it("has no margins for the reference, which wins half against itself", async () => {
    const { evaluation, responses, logProbs } = await evaluate(reference, heldOut, undefined, random(), {});
    assert.deepEqual([evaluation.accuracy, evaluation.meanMargin], [null, null]);
    assert.deepEqual([evaluation.winRate, evaluation.winRateInterval], [0.5, [0.5, 0.5]]);
    assert.deepEqual(responses.map(({ id }) => id), pairs.map(({ id }) => id));
    for (const [i, response] of responses.entries()) assert.equal(response.gold, gold(i, response.response));
    assert.deepEqual(logProbs, await pairLogProbs(reference, pairs));
    const [low, high] = evaluation.goldRewardInterval!;
    assert.ok(low < evaluation.goldReward! && evaluation.goldReward! < high);
  });

  it("judges a policy against the reference's log-probabilities and responses", async () => {
    const ofReference = await evaluate(reference, heldOut, undefined, random(), {});
    const against = { reference: ofReference.logProbs, rivals: ofReference.responses };
    const { evaluation, responses, logProbs } = await evaluate(policy, heldOut, against, random(), {});
    const { chosen, rejected } = ofReference.logProbs;
    const margins = pairs.map((_, i) => logProbs.chosen[i]! - chosen[i]! - (logProbs.rejected[i]! - rejected[i]!));
    assert.equal(evaluation.accuracy, margins.filter((margin) => margin > 0).length / 8);
    assert.ok(Math.abs(evaluation.meanMargin! - margins.reduce((a, b) => a + b) / 8) < 1e-9);
    const points = responses.map(({ gold: mine }, i) => (1 + Math.sign(mine - ofReference.responses[i]!.gold)) / 2);
    assert.equal(evaluation.winRate, points.reduce((a, b) => a + b) / 8);
  });

  it("has margins for the reference under a loss that knows none", async () => {
    const { evaluation, logProbs } = await evaluate(reference, { pairs, loss: simpo({ beta: 2 }), generation: {} }, undefined, random(), {});
    const margins = pairs.map(({ chosen, rejected }, i) => logProbs.chosen[i]! / chosen.length - logProbs.rejected[i]! / rejected.length);
    assert.equal(evaluation.accuracy, margins.filter((margin) => margin > 0).length / 8);
    assert.ok(Math.abs(evaluation.meanMargin! - margins.reduce((a, b) => a + b) / 8) < 1e-9);
  });

  it("writes nothing where the data has no gold reward", async () => {
    const { evaluation, responses } = await evaluate(policy, { pairs, loss, generation: {} }, undefined, random(), {});
    assert.deepEqual(evaluation, { accuracy: null, meanMargin: null });
    assert.deepEqual(responses, []);
  });
});

describe("evaluateInFolder", () => {
  it("keeps what iteration 0 said for those that come after", async (test) => {
    const folder = new RunFolder(emptyFolder(test));
    const judge = evaluateInFolder(heldOut, folder, random(), {});
    await judge(reference, 0);
    const same = await judge(reference, 1);
    assert.deepEqual([same.accuracy, same.meanMargin, same.winRate], [0, 0, 0.5]);
    const found = await judge(policy, 2);
    const { logProbs, responses } = await evaluate(reference, heldOut, undefined, random(), {});
    const direct = await evaluate(policy, heldOut, { reference: logProbs, rivals: responses }, random(), {});
    assert.deepEqual(found, direct.evaluation);
    assert.deepEqual(await folder.rows("iteration-2/responses.jsonl", () => assert.fail()), direct.responses);
  });

  it("cannot judge a policy before the reference", async (test) => {
    const judge = evaluateInFolder(heldOut, new RunFolder(emptyFolder(test)), random(), {});
    await assert.rejects(judge(policy, 1), /iteration-0\/held-out.jsonl is missing; evaluate the reference \(iteration 0\) before/);
  });
});
