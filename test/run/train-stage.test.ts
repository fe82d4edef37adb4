import assert from "node:assert/strict";
import { appendFileSync, readFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { bcoPair } from "../../src/align/losses/bco-pair.js";
import { dpo } from "../../src/align/losses/dpo.js";
import { preference, type ReferencedPair } from "../../src/align/preference.js";
import { supervised } from "../../src/align/sft.js";
import type { TrainingOptions } from "../../src/align/trainer.js";
import { Random } from "../../src/base/random.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { readSafetensors } from "../../src/model/checkpoint/safetensors/safetensors.js";
import type { Parameters } from "../../src/model/parameters/parameters.js";
import type { TokenSequence } from "../../src/model/scoring/batch.js";
import { runLayout } from "../../src/run/folder/layout.js";
import { RunFolder } from "../../src/run/folder/run-folder.js";
import type { RunControls } from "../../src/run/input.js";
import type { LoggedStep } from "../../src/run/logged-step.js";
import { trainStage, type TrainStage } from "../../src/run/train-stage.js";
import { assertSameTensors } from "../support/compare.js";
import { emptyFolder } from "../support/folder.js";
import { randomPairs, randomSequences, tinyPolicy } from "../support/tiny-model.js";
import { tinyContext } from "../support/tiny-run.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

const sft: TrainStage<TokenSequence> = {
  kind: "sft",
  iteration: 0,
  objective: supervised,
  examples: async () => randomSequences(12, Random.seeded(3)),
  validation: async () => [],
  options: { batchSize: 2, epochs: 2, learningRate: 1e-2 },
  random: Random.seeded(7),
  from: async () => "start",
};

/** Trains in a folder as a newly started process would; returns the trained parameters. */
async function train<E>(path: string, stage: TrainStage<E>, controls: RunControls = {}): Promise<Parameters> {
  const context = await tinyContext(path, await tinyPolicy(programs), [], controls);
  try {
    await context.folder.verify();
    await trainStage(context, { ...stage, random: Random.seeded(7) });
    return await context.executor.withPolicy(await context.model(stage.iteration), (policy) => policy.parameters());
  } finally {
    await context.folder.close();
  }
}

const logged = (path: string) => readFileSync(`${path}/metrics.jsonl`, "utf8");

async function checkpointOf(path: string, iteration: number): Promise<string | undefined> {
  return (await RunFolder.open(path)).checkpoint(iteration);
}

/** Sorts tensors by name, as they are stored in a file. */
const byName = (parameters: Parameters) => new Map([...parameters].sort(([a], [b]) => (a < b ? -1 : 1)));

/** Aborts the training at a step. */
function stopAt(step: number): RunControls {
  const controller = new AbortController();
  const update = (done: number) => void (done === step && controller.abort(new Error(`stopped at ${step}`)));
  return { signal: controller.signal, reporter: { start: () => ({ update, finish() {} }) } };
}

describe("trainStage", () => {
  it("logs each step, reports its progress and calls onStep with the logged row", async (test) => {
    const path = emptyFolder(test);
    const progress: number[][] = [];
    const heard: LoggedStep[] = [];
    const reporter: RunControls["reporter"] = {
      start: (label, total) => ({
        update: (done, figures) => void progress.push([done, total, figures!.loss!, figures!.tokens!]),
        finish: () => assert.equal(label, "sft"),
      }),
    };
    await train(path, sft, { reporter, onStep: (step) => void heard.push(step) });
    const rows = logged(path)
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as LoggedStep);
    assert.deepEqual(
      rows.map(({ phase, iteration, step }) => [phase, iteration, step]),
      rows.map((_, i) => ["sft", 0, i + 1]),
    );
    assert.deepEqual(
      progress,
      rows.map(({ step, loss, num_tokens }) => [step, 12, loss, num_tokens]),
    );
    assert.deepEqual(heard, rows);
    assert.equal(await checkpointOf(path, 0), undefined);
  });

  it("resumes after several interruptions with the same bytes as an uninterrupted training", async (test) => {
    const [whole, parts] = [emptyFolder(test), emptyFolder(test)];
    const expected = await train(whole, sft);
    for (const step of [3, 4, 9, 12]) {
      await assert.rejects(train(parts, sft, stopAt(step)), { message: `stopped at ${step}` });
      assert.ok(await checkpointOf(parts, 0));
    }
    assertSameTensors(byName(await train(parts, sft)), byName(expected));
    assert.equal(logged(parts), logged(whole));
    assert.equal(await checkpointOf(parts, 0), undefined);
  });

  it("tells after which step it resumes, and counts from there", async (test) => {
    const path = emptyFolder(test);
    await assert.rejects(train(path, sft, stopAt(3)), { message: "stopped at 3" });
    const heard: unknown[] = [];
    const reporter: RunControls["reporter"] = {
      start: (label, total, unit, done) => {
        heard.push([label, total, unit, done]);
        return { update: (step) => void heard.push(step), finish() {} };
      },
      note: (text) => void heard.push(text),
    };
    await train(path, sft, { reporter });
    const [note, begun, ...steps] = heard;
    assert.equal(note, "resuming sft after step 3 of 12");
    assert.deepEqual(begun, ["sft", 12, "steps", 3]);
    assert.deepEqual(steps, [4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it("resumes with the same bytes under early stopping, parameter averaging and a moving reference", async (test) => {
    const [whole, parts] = [emptyFolder(test), emptyFolder(test)];
    const pairs = randomPairs(14, Random.seeded(2)).map(({ prompt, chosen, rejected }) => ({
      ...{ chosen: { prompt, response: chosen }, rejected: { prompt, response: rejected } },
      ...{ referenceChosen: -50, referenceRejected: -50 },
    }));
    const options: TrainingOptions = {
      ...{ batchSize: 3, epochs: 4, maxSteps: 12, learningRate: 1e-2, microBatchSize: 2 },
      ...{
        evaluateEvery: 2,
        keepBestBy: "eval_loss",
        patience: 3,
        emaDecay: 0.5,
        referenceUpdate: { everySteps: 2, ema: 0.5 },
      },
    };
    const aligning: TrainStage<ReferencedPair> = {
      ...{ kind: "align", iteration: 1, objective: preference(dpo({ beta: 0.1 })), options, random: Random.seeded(7) },
      ...{ examples: async () => pairs.slice(4), validation: async () => pairs.slice(0, 4), from: async () => "start" },
    };
    const expected = await train(whole, aligning);
    const steps = logged(whole).trimEnd().split("\n").length;
    for (let step = 1; step < steps; step += 2)
      await assert.rejects(train(parts, aligning, stopAt(step)), { message: `stopped at ${step}` });
    assertSameTensors(byName(await train(parts, aligning)), byName(expected));
    assert.equal(logged(parts), logged(whole));
    assert.match(logged(whole), /"eval_rewards\/margins":/);
  });

  it("saves and restores the state that a loss carries from step to step", async (test) => {
    const examples = randomPairs(8, Random.seeded(3)).map(({ prompt, chosen, rejected }) => ({
      ...{ chosen: { prompt, response: chosen }, rejected: { prompt, response: rejected } },
      ...{ referenceChosen: -60, referenceRejected: -50 },
    }));
    const aligning: TrainStage<ReferencedPair> = {
      ...{
        kind: "align",
        iteration: 1,
        objective: preference(bcoPair({ beta: 0.1 })),
        options: sft.options,
        random: Random.seeded(7),
      },
      ...{ examples: async () => examples, validation: async () => [], from: async () => "start" },
    };
    const [whole, parts] = [emptyFolder(test), emptyFolder(test)];
    const expected = await train(whole, aligning);
    await assert.rejects(train(parts, aligning, stopAt(3)), /stopped/);
    const { tensors } = await readSafetensors((await checkpointOf(parts, 1))!);
    assert.equal(tensors.get("loss.bco-pair/steps")!.data[0], 3);
    assertSameTensors(byName(await train(parts, aligning)), byName(expected));
    assert.equal(logged(parts), logged(whole));
  });

  it("drops steps logged after the checkpoint and keeps those of other iterations", async (test) => {
    const [whole, killed] = [emptyFolder(test), emptyFolder(test)];
    const second = { ...sft, iteration: 1 };
    await train(whole, sft);
    await train(whole, second);
    await train(killed, sft);
    await assert.rejects(train(killed, second, stopAt(5)), /stopped/);
    for (const step of [6, 7])
      appendFileSync(`${killed}/metrics.jsonl`, `${JSON.stringify({ phase: "sft", iteration: 1, step, loss: 99 })}\n`);
    await train(killed, second);
    assert.equal(logged(killed), logged(whole));
  });

  it("keeps the checkpoint of an iteration if an earlier iteration is requested again", async (test) => {
    const path = emptyFolder(test);
    await train(path, sft);
    await assert.rejects(train(path, { ...sft, iteration: 1 }, stopAt(5)), /stopped/);
    await train(path, sft);
    assert.match((await checkpointOf(path, 1))!, /iteration-1/);
  });

  it("saves the starting parameters unchanged if there are no examples", async (test) => {
    const path = emptyFolder(test);
    const trained = await train(path, { ...sft, examples: async () => [] });
    assertSameTensors(byName(trained), byName(await (await tinyPolicy(programs)).parameters()));
    assert.equal((await RunFolder.open(path)).isDone(runLayout.iteration(0).model), true);
  });
});
