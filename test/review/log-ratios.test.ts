import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { lossNamed } from "../../src/align/losses/index.js";
import { Random } from "../../src/base/random.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { tensor } from "../../src/graph/tensor.js";
import { embeddingName } from "../../src/model/parameters/parameters.js";
import { responseLogProbs } from "../../src/model/scoring/score.js";
import { pairLogProbs, pairRewards } from "../../src/review/log-ratios.js";
import { randomPairs, tinyPolicy } from "../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());
const pairs = randomPairs(5, Random.seeded(2));

describe("pairLogProbs", () => {
  it("returns the log-probabilities of both responses, in the order of the pairs", async () => {
    const policy = await tinyPolicy(programs);
    const { chosen, rejected } = await pairLogProbs(policy, pairs);
    for (const [i, { prompt, chosen: winner, rejected: loser }] of pairs.entries()) {
      const [w, l] = await responseLogProbs(policy, [
        { prompt, response: winner },
        { prompt, response: loser },
      ]);
      assert.ok(Math.abs(chosen[i]! - w!) < 1e-4 && Math.abs(rejected[i]! - l!) < 1e-4);
    }
  });

  it("throws a DivergenceError if the policy's parameters are NaN", async () => {
    const policy = await tinyPolicy(programs);
    const parameters = new Map(await policy.parameters());
    const name = embeddingName(policy.config);
    const { shape, data } = parameters.get(name)!;
    await policy.replace(
      parameters.set(
        name,
        tensor(
          shape,
          data.map(() => NaN),
        ),
      ),
    );
    await assert.rejects(pairLogProbs(policy, pairs), {
      name: "DivergenceError",
      message: "the policy has diverged: it gives a response the log-probability NaN; a smaller learning rate may help",
    });
  });
});

describe("pairRewards", () => {
  const responses = [
    { chosen: new Int32Array(2), rejected: new Int32Array(4) },
    { chosen: new Int32Array(1), rejected: new Int32Array(2) },
  ];
  const policy = { chosen: Float64Array.of(-1, -2), rejected: Float64Array.of(-3, -4) };
  const reference = { chosen: Float64Array.of(-2, -2), rejected: Float64Array.of(-3, -1) };

  it("returns policy minus reference log-probabilities under DPO", () => {
    const found = pairRewards(lossNamed("dpo", { beta: 0.1 }), responses, policy, reference);
    assert.deepEqual(found, { chosen: Float64Array.of(1, 0), rejected: Float64Array.of(0, -3) });
  });

  it("returns the rewards of the loss, by length for IPO and without a reference for SimPO", () => {
    const byToken = pairRewards(lossNamed("ipo", { beta: 0.1 }), responses, policy, reference);
    assert.deepEqual(byToken, { chosen: Float64Array.of(0.5, 0), rejected: Float64Array.of(0, -1.5) });
    const free = pairRewards(lossNamed("simpo", { beta: 0.1 }), responses, policy, undefined);
    assert.deepEqual(free, { chosen: Float64Array.of(-0.5, -2), rejected: Float64Array.of(-0.75, -2) });
  });

  it("throws an InputError if the loss needs a reference and there is none", () => {
    assert.throws(
      () => pairRewards(lossNamed("dpo", { beta: 0.1 }), responses, policy, undefined),
      /^InputError: the loss dpo needs the reference's log-probability of every response/,
    );
  });
});
