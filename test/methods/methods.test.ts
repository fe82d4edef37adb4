import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, describe, it, type TestContext } from "node:test";
import { Random } from "../../src/base/random.js";
import { firstBalancingPenalty, formPairs, penalizeLength } from "../../src/bootstrap/index.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import * as methods from "../../src/methods/index.js";
import type { Recipe } from "../../src/methods/recipe.js";
import { runLayout } from "../../src/run/folder/layout.js";
import { RunFolder } from "../../src/run/folder/run-folder.js";
import { openRun } from "../../src/run/open-run.js";
import { recipeForms, type RecipeOptions } from "../../src/run/options/index.js";
import { responseLogProbs } from "../../src/model/scoring/score.js";
import { Policy } from "../../src/model/policy/policy.js";
import { assertClose } from "../support/compare.js";
import { emptyFolder } from "../support/folder.js";
import { byteTokenizer, randomPairs, tinyPolicy } from "../support/tiny-model.js";
import { resultsIn, textJudge, tinyInput } from "../support/tiny-run.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

const shared: Partial<RecipeOptions> = { batchSize: 4, learningRate: 1e-2, maxNewTokens: 4, seed: 1, rounds: 3 };
const pairs = randomPairs(8, Random.seeded(2));
const judge = textJudge("letters", (response) => response.length + response.charCodeAt(0) / 1000);

async function run(test: TestContext, recipe: Recipe) {
  const method = recipe(shared);
  const input = await tinyInput(programs, method.labelsWithJudge ? { judge } : {});
  const { folder: path, summary } = await openRun(method, input, { folder: emptyFolder(test) });
  const folder = await RunFolder.open(path);
  const seen = summary.iterations.map(({ pairsSeen }) => pairsSeen);
  const losses = await folder.readRows(runLayout.metrics);
  const firstLoss = (t: number) => Number(losses.find(({ iteration, step }) => iteration === t && step === 1)!.loss);
  const made = (t: number) => folder.readRows(runLayout.iteration(t).bootstrapped);
  return { summary, seen, firstLoss, made, folder };
}

const nearLn2 = (loss: number) => Math.abs(loss - Math.log(2)) < 1e-5;

describe("direct", () => {
  it("trains on all pairs for as many epochs as rounds", async (test) => {
    const { summary, seen } = await run(test, methods.direct());
    assert.deepEqual([summary.method, seen], ["dpo", [0, 24]]);
  });
});

describe("sft", () => {
  it("trains on the negative log-likelihood of the chosen responses", async (test) => {
    const { summary, firstLoss } = await run(test, methods.sft({ batchSize: pairs.length }));
    assert.deepEqual([summary.method, summary.loss], ["nll", "nll"]);
    const sequences = pairs.map(({ prompt, chosen }) => ({ prompt, response: chosen }));
    await using start = await tinyPolicy(programs);
    const total = (await responseLogProbs(start, sequences)).reduce((sum, logProb) => sum + logProb, 0);
    const tokens = sequences.reduce((sum, { response }) => sum + response.length, 0);
    assertClose([firstLoss(1)], [-total / tokens], 1e-5);
  });
});

describe("sera", () => {
  it("trains on the same number of pairs in each round: kept and bootstrapped ones", async (test) => {
    const { summary, seen } = await run(test, methods.sera({ select: 0.5, bootstrap: 0.5 }));
    assert.deepEqual([summary.method, seen], ["sera", [0, 8, 8, 8]]);
    assert.deepEqual(
      summary.iterations.map(({ pairsBootstrapped }) => pairsBootstrapped),
      [null, 0, 4, 4],
    );
  });
});

describe("iterativeDpo", () => {
  it("trains on the judge's best and worst response, with each round's initial policy as the reference", async (test) => {
    const { summary, firstLoss, made } = await run(test, methods.iterativeDpo());
    assert.deepEqual(
      summary.iterations.map(({ pairsSelected }) => pairsSelected),
      [null, 8, 0, 0],
    );
    assert.ok((await made(3)).every(({ chosenReward, rejectedReward }) => chosenReward! > rejectedReward!));
    assert.ok([1, 2, 3].every((t) => nearLn2(firstLoss(t))));
  });
});

