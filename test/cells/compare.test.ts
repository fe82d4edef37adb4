import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { compare, type CompareOptions } from "../../src/cells/compare.js";
import { loadModel } from "../../src/cells/load-model.js";
import { MethodComparison } from "../../src/cells/method-comparison.js";
import { world, type Editor } from "../../src/data/index.js";
import { loadPreferences } from "../../src/data/load-preferences.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { goldJudge } from "../../src/judge/gold-judge.js";
import { defineMethod } from "../../src/methods/define-method.js";
import * as methods from "../../src/methods/index.js";
import type { Recipe } from "../../src/methods/recipe.js";
import { bundleOf } from "../../src/notebook/bundle.js";
import { cell } from "../../src/notebook/display.js";
import { offerHost } from "../../src/notebook/host.js";
import * as plot from "../../src/plot/index.js";
import { mean } from "../../src/stats/mean.js";
import { inEmptyFolder } from "../support/folder.js";
import { worldPolicy } from "../support/world-policy.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());
const shown: string[] = [];
offerHost({ signal: new AbortController().signal, show: (bundle) => void shown.push(bundle["text/plain"] as string) });

const start = await worldPolicy(programs);
const { pairs } = await loadPreferences(world.train, { limit: 12 });
const { pairs: heldOut } = await loadPreferences(world.heldOut, { limit: 5 });
const options: CompareOptions = {
  heldOut,
  seeds: [1, 2],
  rounds: 2,
  batchSize: 4,
  learningRate: 1e-2,
  maxNewTokens: 6,
};
const recipes = { DPO: methods.direct({ beta: 1 }), SeRA: methods.sera({ beta: 2, responses: 2 }) };

