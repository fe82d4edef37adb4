import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { RunFolder } from "../src/align/run-folder.js";
import { Random } from "../src/base/random.js";
import { OnnxEngine } from "../src/engine/onnx/engine.js";
import { ProgramCache } from "../src/engine/program-cache.js";
import { initialParameters } from "../src/model/parameters.js";
import { checkSeraOptions, type SeraOptions } from "../src/sera-options.js";
import { runSera, type SeraInput } from "../src/sera.js";
import { emptyFolder } from "./support/folder.js";
import { byteTokenizer, randomPairs, tinyConfig } from "./support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

const training = { batchSize: 4, epochs: 1, learningRate: 1e-2 };
const options: SeraOptions = {
  ...{ loss: "dpo", beta: 0.1, iterations: 2, select: 0.5, bootstrap: 0.5, responses: 2, gamma: 0.3, seed: 1 },
  ...{ training, sft: training, generation: { maxNewTokens: 4 } },
};
const input: SeraInput = {
  start: { config: tinyConfig, parameters: initialParameters(tinyConfig, Random.seeded(1)), tokenizer: byteTokenizer },
  pairs: randomPairs(8, Random.seeded(2)),
};
const run = (folder: RunFolder, changed: Partial<SeraInput> = {}, otherwise: Partial<SeraOptions> = {}, signal?: AbortSignal) =>
  runSera({ ...input, ...changed }, { ...options, ...otherwise }, folder, programs, signal && { signal });

describe("sera", () => {
  it("asks for each iteration's policy to be evaluated, the reference first, and sums up what it is told", async (test) => {
    const asked: number[] = [];
    const evaluate = async (_: unknown, iteration: number) => {
      asked.push(iteration);
      return { accuracy: iteration / 10, meanMargin: iteration };
    };
    const folder = new RunFolder(emptyFolder(test));
    const { method, iterations } = await run(folder, { evaluate });
    assert.equal(method, "sera");
    assert.deepEqual(asked, [0, 1, 2]);
    assert.deepEqual(iterations.map(({ accuracy, meanMargin }) => [accuracy, meanMargin]), [[0, 0], [0.1, 1], [0.2, 2]]);
    assert.deepEqual(iterations.map(({ pairsKept, pairsMade }) => [pairsKept, pairsMade]), [[null, null], [8, 0], [4, 4]]);
    await run(folder, { evaluate });
    assert.deepEqual(asked, [0, 1, 2], "a finished evaluation is read");
  });

  it("refuses to go on with other pairs, or with none", async (test) => {
    const folder = new RunFolder(emptyFolder(test));
    await run(folder, {}, { iterations: 1 });
    await assert.rejects(run(folder, { pairs: randomPairs(8, Random.seeded(3)) }, { iterations: 1 }), {
      name: "InputError",
      message: /pairs.jsonl:1: found other data than the run's \(8 rows, now 8\)/,
    });
    await assert.rejects(run(new RunFolder(emptyFolder(test)), { pairs: [] }), { message: "found no preference pair, expected at least one" });
  });

  it("says so where no pair is left to train on", async (test) => {
    const nothing = run(new RunFolder(emptyFolder(test)), {}, { select: 0, bootstrap: 0.01 });
    await assert.rejects(nothing, { name: "InputError", message: /^iteration 2: found no pair to train on, none kept and none made/ });
  });

  it("stops with the signal's reason", async (test) => {
    const stopped = new Error("stopped");
    await assert.rejects(run(new RunFolder(emptyFolder(test)), {}, {}, AbortSignal.abort(stopped)), (error) => error === stopped);
  });
});

describe("checkSeraOptions", () => {
  it("refuses what is outside its range, by name", () => {
    checkSeraOptions(options);
    const refused = (change: Partial<SeraOptions>, message: string | RegExp) =>
      assert.throws(() => checkSeraOptions({ ...options, ...change }), { name: "InputError", message });
    refused({ loss: "ppo" }, /^loss: found "ppo", expected one of dpo/);
    refused({ beta: -1 }, "beta: found -1, expected a number above 0");
    refused({ iterations: 0 }, "iterations: found 0, expected a whole number from 1");
    refused({ select: 1.5 }, "select: found 1.5, expected a share in [0, 1]");
    refused({ bootstrap: NaN }, "bootstrap: found NaN, expected a share in [0, 1]");
    refused({ responses: 1 }, "responses: found 1, expected a whole number from 2");
    refused({ gamma: -0.1 }, "gamma: found -0.1, expected a share in [0, 1]");
    refused({ seed: 0.5 }, "seed: found 0.5, expected a whole number from 0");
    refused({ select: 0, bootstrap: 0 }, "select and bootstrap: found 0, expected at least one above 0");
    refused({ training: { ...training, learningRate: 0 } }, "learning rate: found 0, expected a number above 0");
    refused({ generation: { maxNewTokens: 0 } }, "max new tokens: found 0, expected a whole number from 1");
    refused({ generation: { temperature: -1 } }, "temperature: found -1, expected a number from 0");
    refused({ generation: { topK: 1.5 } }, "top k: found 1.5, expected a whole number from 0");
    refused({ generation: { topP: 0 } }, "top p: found 0, expected a share above 0");
  });
});