describe("dice", () => {
  it("mixes its own pairs with as many pairs of the data", async (test) => {
    const { summary, firstLoss, made, folder } = await run(test, methods.dice({ completeOnly: false }));
    assert.deepEqual(
      summary.iterations.map(({ pairsSelected, pairsBootstrapped }) => [pairsSelected, pairsBootstrapped]),
      [
        [null, null],
        [8, 0],
        [4, 4],
        [4, 4],
      ],
    );
    assert.ok(nearLn2(firstLoss(2)));
    for (const t of [2, 3]) {
      const own = new Set((await made(t)).map(({ id }) => id));
      const kept = (await folder.readRows(runLayout.iteration(t).margins)).filter((row) => row.kept);
      assert.deepEqual([own.size, kept.filter(({ prompt }) => own.has(prompt)).length], [4, 0]);
    }
  });

  it("labels against the round's reference and leaves out truncated responses by default", async (test) => {
    const labelled = async (own: object) => {
      const { folder, made } = await run(test, methods.dice({ maxNewTokens: 12, responses: 4, ...own }));
      return { samples: await folder.readRows(runLayout.iteration(3).labelledSamples), made: await made(3) };
    };
    const [round, start] = [
      await labelled({ completeOnly: false }),
      await labelled({ completeOnly: false, rewardAgainst: "start" }),
    ];
    assert.ok(
      round.samples.every(({ reference }) => reference === undefined) &&
        start.samples.every(({ reference }) => reference !== undefined),
    );
    await assert.rejects(run(test, methods.dice({ maxNewTokens: 1, responses: 2 })), {
      name: "InputError",
      message:
        /^length penalty: none of \d+ responses ended within maxNewTokens, and completeOnly leaves out the others/,
    });
    assert.throws(() => methods.dice({ lengthPenalty: 0.1, penaltyStep: 0.1 })(), {
      name: "InputError",
      message: /^penaltyStep: there is no grid/,
    });
    for (const labelBy of ["judge", "likelihood"] as const) {
      assert.throws(() => methods.sera({ rewardAgainst: "round", labelBy })(), {
        name: "InputError",
        message: '`rewardAgainst` applies only to `labelBy: "implicit"`; remove it, or set `labelBy: "implicit"`',
      });
    }
  });
});

describe("the seed of a run", () => {
  const spins = async (test: TestContext, seed: number) => (await run(test, methods.spin({ seed, rounds: 1 }))).folder;

  it("determines the samples", async (test) => {
    // Samples of the first iteration come from the start, so that only the seed can make them differ.
    const samples = async (seed: number) => (await spins(test, seed)).readRows(runLayout.iteration(1).samples);
    assert.deepEqual(await samples(1), await samples(1));
    assert.notDeepEqual(await samples(1), await samples(2));
  });

  it("determines the order of the pairs in training", async (test) => {
    const order = async (seed: number) => {
      const { folder } = await run(test, methods.direct({ seed, rounds: 1, batchSize: 1 }));
      return (await folder.readRows(runLayout.metrics)).map(({ num_tokens }) => num_tokens);
    };
    assert.deepEqual(await order(1), await order(1));
    assert.notDeepEqual(await order(1), await order(2));
  });
});

describe("dice's pairs", () => {
  it("are formed by rewards minus the penalty that balances the lengths", async (test) => {
    const { folder, made } = await run(
      test,
      methods.dice({ responses: 4, maxNewTokens: 12, bootstrap: 1, select: 0, seed: 7, completeOnly: false }),
    );
    const samples = await folder.readRows(runLayout.iteration(2).labelledSamples);
    const { alpha } = firstBalancingPenalty(samples, byteTokenizer.stopIds, "best-worst", 0.001);
    assert.ok(alpha > 0, "lengths have to be balanced here");
    const { pairs: expected } = formPairs(penalizeLength(samples, alpha), 8, byteTokenizer.stopIds);
    const rows = await made(2);
    assert.deepEqual(
      rows.map(({ id, margin }) => [id, margin]),
      expected.map(({ id, margin }) => [id, margin]),
    );
    const plain = formPairs(samples, 8, byteTokenizer.stopIds).pairs;
    assert.notDeepEqual(
      rows.map(({ margin }) => margin),
      plain.map(({ margin }) => margin),
    );
  });
});

