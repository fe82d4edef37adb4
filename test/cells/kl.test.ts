import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { frontierRows, klFrom } from "../../src/cells/kl.js";
import { align } from "../../src/cells/sera.js";
import { loadPreferences } from "../../src/data/load-preferences.js";
import { encodePrompt } from "../../src/data/tokenize.js";
import { world } from "../../src/data/world/shipped.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { Random } from "../../src/base/random.js";
import { loadTokenizer } from "../../src/model/tokenizer/load-tokenizer.js";
import { initialParameters } from "../../src/model/parameters/parameters.js";
import { Policy } from "../../src/model/policy/policy.js";
import { responseLogProbs } from "../../src/model/scoring/score.js";
import { inEmptyFolder } from "../support/folder.js";
import { tinyConfig } from "../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());
const tokenizer = await loadTokenizer(world.tokenizer);
const config = { ...tinyConfig, vocabSize: tokenizer.vocabSize, contextLength: 96 };

/** A random model; the larger the scale, the sharper its choices. */
async function model(seed: number, scale: number): Promise<Policy> {
  const parameters = initialParameters(config, Random.seeded(seed));
  for (const { data } of parameters.values()) for (let i = 0; i < data.length; i++) data[i]! *= scale;
  return Policy.create(programs, { config, tokenizer, parameters });
}

const start = await model(1, 2);
const other = await model(2, 2);
const prompt = "cook a soup with rice and peas . use two steps . be plain .";

/** log π(token | prompt) of all tokens. */
async function firstToken(policy: Policy): Promise<Float64Array> {
  const tokens = Int32Array.from(encodePrompt(prompt, tokenizer));
  return responseLogProbs(
    policy,
    Array.from({ length: config.vocabSize }, (_, token) => ({ prompt: tokens, response: Int32Array.of(token) })),
  );
}

describe("klFrom", () => {
  it("estimates the divergence of the first token within the error of its exact value", async () => {
    const [p, q] = [await firstToken(other), await firstToken(start)];
    const exact = p.reduce((sum, logP, i) => sum + Math.exp(logP) * (logP - q[i]!), 0);
    const { evaluate } = await klFrom(start, new Array<string>(3000).fill(prompt), { maxNewTokens: 1, seed: 5 });
    const { kl, klLow, klHigh, klCut } = await evaluate(other);
    const error = (klHigh! - klLow!) / 3.92;
    assert.ok(exact > 20 * error, `${exact} ± ${error} would not show a change of sign`);
    assert.ok(Math.abs(kl! - exact) < 4 * error, `${kl} ± ${error}, expected ${exact}`);
    assert.ok(klCut! > 0.9);
  });

  it("returns 0 for the start, and a gold reward if the prompts have one", async () => {
    const found = await (await klFrom(start, [prompt, prompt], { maxNewTokens: 6 })).evaluate(start);
    assert.deepEqual([found["kl"], found["klLow"], found["klHigh"]], [0, 0, 0]);
    assert.ok(found["klReward"]! >= 0 && found["klReward"]! <= 1);
    assert.deepEqual(Object.keys(await (await klFrom(start, ["hello"], { maxNewTokens: 2 })).evaluate(start)), [
      "kl",
      "klLow",
      "klHigh",
      "klCut",
    ]);
  });

  it("returns the same figures for the same seed, and others for another", async () => {
    const found = async (seed: number) => (await klFrom(start, [prompt], { maxNewTokens: 6, seed })).evaluate(other);
    assert.deepEqual(await found(1), await found(1));
    assert.notEqual((await found(1))["kl"], (await found(2))["kl"]);
  });

  it("computes the figures of a model once for all runs that have it", async () => {
    const { evaluate } = await klFrom(start, [prompt], { maxNewTokens: 6 });
    const [ofStart, ofOther] = [await evaluate(await model(1, 2)), await evaluate(other)];
    assert.equal(await evaluate(start), ofStart);
    assert.equal(await evaluate(await model(2, 2)), ofOther);
    assert.notEqual(ofOther["kl"], 0);
  });

  it("is identified by its start, prompts and options", async () => {
    const names = await Promise.all([
      klFrom(start, [prompt]),
      klFrom(start, [prompt], {}),
      klFrom(other, [prompt]),
      klFrom(start, [prompt, prompt]),
      klFrom(start, [prompt], { seed: 1 }),
    ]);
    assert.equal(new Set(names.map(({ name }) => name)).size, 4);
    assert.equal(names[0]!.name, names[1]!.name);
  });
});

describe("frontierRows", () => {
  it("returns a point for each iteration of each run, and names a missing evaluation", async (test) => {
    inEmptyFolder(test);
    const { pairs } = await loadPreferences(world.train, { limit: 4 });
    const evaluate = await klFrom(start, [prompt], { maxNewTokens: 4 });
    const settings = { batchSize: 4, maxNewTokens: 4, quiet: true };
    const runs = [
      await align(start, pairs, { ...settings, beta: 0.1, evaluate }),
      await align(start, pairs, { ...settings, beta: 1, evaluate }),
    ];
    const rows = frontierRows({ DPO: runs });
    assert.deepEqual(
      rows.map(({ series, kl }) => [series, kl]),
      runs.flatMap(({ iterations }) => iterations.map(({ metrics }) => ["DPO", metrics!["kl"]])),
    );
    const bare = await align(start, pairs, { ...settings, beta: 2 });
    assert.throws(
      () => frontierRows({ DPO: [bare] }),
      /^InputError: frontierRows: .* has no kl; run it with evaluate: await klFrom\(start, prompts\)/,
    );
  });

  it("leaves out iterations that were not measured, and names a missing gold reward", async (test) => {
    inEmptyFolder(test);
    const { pairs } = await loadPreferences(world.train, { limit: 4 });
    const settings = { batchSize: 4, maxNewTokens: 4, quiet: true };
    const measured = async (prompts: string[]) => {
      const { evaluate } = await klFrom(start, prompts, { maxNewTokens: 4 });
      const version = prompts.join();
      return align(start, pairs, {
        ...settings,
        evaluate: { name: "end", version, evaluate: async (policy, t) => (t === 1 ? evaluate(policy) : {}) },
      });
    };
    const run = await measured([prompt]);
    assert.deepEqual(
      frontierRows({ DPO: [run] }).map(({ kl, reward }) => [kl, reward]),
      [[run.iterations[1]!.metrics!["kl"], run.iterations[1]!.metrics!["klReward"]]],
    );
    const ungraded = await measured(["hello"]);
    assert.throws(
      () => frontierRows({ DPO: [ungraded] }),
      /^InputError: frontierRows: iteration 1 of .* has no klReward;/,
    );
  });
});
