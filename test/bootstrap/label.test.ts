import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { dpo } from "../../src/align/losses/dpo.js";
import { simpo } from "../../src/align/losses/simpo.js";
import { Random } from "../../src/base/random.js";
import { labelSamples } from "../../src/bootstrap/label.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import type { Policy } from "../../src/model/policy/policy.js";
import type { Scorer } from "../../src/review/index.js";
import { responseLogProbs } from "../../src/model/scoring/score.js";
import { randomPairs, tinyPolicy } from "../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
let policies: [newest: Policy, previous: Policy, reference: Policy];
before(async () => {
  policies = [await tinyPolicy(programs, 1), await tinyPolicy(programs, 2), await tinyPolicy(programs, 3)];
});
after(() => engine.close());

const pairs = randomPairs(4, Random.seeded(6));
const samples = pairs.flatMap(({ id, chosen, rejected }) =>
  [chosen, rejected].map((tokens, number) => ({ id, number, tokens: [...tokens], complete: false })),
);

describe("labelSamples", () => {
  it("labels each sample with its ensembled log-ratio", async () => {
    const [newest, previous, reference] = policies;
    const labelled = await labelSamples(samples, pairs, {
      ...{
        loss: dpo({ beta: 0.1 }),
        policies: [
          { policy: newest, weight: 0.7 },
          { policy: previous, weight: 0.3 },
        ],
        reference,
      },
    });
    const sequences = samples.map(({ id, tokens }) => ({
      prompt: pairs.find((pair) => pair.id === id)!.prompt,
      response: Int32Array.from(tokens),
    }));
    const [byNewest, byPrevious, byReference] = await Promise.all(
      policies.map((policy) => responseLogProbs(policy, sequences)),
    );
    for (const [i, sample] of labelled.entries()) {
      const expected = 0.7 * (byNewest![i]! - byReference![i]!) + 0.3 * (byPrevious![i]! - byReference![i]!);
      assert.ok(Math.abs(sample.reward - expected) < 1e-6);
      assert.deepEqual(sample, { ...samples[i], reference: byReference![i], reward: sample.reward });
    }
  });

  it("does not score with policies that have known log-probabilities, nor with an unused reference", async () => {
    const never = async () => assert.fail("asked");
    const [newest, previous, reference] = policies;
    const sequences = samples.map(({ id, tokens }) => ({
      prompt: pairs.find((pair) => pair.id === id)!.prompt,
      response: Int32Array.from(tokens),
    }));
    const loss = dpo({ beta: 0.1 });
    const weighted = (policy: Scorer) => [
      { policy, weight: 0.7 },
      { policy: previous, weight: 0.3 },
    ];
    const asked = await labelSamples(samples, pairs, { loss, policies: weighted(newest), reference });
    const known = new Map([[never as Scorer, await responseLogProbs(newest, sequences)]]);
    assert.deepEqual(await labelSamples(samples, pairs, { loss, policies: weighted(never), reference, known }), asked);

    const free = await labelSamples(samples, pairs, {
      loss: simpo({ beta: 2 }),
      policies: weighted(newest),
      reference: never,
    });
    assert.ok(free.every((sample) => !("reference" in sample)));
    const without = await labelSamples(samples, pairs, { loss: simpo({ beta: 2 }), policies: weighted(newest) });
    assert.deepEqual(without, free);
  });

  it("refuses a missing reference if the reward needs it", async () => {
    const own = { loss: dpo({ beta: 0.1 }), policies: [{ policy: policies[0], weight: 1 }] };
    await assert.rejects(labelSamples(samples, pairs, own), {
      name: "InputError",
      message: /^the loss dpo needs the reference's log-probability of every response/,
    });
  });

  it("includes the reference policy's own reward under a loss without a reference", async () => {
    const [newest, , reference] = policies;
    const loss = simpo({ beta: 2 });
    const weighted = [
      { policy: newest, weight: 0.7 },
      { policy: reference, weight: 0.3 },
    ];
    const labelled = await labelSamples(samples, pairs, { loss, policies: weighted, reference });
    const plain = await labelSamples(samples, pairs, {
      loss: dpo({ beta: 2 }),
      policies: [{ policy: newest, weight: 1 }],
      reference,
    });
    for (const [i, { reward, tokens }] of labelled.entries()) {
      const atReference = plain[i]!.reference!;
      const atNewest = plain[i]!.reward + atReference;
      assert.ok(Math.abs(reward - (0.7 * atNewest + 0.3 * atReference) / tokens.length) < 1e-9);
    }
  });

  it("counts the reference's reward as 0 under DPO, and reports progress", async () => {
    const [newest, , reference] = policies;
    const progress: number[][] = [];
    const onProgress = (done: number, total: number) => void progress.push([done, total]);
    const weighted = (weight: number) => ({
      loss: dpo({ beta: 0.1 }),
      policies: [
        { policy: newest, weight },
        { policy: reference, weight: 1 - weight },
      ],
      reference,
    });
    const whole = await labelSamples(samples, pairs, weighted(1), { onProgress });
    const half = await labelSamples(samples, pairs, weighted(0.5));
    for (const [i, { reward }] of half.entries()) assert.ok(Math.abs(2 * reward - whole[i]!.reward) < 1e-9);
    assert.deepEqual(progress.at(-1), [16, 16]);
    assert.ok(progress.every(([done], i) => i === 0 || done! > progress[i - 1]![0]!));
  });
});