describe("spin", () => {
  it("pairs the data's chosen responses with the policy's own, and adds the previous iteration's pairs", async (test) => {
    const { seen, firstLoss, made, folder } = await run(test, methods.spin());
    assert.deepEqual(seen, [0, 8, 16]);
    assert.ok(nearLn2(firstLoss(1)) && nearLn2(firstLoss(2)));
    const text = (tokens: Int32Array) => byteTokenizer.decode(tokens);
    const rows = await made(2);
    assert.deepEqual(
      rows.map(({ chosen }) => chosen),
      pairs.map(({ chosen }) => text(chosen)),
    );
    assert.ok(rows.every(({ rejected }, i) => rejected !== text(pairs[i]!.rejected)));
    assert.ok(folder.isDone(runLayout.iteration(2).samples.path));
  });

  it("refuses an even number of rounds", () => {
    assert.throws(() => methods.spin({ rounds: 2 })(), {
      name: "InputError",
      message: /^spin: found 2 rounds, expected an odd number/,
    });
    assert.throws(() => methods.spin({ rounds: 4, iterationEpochs: 2 })(), {
      message: /^spin: found 4 rounds, expected 2 \(iterationEpochs\) times an odd number/,
    });
  });

  it("trains iterationEpochs per iteration, and later iterations at laterLearningRate", async (test) => {
    const { seen, folder } = await run(
      test,
      methods.spin({ rounds: 10, iterationEpochs: 2, laterLearningRate: 1e-4, schedule: "constant", warmup: 0 }),
    );
    assert.deepEqual(seen, [0, 16, 32, 32]);
    const rates = (await folder.readRows(runLayout.metrics)).map(
      ({ iteration, learning_rate }) => `${iteration} ${learning_rate}`,
    );
    assert.deepEqual([...new Set(rates)], ["1 0.01", "2 0.01", "3 0.0001"]);
  });

  it("samples at temperature 1 unless sampleTemperature says otherwise, whatever the temperature of evaluations", async (test) => {
    const samples = async (own: object) =>
      (await run(test, methods.spin({ rounds: 1, ...own }))).folder.readRows(runLayout.iteration(1).samples);
    const one = await samples({ sampleTemperature: 1 });
    for (const temperature of [0, 3]) assert.deepEqual(await samples({ temperature }), one);
    assert.notDeepEqual(await samples({ sampleTemperature: 0 }), one);
  });
});

describe("spa", () => {
  const spread = { shares: [0.25, 0.25, 0.5], responses: 2 };

  it("begins with a few pairs of the data and continues with its own on unused prompts", async (test) => {
    const { summary, seen, made, firstLoss, folder } = await run(
      test,
      methods.spa({ ...spread, rounds: 2, seedEpochs: 3 }),
    );
    assert.deepEqual(
      summary.iterations.map(({ pairsSelected, pairsBootstrapped }) => [pairsSelected, pairsBootstrapped]),
      [
        [null, null],
        [2, 0],
        [0, 2],
        [0, 4],
      ],
    );
    assert.deepEqual(seen, [0, 6, 4, 8]);
    assert.ok([1, 2, 3].every((t) => nearLn2(firstLoss(t))));
    const [second, third] = [await made(2), await made(3)].map((rows) => rows.map(({ id }) => id));
    assert.equal(new Set([...second!, ...third!]).size, 6);
    const samples = await folder.readRows(runLayout.iteration(3).labelledSamples);
    assert.deepEqual([...new Set(samples.map(({ id }) => id))].sort(), third!.toSorted());
  });

  it("labels by the log-ratio to the start or to the round's reference", async (test) => {
    const rewards = async (rewardAgainst: "start" | "round", t: number) => {
      const { folder } = await run(test, methods.spa({ ...spread, rounds: 1, rewardAgainst }));
      const [samples, ids] = [
        await folder.readRows(runLayout.iteration(t).labelledSamples),
        new Map(pairs.map(({ id, prompt }) => [id, prompt])),
      ];
      const sequences = samples.map(({ id, tokens }) => ({ prompt: ids.get(id)!, response: Int32Array.from(tokens) }));
      const under = async (iteration: number) => {
        await using policy = await Policy.load(programs, folder.file(runLayout.iteration(iteration).model));
        return await responseLogProbs(policy, sequences);
      };
      const [policy, reference] = [await under(t - 1), await under(rewardAgainst === "start" ? 0 : t - 2)];
      assertClose(
        samples.map(({ reward }) => reward),
        [...policy].map((logProb, i) => logProb - reference[i]!),
        1e-4,
      );
      return samples;
    };
    assert.ok((await rewards("start", 3)).every(({ reference }) => reference !== undefined));
    assert.ok((await rewards("round", 3)).every(({ reference }) => reference === undefined));
  });

  it("refines labels only from the second round on", async (test) => {
    const own = { ...spread, rounds: 1, batchSize: 1, refineShare: 0.9, refineSmoothing: 0.4 };
    const steps = async (refineAfter: number) =>
      (await run(test, methods.spa({ ...own, refineAfter }))).folder.readRows(runLayout.metrics);
    const [refined, plain] = [await steps(0), await steps(1)];
    const differs = plain.map(({ iteration, loss }, i) => loss !== refined[i]!.loss && iteration);
    assert.ok(!differs.includes(1) && (differs.includes(2) || differs.includes(3)), `${differs}`);
  });

  it("refines labels after the share refineAfter of a round's steps", async (test) => {
    const own = {
      shares: [0.25, 0.75],
      rounds: 4,
      batchSize: 2,
      refineShare: 1,
      refineSmoothing: 0.4,
      learningRate: 0.3,
    };
    const losses = async (refineAfter: number) => {
      const { folder } = await run(test, methods.spa({ ...own, refineAfter }));
      const steps = await folder.readRows(runLayout.metrics);
      return steps.filter(({ iteration }) => iteration === 2).map(({ loss }) => loss);
    };
    const plain = await losses(1);
    assert.equal(plain.length, 12);
    for (const share of [0.25, 0.5]) {
      const refined = await losses(share);
      const first = plain.findIndex((loss, i) => loss !== refined[i]);
      // The first steps may have no pair among the doubtful ones.
      assert.ok(first >= 12 * share && first < 12 * share + 3, `${share}: ${first}`);
    }
  });

  it("refuses options that would fail in a later round before it writes anything", async (test) => {
    const refuses = async (own: object, message: RegExp) => {
      const folder = emptyFolder(test);
      const opened = openRun(methods.spa({ ...spread, ...own })(shared), await tinyInput(programs), { folder });
      await assert.rejects(opened, { name: "InputError", message });
      assert.deepEqual(readdirSync(folder), []);
    };
    await refuses({ shares: [0.01, 0.5] }, /^shares: 0\.01 of 8 prompts leaves round 1 without one; raise it/);
    await refuses({ loss: "simpo" }, /^refineShare: the loss simpo has no reference/);
    await refuses({ microBatchSize: 2 }, /^microBatchSize: the loss refined dpo compares all pairs of a step/);
    assert.throws(() => methods.spa({ shares: [0.6, 0.6] })(), {
      name: "InputError",
      message: "shares: found [0.6,0.6], expected at least two shares above 0 that add up to at most 1",
    });
    await run(test, methods.spa({ ...spread, loss: "simpo", refineShare: 0 }));
  });
});

