import assert from "node:assert/strict";
import { after, describe, it, type TestContext } from "node:test";
import { RunFolder } from "../../src/align/run-folder.js";
import { Random } from "../../src/base/random.js";
import type { BootstrappedRow } from "../../src/bootstrap/index.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import * as methods from "../../src/methods/index.js";
import type { Recipe } from "../../src/methods/recipe.js";
import { initialParameters } from "../../src/model/parameters.js";
import { runMethod } from "../../src/run/method.js";
import type { RunInput } from "../../src/run/input.js";
import { recipeForms, type RecipeOptions } from "../../src/run/options/index.js";
import { emptyFolder } from "../support/folder.js";
import { byteTokenizer, randomPairs, tinyConfig } from "../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

const shared: Partial<RecipeOptions> = { batchSize: 4, learningRate: 1e-2, maxNewTokens: 4, seed: 1, rounds: 3 };
const input: RunInput = {
  start: { config: tinyConfig, parameters: initialParameters(tinyConfig, Random.seeded(1)), tokenizer: byteTokenizer },
  pairs: randomPairs(8, Random.seeded(2)),
  judge: async (responses) => responses.map(({ response }) => response.length + response.charCodeAt(0) / 1000),
};

async function run(test: TestContext, recipe: Recipe) {
  const folder = new RunFolder(emptyFolder(test));
  const summary = await runMethod(recipe(shared), input, folder, programs);
  const seen = summary.iterations.map(({ pairsSeen }) => pairsSeen);
  const losses = await folder.known<{ iteration: number; step: number; loss: number }>("metrics.jsonl");
  const firstLoss = (t: number) => losses.find(({ iteration, step }) => iteration === t && step === 1)!.loss;
  const made = (t: number) => folder.known<BootstrappedRow>(`iteration-${t}/bootstrapped.jsonl`);
  return { summary, seen, firstLoss, made, folder };
}

const nearLn2 = (loss: number) => Math.abs(loss - Math.log(2)) < 1e-5;

describe("direct", () => {
  it("trains rounds epochs on all pairs", async (test) => {
    const { summary, seen } = await run(test, methods.direct());
    assert.deepEqual([summary.method, seen], ["dpo", [0, 24]]);
  });
});

describe("sft", () => {
  it("is the negative log-likelihood of the chosen responses", async (test) => {
    const { summary } = await run(test, methods.sft());
    assert.deepEqual([summary.method, summary.loss], ["nll", "nll"]);
  });
});

describe("sera", () => {
  it("trains as many pairs each round: kept ones and its own", async (test) => {
    const { summary, seen } = await run(test, methods.sera({ select: 0.5, bootstrap: 0.5 }));
    assert.deepEqual([summary.method, seen], ["sera", [0, 8, 8, 8]]);
    assert.deepEqual(summary.iterations.map(({ pairsBootstrapped }) => pairsBootstrapped), [null, 0, 4, 4]);
  });
});

describe("iterativeDpo", () => {
  it("trains on the judge's best and worst response, against the policy that each round begins from", async (test) => {
    const { summary, firstLoss, made } = await run(test, methods.iterativeDpo());
    assert.deepEqual(summary.iterations.map(({ pairsSelected }) => pairsSelected), [null, 8, 0, 0]);
    assert.ok((await made(3)).every(({ chosenReward, rejectedReward }) => chosenReward! > rejectedReward!));
    assert.ok([1, 2, 3].every((t) => nearLn2(firstLoss(t))));
  });
});

describe("dice", () => {
  it("mixes its own pairs with as many of the data's", async (test) => {
    const { summary, firstLoss } = await run(test, methods.dice());
    assert.deepEqual(summary.iterations.map(({ pairsSelected, pairsBootstrapped }) => [pairsSelected, pairsBootstrapped]), [[null, null], [8, 0], [4, 4], [4, 4]]);
    assert.ok(nearLn2(firstLoss(2)));
  });
});

describe("spin", () => {
  it("sets the data's chosen responses against the policy's own, and trains the last iteration's pairs again", async (test) => {
    const { seen, firstLoss, made, folder } = await run(test, methods.spin());
    assert.deepEqual(seen, [0, 8, 16]);
    assert.ok(nearLn2(firstLoss(1)) && nearLn2(firstLoss(2)));
    const text = (tokens: Int32Array) => byteTokenizer.decode(tokens);
    const rows = await made(2);
    assert.deepEqual(rows.map(({ chosen }) => chosen), input.pairs.map(({ chosen }) => text(chosen)));
    assert.ok(rows.every(({ rejected }, i) => rejected !== text(input.pairs[i]!.rejected)));
    assert.ok(await folder.has("iteration-2/samples.jsonl"));
  });

  it("refuses an even number of rounds", () => {
    assert.throws(() => methods.spin({ rounds: 2 })(), { name: "InputError", message: /^spin: found 2 rounds, expected an odd number/ });
  });
});

describe("curryDpo", () => {
  it("goes from the worst response to the next to best, always against the best", async (test) => {
    const { seen, made, firstLoss } = await run(test, methods.curryDpo());
    assert.deepEqual(seen, [0, 8, 8, 8]);
    const stages = [await made(1), await made(2), await made(3)];
    for (const [first, second, third] of stages[0]!.map((_, i) => stages.map((rows) => rows[i]!))) {
      assert.equal(new Set([first!.chosen, second!.chosen, third!.chosen]).size, 1);
      assert.ok(first!.margin! >= second!.margin! && second!.margin! >= third!.margin!);
    }
    assert.ok([1, 2, 3].every((t) => nearLn2(firstLoss(t))));
  });

  it("refuses rounds that its stages do not divide", () => {
    assert.throws(() => methods.curryDpo({ rounds: 4 })(), { name: "InputError", message: "curry dpo: found 4 rounds, expected a multiple of its 3 stages" });
  });
});

describe("every recipe", () => {
  for (const [name, recipe] of Object.entries<(own?: object) => Recipe>(methods)) {
    it(`${name}: its own options have the last word, and one that there is not is refused`, () => {
      const { options, version } = recipe({ batchSize: 7 })({ batchSize: 8, learningRate: 0.3 });
      assert.deepEqual([options.batchSize, options.learningRate, version], [7, 0.3, "1"]);
      assert.throws(() => recipe({ learningrate: 1 })(), { name: "InputError", message: `\`learningrate\` is not an option of ${name}; did you mean \`learningRate\`?` });
      assert.throws(() => recipe({ rounds: 0 })(), { name: "InputError", message: "rounds: found 0, expected a whole number from 1" });
      assert.throws(() => recipe({ epochs: 2 })(), { name: "InputError", message: `\`epochs\` is not an option of ${name}; use \`rounds\`` });
      assert.deepEqual(recipe().takes, Object.keys(recipeForms[name as keyof typeof recipeForms].table));
    });
  }

  it("ends with the same bytes after an interruption", async (test) => {
    for (const recipe of [methods.spin(), methods.curryDpo()]) {
      const whole = await run(test, recipe);
      const folder = new RunFolder(emptyFolder(test));
      const abort = new AbortController();
      setTimeout(() => abort.abort(new Error("stopped")), 60);
      await runMethod(recipe(shared), input, folder, programs, { signal: abort.signal }).catch(() => {});
      await runMethod(recipe(shared), input, folder, programs);
      const losses = (at: RunFolder) => at.known("metrics.jsonl");
      assert.deepEqual(await losses(folder), await losses(whole.folder));
    }
  });
});
