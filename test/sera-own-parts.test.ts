import assert from "node:assert/strict";
import { after, describe, it, type TestContext } from "node:test";
import { losses, type PreferenceLoss } from "../src/align/losses/index.js";
import { Random } from "../src/base/random.js";
import { OnnxEngine } from "../src/engine/onnx/engine.js";
import { ProgramCache } from "../src/engine/program-cache.js";
import { runLayout } from "../src/run/folder/layout.js";
import { RunFolder } from "../src/run/folder/run-folder.js";
import { openRun } from "../src/run/open-run.js";
import type { Labeller, PairingRule, SelectionRule, SeraOptions } from "../src/run/options/index.js";
import { seraMethod } from "../src/sera.js";
import { emptyFolder } from "./support/folder.js";
import { byteTokenizer, randomPairs } from "./support/tiny-model.js";
import { tinyInput } from "./support/tiny-run.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

const quick = {
  batchSize: 4,
  learningRate: 1e-2,
  maxNewTokens: 4,
  temperature: 1,
  iterations: 2,
  select: 0.5,
  bootstrap: 0.5,
  responses: 3,
  seed: 1,
};

async function run(test: TestContext, own: Partial<SeraOptions>) {
  const { folder: path, summary } = await openRun(seraMethod({ ...quick, ...own }), await tinyInput(programs), {
    folder: emptyFolder(test),
  });
  const folder = await RunFolder.open(path);
  const { margins, labelledSamples, bootstrapped } = runLayout.iteration(2);
  return {
    summary,
    folder,
    margins: () => folder.readRows(margins),
    samples: () => folder.readRows(labelledSamples),
    made: () => folder.readRows(bootstrapped),
  };
}

describe("sera with custom parts", () => {
  it("keeps the pairs that the selection rule keeps, and gives it a random stream of the run", async (test) => {
    const draws: number[] = [];
    const selectBy: SelectionRule = {
      ...{ name: "every other", version: "1" },
      select(rows, share, random) {
        draws.push(random.uniform());
        return rows.map((row, i) => ({ ...row, kept: i % Math.round(1 / share) === 0 }));
      },
    };
    const { margins, summary } = await run(test, { selectBy });
    assert.deepEqual(
      (await margins()).map(({ kept }) => kept),
      [true, false, true, false, true, false, true, false],
    );
    assert.equal(summary.iterations[2]!.pairsSelected, 4);
    assert.deepEqual(draws, [Random.seeded(1).fork("select", 2).uniform()]);
  });

  it("bootstraps the pairs that the pairing rule forms", async (test) => {
    const seen: (readonly number[])[] = [];
    const pairBy: PairingRule = {
      ...{ name: "best against second", version: "1" },
      pair(samples) {
        seen.push(samples.map(({ reward }) => reward));
        return [[samples[0]!, samples[1]!]];
      },
    };
    const { made } = await run(test, { pairBy, bootstrap: 1 });
    assert.ok(
      seen.length > 0 && seen.every((rewards) => rewards.every((reward, i) => i === 0 || reward <= rewards[i - 1]!)),
      "sorted by descending reward",
    );
    const best = seen
      .map(([first, second]) => first! - second!)
      .filter((margin) => margin > 0)
      .sort((a, b) => b - a);
    assert.deepEqual(
      (await made()).map(({ margin }) => margin),
      best.slice(0, 8),
    );
  });

  it("rewards samples as the labeller does, and offers it their texts and implicit rewards", async (test) => {
    const plain = await run(test, {});
    const implicit = (await plain.samples()).map(({ reward }) => reward);
    const asked: { iteration: number; rewards: readonly number[]; prompts: string[]; responses: string[] }[] = [];
    const labelBy: Labeller = {
      ...{ name: "shortest", version: "1" },
      async label(samples, { iteration, prompt, response, implicitRewards }) {
        asked.push({
          iteration,
          rewards: await implicitRewards(),
          prompts: samples.map(prompt),
          responses: samples.map(response),
        });
        return samples.map(({ tokens }) => -tokens.length);
      },
    };
    const { samples, summary } = await run(test, { labelBy });
    const rows = await samples();
    assert.deepEqual(
      rows.map(({ reward }) => reward),
      rows.map(({ tokens }) => -tokens.length),
    );
    assert.deepEqual(
      asked.map(({ iteration, rewards }) => ({ iteration, rewards })),
      [{ iteration: 2, rewards: implicit }],
    );
    assert.deepEqual(
      asked[0]!.responses,
      rows.map(({ tokens }) => byteTokenizer.decode([...tokens])),
    );
    const pairs = new Map(
      randomPairs(8, Random.seeded(2)).map(({ id, prompt }) => [id, byteTokenizer.decode([...prompt])]),
    );
    assert.deepEqual(
      asked[0]!.prompts,
      rows.map(({ id }) => pairs.get(id)),
    );
    assert.ok(
      rows.every(({ reference }) => reference !== undefined),
      "the reference log-probabilities behind the implicit rewards are kept",
    );
    assert.equal(summary.iterations.length, 3);
  });

  it("refuses too few rewards and NaN", async (test) => {
    const labelling = (version: string, label: Labeller["label"]) =>
      run(test, { labelBy: { name: "bad", version, label } });
    const message = 'labelBy: the labeller "bad" must give one finite reward for each of the 24 samples';
    await assert.rejects(
      labelling("1", () => [1]),
      { name: "InputError", message },
    );
    await assert.rejects(
      labelling("2", (samples) => samples.map(() => NaN)),
      { name: "InputError", message },
    );
  });

  it("gives the same results with a custom loss as with the built-in one of the same formula", async (test) => {
    const dpo = losses.dpo({ beta: 0.1 });
    const mine = { ...dpo, name: "mine", version: "1" } as PreferenceLoss;
    const [own, library] = [await run(test, { loss: mine }), await run(test, { loss: "dpo" })];
    assert.deepEqual([own.summary.loss, library.summary.loss], ["mine", "dpo"]);
    assert.deepEqual(await own.margins(), await library.margins());
    assert.deepEqual(await own.made(), await library.made());
  });
});
