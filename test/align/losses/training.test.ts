import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { losses, lossNamed, type LossName, type LossSettings } from "../../../src/align/losses/index.js";
import { preference, type ReferencedPair } from "../../../src/align/preference.js";
import { Trainer, type StepRecord } from "../../../src/align/trainer.js";
import { Random } from "../../../src/base/random.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../../src/engine/program-cache.js";
import { assertSameTensors } from "../../support/compare.js";
import { plainLossNames } from "../../support/loss-case.js";
import { randomPairs, tinyPolicy } from "../../support/tiny-model.js";
import { pairLogProbs } from "../../../src/review/log-ratios.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

let pairs: ReferencedPair[];
before(async () => {
  const tokenized = randomPairs(8, Random.seeded(4));
  const reference = await pairLogProbs(await tinyPolicy(programs), tokenized);
  pairs = tokenized.map(({ prompt, chosen, rejected }, i) => ({
    chosen: { prompt, response: chosen },
    rejected: { prompt, response: rejected },
    referenceChosen: reference.chosen[i]!,
    referenceRejected: reference.rejected[i]!,
  }));
});

const options = { batchSize: 8, epochs: 5, learningRate: 3e-3, schedule: "constant" } as const;

async function records(training: Trainer<ReferencedPair>, count = Infinity): Promise<StepRecord[]> {
  const all: StepRecord[] = [];
  for await (const record of training.steps()) if (all.push(record) === count) break;
  return all;
}

/** Settings with which a loss learns fast from the start. */
const settings: Partial<Record<LossName, Partial<LossSettings>>> = {
  simpo: { beta: 2 },
  orpo: { beta: 1 },
  discopop: { tau: 0.5 },
};

describe("training", () => {
  for (const name of plainLossNames) {
    it(`with ${name} lowers the loss, and raises the margin if it compares responses`, async () => {
      const policy = await tinyPolicy(programs);
      const loss = lossNamed(name, { beta: 0.1, ...settings[name] });
      const all = await records(await Trainer.begin(policy, preference(loss), pairs, options, Random.seeded(1)));
      await policy.free();
      assert.ok(all.every((record) => Number.isFinite(record.loss) && Number.isFinite(record.grad_norm)));
      const [first, last] = [all[0]!, all.at(-1)!];
      assert.ok(last.loss < first.loss, `loss ${first.loss}, ${last.loss}`);
      const margins = [first, last].map((record) => record["rewards/margins"]!) as [number, number];
      if (name !== "nll") assert.ok(margins[1] > margins[0], `margins ${margins}`);
    });
  }

  it("with BCO resumes with the same running mean and the same bytes", async () => {
    const objective = preference(lossNamed({ "bco-pair": 0.9, nll: 0.1 }, { beta: 0.1 }));
    const steps = { ...options, batchSize: 3, epochs: 2 };
    const whole = await tinyPolicy(programs);
    const expected = await records(await Trainer.begin(whole, objective, pairs, steps, Random.seeded(1)));

    const stopped = await tinyPolicy(programs);
    const first = await Trainer.begin(stopped, objective, pairs, steps, Random.seeded(1));
    const begun = await records(first, 2);
    const rest = await Trainer.begin(stopped, objective, pairs, steps, Random.seeded(1), { from: await first.state() });
    assert.deepEqual([...begun, ...(await records(rest))], expected);
    assertSameTensors(await stopped.parameters(), await whole.parameters());
  });

  it("gives the same records without a reference if the loss needs none", async () => {
    const bare = pairs.map(({ chosen, rejected }) => ({ chosen, rejected }));
    const run = async (examples: readonly ReferencedPair[]) =>
      records(
        await Trainer.begin(
          await tinyPolicy(programs),
          preference(losses.simpo({ beta: 2 })),
          examples,
          options,
          Random.seeded(1),
        ),
      );
    assert.deepEqual(await run(bare), await run(pairs));
  });

  it("with NLL weights all tokens of chosen responses equally, also across micro-batches", async () => {
    const run = async (microBatchSize: number) =>
      records(
        await Trainer.begin(
          await tinyPolicy(programs),
          preference(losses.nll({ beta: 1 })),
          pairs,
          { ...options, epochs: 1, microBatchSize },
          Random.seeded(1),
        ),
      );
    const [whole, parts] = [(await run(8))[0]!.loss, (await run(3))[0]!.loss];
    const tokens = pairs.reduce((sum, { chosen }) => sum + chosen.response.length, 0);
    const expected = -pairs.reduce((sum, { referenceChosen }) => sum + referenceChosen!, 0) / tokens;
    assert.ok(Math.abs(whole - expected) < 1e-5 && Math.abs(parts - expected) < 1e-5, `${whole} ${parts} ${expected}`);
  });
});