describe("curryDpo", () => {
  it("pairs the best response with the worst first, and with better ones in later stages", async (test) => {
    const { seen, made, firstLoss } = await run(test, methods.curryDpo());
    assert.deepEqual(seen, [0, 8, 8, 8]);
    const stages = [await made(1), await made(2), await made(3)];
    for (const [first, second, third] of stages[0]!.map((_, i) => stages.map((rows) => rows[i]!))) {
      assert.equal(new Set([first!.chosen, second!.chosen, third!.chosen]).size, 1);
      assert.ok(first!.margin! >= second!.margin! && second!.margin! >= third!.margin!);
    }
    assert.ok([1, 2, 3].every((t) => nearLn2(firstLoss(t))));
  });

  it("refuses rounds that are not a multiple of its stages", () => {
    assert.throws(() => methods.curryDpo({ rounds: 4 })(), {
      name: "InputError",
      message: "curry dpo: found 4 rounds, expected a multiple of its 3 stages",
    });
  });
});

describe("every recipe", () => {
  for (const [name, recipe] of Object.entries<(own?: object) => Recipe>(methods)) {
    it(`${name} prefers its own options and refuses invalid ones`, () => {
      const { options, version } = recipe({ batchSize: 7 })({ batchSize: 8, learningRate: 0.3 });
      assert.deepEqual([options.batchSize, options.learningRate], [7, 0.3]);
      assert.match(version, /^\d+$/);
      assert.throws(() => recipe({ learningrate: 1 })(), {
        name: "InputError",
        message: `\`learningrate\` is not an option of ${name}; did you mean \`learningRate\`?`,
      });
      assert.throws(() => recipe({ rounds: 0 })(), {
        name: "InputError",
        message: "rounds: found 0, expected a whole number from 1",
      });
      assert.throws(() => recipe({ epochs: 2 })(), {
        name: "InputError",
        message: `\`epochs\` is not an option of ${name}; use \`rounds\``,
      });
      const odd = null as unknown as object;
      for (const given of [() => recipe(odd), () => recipe()(odd)])
        assert.throws(given, {
          name: "InputError",
          message: new RegExp(`^the options of ${name}: found null, expected an object`),
        });
      assert.deepEqual(recipe().takes, Object.keys(recipeForms[name as keyof typeof recipeForms].table));
    });
  }

  it("ends with the same bytes after an interruption (SPIN, Curry-DPO, SPA, DICE, iterative DPO)", async (test) => {
    for (const recipe of [
      methods.spin(),
      methods.curryDpo(),
      methods.spa({ shares: [0.25, 0.25, 0.5] }),
      methods.dice({ completeOnly: false, rounds: 2 }),
      methods.iterativeDpo({ rounds: 2 }),
    ]) {
      const whole = await run(test, recipe);
      const folder = emptyFolder(test);
      const abort = new AbortController();
      const reporter = {
        start: (label: string) => (
          label.startsWith("align 2") && abort.abort(new Error("stopped")), { update() {}, finish() {} }
        ),
      };
      const input = await tinyInput(programs, recipe(shared).labelsWithJudge ? { judge } : {});
      await assert.rejects(openRun(recipe(shared), input, { folder }, { signal: abort.signal, reporter }), {
        message: "stopped",
      });
      await openRun(recipe(shared), input, { folder });
      assert.deepEqual(resultsIn(folder), resultsIn(whole.folder.path));
    }
  });
});
