import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { bcoPair } from "../../src/align/losses/bco-pair.js";
import { dpo } from "../../src/align/losses/dpo.js";
import { RunFolder } from "../../src/align/run-folder.js";
import { preference, type ReferencedPair } from "../../src/align/preference.js";
import { supervised } from "../../src/align/sft.js";
import { forgetCheckpoint, trainInFolder, type LoggedStep, type Phase } from "../../src/align/train-in-folder.js";
import type { TrainingOptions } from "../../src/align/trainer.js";
import { Random } from "../../src/base/random.js";
import type { TaskOptions } from "../../src/base/task.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import type { TokenSequence } from "../../src/model/batch.js";
import type { Parameters } from "../../src/model/parameters.js";
import { readSafetensors } from "../../src/model/safetensors.js";
import { assertSameTensors } from "../support/compare.js";
import { emptyFolder } from "../support/folder.js";
import { randomPairs, randomSequences, tinyPolicy } from "../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

const phase: Phase<TokenSequence> = {
  kind: "sft",
  iteration: 0,
  objective: supervised,
  examples: randomSequences(12, Random.seeded(3)),
  options: { batchSize: 2, epochs: 2, learningRate: 1e-2 },
  start: () => tinyPolicy(programs),
};
const train = (folder: RunFolder, work: TaskOptions = {}, change: Partial<typeof phase> = {}) =>
  trainInFolder(folder, { ...phase, ...change }, Random.seeded(7), work);
const logged = (folder: RunFolder) => readFileSync(folder.file("metrics.jsonl"), "utf8");
const checkpoint = "iteration-0/checkpoint.safetensors";

/** A file has its tensors in the order of their names. */
const byName = (parameters: Parameters) => new Map([...parameters].sort(([a], [b]) => (a < b ? -1 : 1)));

/** TaskOptions that is asked to stop at a step. */
function stopAt(step: number): TaskOptions {
  const controller = new AbortController();
  return { signal: controller.signal, onProgress: (done) => done === step && controller.abort(new Error(`stopped at ${step}`)) };
}

describe("trainInFolder", () => {
  it("logs each step, and tells how far it is", async (test) => {
    const folder = new RunFolder(emptyFolder(test));
    const progress: number[][] = [];
    await train(folder, { onProgress: (done, total, figures) => void progress.push([done, total, figures!.loss!, figures!.tokens!]) });
    const rows = logged(folder).trimEnd().split("\n").map((line) => JSON.parse(line) as LoggedStep);
    assert.deepEqual(rows.map(({ phase, iteration, step }) => [phase, iteration, step]), rows.map((_, i) => ["sft", 0, i + 1]));
    assert.deepEqual(progress, rows.map(({ step, loss, num_tokens }) => [step, 12, loss, num_tokens]));
    assert.equal(await folder.has(checkpoint), false);
  });

  it("stopped and gone on, again and again, gives the same bytes as never stopped", async (test) => {
    const [whole, parts] = [new RunFolder(emptyFolder(test)), new RunFolder(emptyFolder(test))];
    const expected = await (await train(whole)).parameters();
    for (const step of [3, 4, 9, 12]) {
      await assert.rejects(train(parts, stopAt(step)), { message: `stopped at ${step}` });
      assert.ok(await parts.has(checkpoint));
    }
    assertSameTensors(byName(await (await train(parts)).parameters()), byName(expected));
    assert.equal(logged(parts), logged(whole));
    await forgetCheckpoint(parts, 0);
    assert.equal(await parts.has(checkpoint), false);
  });

  it("keeps in a checkpoint all that its options need to go on to the same bytes", async (test) => {
    const [whole, parts] = [new RunFolder(emptyFolder(test)), new RunFolder(emptyFolder(test))];
    const pairs = randomPairs(14, Random.seeded(2)).map(({ prompt, chosen, rejected }) => ({
      ...{ chosen: { prompt, response: chosen }, rejected: { prompt, response: rejected } },
      ...{ referenceChosen: -50, referenceRejected: -50 },
    }));
    const options: TrainingOptions = {
      ...{ batchSize: 3, epochs: 4, maxSteps: 12, learningRate: 1e-2, microBatchSize: 2 },
      ...{ evaluateEvery: 2, keepBestBy: "eval_loss", patience: 3, emaDecay: 0.5, referenceUpdate: { everySteps: 2, ema: 0.5 } },
    };
    const aligning: Phase<ReferencedPair> = {
      ...{ kind: "align", iteration: 1, objective: preference(dpo({ beta: 0.1 })), examples: pairs.slice(4), heldOut: pairs.slice(0, 4), options },
      ...{ start: () => tinyPolicy(programs), reference: () => tinyPolicy(programs, 2) },
    };
    const run = (folder: RunFolder, work: TaskOptions = {}) => trainInFolder(folder, aligning, Random.seeded(7), work);
    const expected = await (await run(whole)).parameters();
    const steps = logged(whole).trimEnd().split("\n").length;
    for (let step = 1; step <= steps; step += 2) await assert.rejects(run(parts, stopAt(step)), { message: `stopped at ${step}` });
    assertSameTensors(byName(await (await run(parts)).parameters()), byName(expected));
    assert.equal(logged(parts), logged(whole));
    assert.match(logged(whole), /"eval_rewards\/margins":/);
  });

  it("keeps what a loss keeps from step to step", async (test) => {
    const examples = randomPairs(8, Random.seeded(3)).map(({ prompt, chosen, rejected }) => ({
      ...{ chosen: { prompt, response: chosen }, rejected: { prompt, response: rejected } },
      ...{ referenceChosen: -60, referenceRejected: -50 },
    }));
    const aligned = (folder: RunFolder, work: TaskOptions = {}) =>
      trainInFolder(
        folder,
        { kind: "align", iteration: 0, objective: preference(bcoPair({ beta: 0.1 })), examples, options: phase.options, start: phase.start },
        Random.seeded(7),
        work,
      );
    const [whole, parts] = [new RunFolder(emptyFolder(test)), new RunFolder(emptyFolder(test))];
    const expected = await (await aligned(whole)).parameters();
    await assert.rejects(aligned(parts, stopAt(3)), /stopped/);
    const { tensors } = await readSafetensors(parts.file(checkpoint));
    assert.equal(tensors.get("loss.bco-pair/steps")!.data[0], 3);
    assertSameTensors(byName(await (await aligned(parts)).parameters()), byName(expected));
    assert.equal(logged(parts), logged(whole));
  });

  it("forgets steps that were logged after the checkpoint, and keeps those of other trainings", async (test) => {
    const [whole, killed] = [new RunFolder(emptyFolder(test)), new RunFolder(emptyFolder(test))];
    await train(whole);
    await train(whole, {}, { iteration: 1 });
    await train(killed);
    await assert.rejects(train(killed, stopAt(5), { iteration: 1 }), /stopped/);
    for (const step of [6, 7]) await killed.append("metrics.jsonl", { phase: "sft", iteration: 1, step, loss: 99 });
    await train(killed, {}, { iteration: 1 });
    assert.equal(logged(killed), logged(whole));
  });

  it("trains nothing on no examples", async (test) => {
    const folder = new RunFolder(emptyFolder(test));
    const policy = await train(folder, {}, { examples: [] });
    assertSameTensors(await policy.parameters(), await (await tinyPolicy(programs)).parameters());
    assert.equal(logged(folder), "");
  });
});