describe("compare", () => {
  it("runs each method with each seed on the same number of pairs, and reuses finished runs", async (test) => {
    inEmptyFolder(test);
    const result = await compare(start, pairs, recipes, options);
    const { table, bySeed } = result;
    assert.deepEqual(table.array("method"), ["start", "DPO", "SeRA"]);
    assert.deepEqual(table.array("pairsSeen"), [0, 24, 24]);
    assert.equal(table.get("winRate", 0), 0.5);
    const golds = result.runs.SeRA!.map((run) => run.iterations.at(-1)!.goldReward!);
    assert.ok(Math.abs(table.get("goldReward", 2) - (golds[0]! + golds[1]!) / 2) < 1e-12);
    assert.ok(
      table.get("goldLow", 2) <= table.get("goldReward", 2) && table.get("goldReward", 2) <= table.get("goldHigh", 2),
    );
    assert.deepEqual(bySeed.array("seed"), [1, 2, 1, 2]);
    assert.match((await bundleOf(result))["text/plain"] as string, /means over seeds 1, 2/);
    assert.ok(
      shown.some((line) => /1\/4 DPO, seed 1 · 6 steps in/.test(line)),
      "a line for each run counts its steps",
    );

    const folders = readdirSync("runs").sort();
    assert.equal(folders.filter((name) => name !== "reference-cache").length, 4);
    const again = await compare(start, pairs, recipes, options);
    assert.deepEqual(again.table.objects(), table.objects());
    assert.deepEqual(readdirSync("runs").sort(), folders);
  });

  it("stores in referenceCache what models have computed, and where a training is found", async (test) => {
    inEmptyFolder(test);
    await compare(
      start,
      pairs,
      { DPO: methods.direct({}) },
      { ...options, seeds: [1], rounds: 1, referenceCache: "kept" },
    );
    const stored = readdirSync("kept").map((name) => JSON.parse(readFileSync(`kept/${name}`, "utf8")) as object);
    const having = (field: string) => stored.filter((found) => field in found).length;
    // The pairs under the start, and the held-out ones under both models.
    assert.deepEqual([having("chosen"), having("responses"), having("run"), stored.length], [3, 2, 1, 6]);
    assert.equal(readdirSync("runs").includes("reference-cache"), false);
  });

  it("shows each run as one line, and what it notes once", async (test) => {
    inEmptyFolder(test);
    shown.length = 0;
    const own = defineMethod({
      ...{ name: "own", version: "1" },
      async run(stages) {
        const line = cell.reporter.start("prepare", 2, "things");
        // A line of its own would be shown, because it has a loss.
        line.update(2, { loss: 1 });
        line.finish();
        await stages.align(1, await stages.offlinePairs(), { pairsSelected: 0, pairsBootstrapped: 0, bootstrap: null });
      },
    });
    await compare(start, pairs, { own: own({}) }, { ...options, heldOut: pairs.slice(0, 5), rounds: 1 });
    const left = shown.filter((text) => !/^\d\/2 own, seed \d /.test(text)).map((text) => text.replace(/ ·.*/, ""));
    assert.deepEqual(left, [
      "✓ 1/2 own, seed 1",
      "own, seed 1: 5 of the 5 held-out pairs are training pairs too",
      "✓ 2/2 own, seed 2",
    ]);
  });

  it("shows what the check of the methods notes once too, with the method that had it first", async (test) => {
    inEmptyFolder(test);
    shown.length = 0;
    const bridged = (beta: number) => methods.bmc({ bridge: "world", beta });
    await compare(start, pairs, { first: bridged(1), second: bridged(2) }, { ...options, rounds: 1 });
    const noted = shown.filter((text) => text.includes("world editor:"));
    assert.equal(noted.length, 1, noted.join("\n"));
    assert.match(
      noted[0]!,
      /^first: world editor: \d+ of the \d+ pairs edited|^first: world editor: \d+ of \d+ pairs edited/,
    );
  });

  it("returns runs with the gold rewards of their responses, by default of the last iteration", async (test) => {
    inEmptyFolder(test);
    const recipe = { SeRA: methods.sera({ beta: 2, responses: 2, learningRate: 1e-3 }) };
    // The start of the other tests answers too badly for a gold reward.
    const fluent = await loadModel(world.sft, { threads: 1 });
    test.after(() => fluent.free());
    const [run] = (await compare(fluent, pairs, recipe, { ...options, seeds: [1] })).runs.SeRA!;
    const golds = [0, 1, 2].map((iteration) => run!.goldRewards(iteration));
    assert.deepEqual(
      golds,
      [0, 1, 2].map((iteration) => run!.iteration(iteration).responses.array("gold")),
    );
    assert.deepEqual(
      golds.map((row) => mean(row).toFixed(9)),
      run!.iterations.map(({ goldReward }) => goldReward!.toFixed(9)),
    );
    // Otherwise the test could not tell which is the default.
    assert.notDeepEqual(golds[2], golds[1]);
    assert.deepEqual(run!.goldRewards(), golds[2]);
    assert.equal(run!.last, run!.iteration(2));
    assert.throws(() => run!.goldRewards(3), { name: "InputError", message: /found iteration 3/ });
  });

  it("returns runs that refuse goldRewards if the prompts have none", async (test) => {
    inEmptyFolder(test);
    const asked = heldOut.map((pair) => ({ ...pair, prompt: "Who are you?" }));
    const { runs } = await compare(
      start,
      pairs,
      { DPO: methods.direct({}) },
      { ...options, heldOut: asked, seeds: [1], rounds: 1 },
    );
    assert.throws(() => runs.DPO![0]!.goldRewards(), { name: "InputError", message: /no gold reward/ });
  });

  it("refuses a folder, since each of its runs has one", async () => {
    await assert.rejects(compare(start, pairs, recipes, { ...options, folder: "one" } as CompareOptions), {
      name: "InputError",
      message: /`folder` is not an option of compare/,
    });
  });

  it("returns differences in gold reward between methods, and plots of them", async (test) => {
    inEmptyFolder(test);
    const result = await compare(start, pairs, recipes, options);
    const [difference, ...others] = result.differencesFrom("DPO");
    const goldOf = (name: string) => result.goldRewards.find((row) => row.name === name)!.mean;
    assert.deepEqual(others, []);
    assert.equal(difference!.name, "SeRA");
    assert.ok(Math.abs(difference!.mean - (goldOf("SeRA") - goldOf("DPO"))) < 1e-12);
    assert.equal(difference!.significant, difference!.adjustedPValue < 0.05);
    const same = new MethodComparison({ a: result.runs.DPO!, b: result.runs.DPO! }, [1, 2]).differencesFrom("a")[0]!;
    assert.deepEqual([same.mean, same.low, same.high, same.significant], [0, 0, 0, false]);
    for (const spec of [
      plot.goldRewards(result.goldRewards),
      plot.winRates(result.winRates),
      plot.differences(result.differencesFrom("DPO"), "DPO"),
    ]) {
      assert.match(await plot.renderSvg(spec), /<svg/);
    }
    assert.throws(() => result.differencesFrom("PPO"), {
      name: "InputError",
      message: 'there is no method "PPO"; choose one of DPO, SeRA',
    });
    assert.throws(() => result.difference("PPO", "DPO"), { message: /there is no method "PPO"/ });
    assert.throws(() => result.difference("DPO", "toString"), { message: /there is no method "toString"/ });
  });

  it("counts a method's training, scoring and sampling time, but not its evaluation time", async (test) => {
    inEmptyFolder(test);
    const result = await compare(start, pairs, recipes, options);
    for (const [name, runs] of Object.entries(result.runs)) {
      const work = runs.map(({ iterations }) =>
        iterations.reduce(
          (sum, { seconds: { training, scoring, sampling } }) => sum + training + scoring + sampling,
          0,
        ),
      );
      const row = result.table.array("method").indexOf(name);
      assert.ok(Math.abs(result.table.get("seconds", row) - (work[0]! + work[1]!) / 2) < 1e-9, name);
      assert.ok(runs.every(({ iterations }) => iterations.every(({ seconds }) => seconds.evaluation > 0)));
    }
    const [scored] = result.runs.DPO!;
    assert.ok(scored!.iterations[0]!.seconds.scoring > 0, "the reference was scored");
    assert.equal(result.table.get("seconds", 0), 0, "the start costs nothing");
  });

  it("refuses invalid recipes, seeds and options before anything is run", async (test) => {
    inEmptyFolder(test);
    await assert.rejects(compare(start, pairs, { ...recipes, SPIN: methods.spin() }, options), {
      message: /^spin: found 2 rounds/,
    });
    const withSeed = { ...options, seed: 1 } as object;
    await assert.rejects(compare(start, pairs, recipes, withSeed), {
      name: "InputError",
      message: /^`seed` is not an option of compare; use `seeds`/,
    });
    await assert.rejects(compare(start, pairs, { DPO: methods.direct({ seed: 5 }) }, options), {
      name: "InputError",
      message: /^DPO: found seed 5 among its own options, expected none/,
    });
    await assert.rejects(compare(start, pairs, {}, options), {
      message: "compare: found 0 methods and 2 seeds, expected at least one of each",
    });
    await assert.rejects(compare(start, pairs, recipes, { ...options, seeds: [1, 2, 1] }), {
      name: "InputError",
      message: "seeds: found [1,2,1], expected each seed once; a repeated seed repeats its run",
    });
    const notRecipe = { A: methods.direct } as unknown as typeof recipes;
    await assert.rejects(compare(start, pairs, notRecipe, options), {
      name: "InputError",
      message: /^A: not a recipe; give one of methods, called, as in \{ "A": methods\.direct\(\{ beta: 1 \}\) \}/,
    });
    const made = { A: methods.direct()() } as unknown as typeof recipes;
    await assert.rejects(compare(start, pairs, made, options), { name: "InputError", message: /^A: not a recipe/ });
    const judged = { ...options, judge: goldJudge() };
    await assert.rejects(compare(start, pairs, recipes, judged), {
      name: "InputError",
      message: /^DPO: `judge`: the method "dpo" labels nothing with a judge/,
    });
    assert.deepEqual(readdirSync("."), []);
  });

  it("checks the data of every method before the first run", async (test) => {
    inEmptyFolder(test);
    const refused = async (recipe: Recipe, message: RegExp) => {
      await assert.rejects(compare(start, pairs, { DPO: methods.direct(), X: recipe }, options), {
        name: "InputError",
        message,
      });
      assert.deepEqual(readdirSync("."), []);
    };
    await refused(methods.proxyReward({ budget: 1000 }), /^X: budget: found 1000, expected at most 24/);
    await refused(methods.aihf(), /^X: this method trains on demonstrations beside the pairs; pass `demonstrations`/);
    await refused(methods.rewardAugmented(), /^X: the model's tokenizer lacks the words of 6 of 8 goals/);
    await refused(methods.direct({ loss: "irepo" }), /^X: pair 1 has no column "target"/);
    const echo: Editor = { name: "echo", version: "1", edit: ({ response }) => response };
    await refused(methods.bmc({ bridge: echo }), /^X: the editor "echo" gave no usable edit for 12 of 12 pairs/);
  });

  it("asks an editor only once per pair", async (test) => {
    inEmptyFolder(test);
    let asked = 0;
    const counting: Editor = { name: "none needed", version: "1", edit: () => (asked++, null) };
    const recipe = methods.bmc({ bridge: counting });
    await compare(start, pairs, { BMC: recipe }, { ...options, heldOut: [], seeds: [1], rounds: 1 });
    assert.equal(asked, pairs.length);
  });

  it("refuses rows without ids", async () => {
    const without = pairs.map(({ id: _, ...pair }) => pair) as unknown as typeof pairs;
    await assert.rejects(compare(start, without, recipes, options), {
      name: "InputError",
      message: /^pair 1 has no id; give each row one that no other has/,
    });
  });
});
