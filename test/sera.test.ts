import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { Random } from "../src/base/random.js";
import { OnnxEngine } from "../src/engine/onnx/engine.js";
import { ProgramCache } from "../src/engine/program-cache.js";
import { loadPolicy } from "../src/model/policy/policy-files.js";
import { responseLogProbs } from "../src/model/scoring/score.js";
import { pairLogProbs } from "../src/review/index.js";
import { runLayout } from "../src/run/folder/layout.js";
import { RunFolder } from "../src/run/folder/run-folder.js";
import { openRun } from "../src/run/open-run.js";
import type { RunInput } from "../src/run/input.js";
import type { SeraOptions } from "../src/run/options/index.js";
import { seraMethod } from "../src/sera.js";
import { emptyFolder } from "./support/folder.js";
import { randomPairs } from "./support/tiny-model.js";
import { textJudge, tinyInput } from "./support/tiny-run.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

const training = { batchSize: 4, learningRate: 1e-2, warmup: 0 };
const options: Partial<SeraOptions> = {
  ...{ loss: "dpo", beta: 0.1, iterations: 2, select: 0.5, bootstrap: 0.5, responses: 2, gamma: 0.3, seed: 1 },
  ...{ ...training, maxNewTokens: 4, temperature: 1 },
};
const run = async (
  path: string,
  changed: Partial<RunInput> = {},
  otherwise: Partial<SeraOptions> = {},
  signal?: AbortSignal,
) => {
  const { summary } = await openRun(
    seraMethod({ ...options, ...otherwise }),
    await tinyInput(programs, changed),
    { folder: path },
    { signal },
  );
  return { ...summary, folder: await RunFolder.open(path) };
};
const margins = (t: number) => runLayout.iteration(t).margins;

describe("sera", () => {
  it("evaluates each iteration's policy, the reference first, and summarizes the results", async (test) => {
    const asked: number[] = [];
    const evaluate = {
      identity: "mine",
      evaluate: async (_: unknown, iteration: number) => {
        asked.push(iteration);
        return { figure: iteration / 10 };
      },
    };
    const folder = emptyFolder(test);
    const { method, iterations } = await run(folder, { evaluate });
    assert.equal(method, "sera");
    assert.deepEqual(asked, [0, 1, 2]);
    assert.deepEqual(
      iterations.map(({ metrics }) => metrics),
      [{ figure: 0 }, { figure: 0.1 }, { figure: 0.2 }],
    );
    assert.deepEqual(
      iterations.map(({ pairsSelected, pairsBootstrapped }) => [pairsSelected, pairsBootstrapped]),
      [
        [null, null],
        [8, 0],
        [4, 4],
      ],
    );
    await run(folder, { evaluate });
    assert.deepEqual(asked, [0, 1, 2], "finished evaluations are read, not repeated");
  });

  it("throws an InputError if no pair is left to train on", async (test) => {
    const nothing = run(emptyFolder(test), {}, { select: 0.01, bootstrap: 0.01 });
    await assert.rejects(nothing, {
      name: "InputError",
      message: /^select 0\.01 and bootstrap 0\.01 of 8 pairs are both 0 pairs/,
    });
  });

  it("selects by the given rule and caps the pairs of each prompt", async (test) => {
    const all = randomPairs(8, Random.seeded(2));
    const pairs = all.map((pair, i) => ({ ...pair, prompt: all[i % 2]!.prompt }));
    const { folder } = await run(
      emptyFolder(test),
      { pairs },
      { selectBy: "length", select: 1, perPrompt: 2, bootstrap: 0 },
    );
    const rows = await folder.readRows(margins(2));
    assert.deepEqual([...new Set(rows.map(({ prompt }) => prompt))], ["pair 0", "pair 1"]);
    assert.equal(rows.filter(({ kept }) => kept).length, 4);
  });

  it("labels responses with a judge under `labelBy: judge`, with the previous policy as the reference", async (test) => {
    const judge = textJudge("letters", (response) =>
      [...response].reduce((total, letter) => total + letter.charCodeAt(0), 0),
    );
    const { folder } = await run(
      emptyFolder(test),
      { judge },
      { labelBy: "judge", bootstrap: 1, select: 0, reference: "previous" },
    );
    const made = await folder.readRows(runLayout.iteration(2).bootstrapped);
    assert.ok(
      made.length > 0 &&
        made.every(
          ({ chosenReward, rejectedReward, margin }) => chosenReward! - rejectedReward! === margin && margin > 0,
        ),
    );
    const losses = (await folder.readRows(runLayout.metrics)).filter(({ iteration }) => iteration === 2);
    assert.ok(
      Math.abs(Number(losses[0]!.loss) - Math.log(2)) < 1e-5,
      "the reference is the policy from which the iteration starts",
    );
  });

  it("labels responses by their mean log-probability, without a reference, under `labelBy: likelihood`", async (test) => {
    const { folder } = await run(emptyFolder(test), {}, { labelBy: "likelihood", beta: 0.7 });
    const { labelledSamples, labels, bootstrapped } = runLayout.iteration(2);
    const samples = await folder.readRows(labelledSamples);
    assert.ok(samples.length > 0);
    for (const { reward, logProb, tokens, reference } of samples) {
      assert.ok(Math.abs(reward - logProb! / tokens.length) < 1e-12);
      assert.equal(reference, undefined);
    }
    assert.deepEqual(await folder.readJson(labels), { labelledBy: "likelihood" });
    const made = await folder.readRows(bootstrapped);
    assert.ok(made.length > 0 && made.every(({ margin }) => margin! > 0));
  });

  it("refuses missing scores or a missing judge before it trains", async (test) => {
    const folder = emptyFolder(test);
    await assert.rejects(run(folder, {}, { labelBy: "judge" }), {
      name: "InputError",
      message: "this method labels responses with a judge; pass `judge`",
    });
    await assert.rejects(run(folder, {}, { selectBy: "score" }), {
      name: "InputError",
      message: /^select by score: the pair "pair 0" has no chosenScore/,
    });
    assert.equal(existsSync(join(folder, "iteration-0")), false);
  });

  it("reuses the reference log-probabilities that another run on the same start and pairs has cached", async (test) => {
    const referenceCache = emptyFolder(test);
    const runWith = async (otherwise: Partial<SeraOptions>) => {
      const { folder } = await run(emptyFolder(test), { referenceCache }, { iterations: 1, ...otherwise });
      return (await folder.readRows(runLayout.iteration(0).reference)).map(({ chosen }) => chosen);
    };
    const computed = await runWith({});
    const file = join(referenceCache, readdirSync(referenceCache)[0]!);
    const kept = JSON.parse(readFileSync(file, "utf8")) as { chosen: number[] };
    assert.deepEqual(kept.chosen, computed);
    // A number that is only in the file shows that it was read.
    writeFileSync(file, JSON.stringify({ ...kept, chosen: kept.chosen.with(0, -1) }));
    assert.deepEqual(await runWith({ beta: 0.5, seed: 2 }), computed.with(0, -1));
  });

  it("evaluates on validation pairs during training and moves the reference, if asked to", async (test) => {
    const own = { maxSteps: 3, evaluateEvery: 2, keepBestBy: "eval_loss", referenceEvery: 1 } as const;
    const { iterations, folder } = await run(
      emptyFolder(test),
      { validation: randomPairs(3, Random.seeded(4)) },
      { iterations: 1, ...own },
    );
    const rows = await folder.readRows(runLayout.metrics);
    assert.deepEqual(
      rows.map((row) => [row["step"], "eval_loss" in row]),
      [
        [1, false],
        [2, true],
        [3, true],
      ],
    );
    assert.ok(
      rows.every((row) => Math.abs(Number(row["loss"]) - Math.LN2) < 1e-5),
      "the reference is the policy",
    );
    assert.equal(iterations[1]!.pairsSeen, 12);
    await assert.rejects(run(emptyFolder(test), {}, own), {
      name: "InputError",
      message:
        "evaluateEvery: found 2, but no responses to compute a loss on; pass pairs as `validation` or `heldOut` (prompts alone have no responses), or leave evaluateEvery out",
    });
  });

  it("stops with the signal's reason", async (test) => {
    const stopped = new Error("stopped");
    await assert.rejects(run(emptyFolder(test), {}, {}, AbortSignal.abort(stopped)), (error) => error === stopped);
  });
});

describe("the ensemble of the last two policies", () => {
  it("reviews and labels iteration 3 by (1−γ)·m(π₂) + γ·m(π₁), without the start policy", async (test) => {
    const gamma = 0.4;
    const { folder } = await run(emptyFolder(test), {}, { iterations: 3, gamma });
    const start = (await tinyInput(programs)).start;
    const models = await Promise.all(
      [0, 1, 2].map((t) => loadPolicy(start.programs, folder.file(runLayout.iteration(t).model))),
    );
    const pairs = randomPairs(8, Random.seeded(2));
    const scores = await Promise.all(models.map((policy) => pairLogProbs(policy, pairs)));
    const marginOf = (t: number, i: number) =>
      scores[t]!.chosen[i]! - scores[0]!.chosen[i]! - (scores[t]!.rejected[i]! - scores[0]!.rejected[i]!);
    const close = (found: number, expected: number) =>
      assert.ok(Math.abs(found - expected) < 1e-4, `${found}, expected ${expected}`);
    const reviewed = await folder.readRows(margins(3));
    for (const [i, { margin, previousMargin, ensemble }] of reviewed.entries()) {
      close(margin, marginOf(2, i));
      close(previousMargin, marginOf(1, i));
      close(ensemble, (1 - gamma) * marginOf(2, i) + gamma * marginOf(1, i));
    }
    assert.ok(
      reviewed.some(({ ensemble, margin }) => Math.abs(ensemble - (1 - gamma) * margin) > 1e-3),
      "γ is more than a scale",
    );

    const samples = await folder.readRows(runLayout.iteration(3).labelledSamples);
    const promptOf = new Map(pairs.map(({ id, prompt }) => [id, prompt]));
    const sequences = samples.map(({ id, tokens }) => ({
      prompt: promptOf.get(id)!,
      response: Int32Array.from(tokens),
    }));
    const [reference, first, second] = (await Promise.all(
      models.map((policy) => responseLogProbs(policy, sequences)),
    )) as [Float64Array, Float64Array, Float64Array];
    for (const [i, { reward, writer, logProb }] of samples.entries()) {
      assert.equal(writer, 2);
      close(logProb!, second[i]!);
      close(reward, (1 - gamma) * (second[i]! - reference[i]!) + gamma * (first[i]! - reference[i]!));
    }
    assert.ok(samples.some(({ reward }, i) => Math.abs(reward - (second[i]! - reference[i]!)) > 1e-3));
  });
});

describe("sera with a loss without a reference", () => {
  it("reviews by the loss's own margins, including the reference's, and labels by its rewards", async (test) => {
    const { loss, folder } = await run(
      emptyFolder(test),
      {},
      { loss: { simpo: 0.9, nll: 0.1 }, beta: 2, iterations: 2 },
    );
    assert.equal(loss, "simpo=0.9,nll=0.1");
    const pairs = randomPairs(8, Random.seeded(2));
    const reference = await folder.readRows(runLayout.iteration(0).reference);
    const reviewed = await folder.readRows(margins(2));
    for (const [i, { previousMargin, margin, ensemble }] of reviewed.entries()) {
      const { chosen, rejected } = pairs[i]!;
      const expected = reference[i]!.chosen / chosen.length - reference[i]!.rejected / rejected.length;
      assert.ok(Math.abs(previousMargin - expected) < 1e-12);
      assert.ok(Math.abs(ensemble - (0.7 * margin + 0.3 * expected)) < 1e-12);
    }
    const samples = await folder.readRows(runLayout.iteration(2).labelledSamples);
    assert.ok(
      samples.every(({ reward }) => reward < 0),
      "a mean log-probability is below 0",
    );
  });
});

describe("seraMethod", () => {
  it("refuses invalid options by name", () => {
    const refused = (change: object, message: string | RegExp) =>
      assert.throws(() => seraMethod({ ...options, ...change }), { name: "InputError", message });
    refused({ loss: "ppo" }, /^loss: found "ppo", expected one of dpo/);
    refused({ beta: -1 }, "beta: found -1, expected a number above 0");
    refused({ iterations: 0 }, "iterations: found 0, expected a whole number from 1");
    refused({ select: 1.5 }, "select: found 1.5, expected a share in [0, 1]");
    refused({ bootstrap: NaN }, "bootstrap: found NaN, expected a share in [0, 1]");
    refused(
      { selectBy: "best" },
      'selectBy: found "best", expected one of top, middle, bottom, random, score, length, or a selection rule of your own',
    );
    refused({ perPrompt: 0 }, "perPrompt: found 0, expected a whole number from 1");
    refused(
      { labelBy: "me" },
      'labelBy: found "me", expected one of implicit, likelihood, judge, or a labeller of your own',
    );
    refused(
      { pairBy: "any" },
      'pairBy: found "any", expected one of best-worst, best-median, all, or a pairing rule of your own',
    );
    refused({ lengthPenalty: -1 }, 'lengthPenalty: found -1, expected a number from 0, or "auto"');
    refused({ reference: "next" }, 'reference: found "next", expected one of start, previous');
    refused({ responses: 1 }, "responses: found 1, expected a whole number from 2");
    refused({ gamma: -0.1 }, "gamma: found -0.1, expected a share in [0, 1)");
    refused({ gamma: 1 }, "gamma: found 1, expected a share in [0, 1)");
    refused({ seed: 0.5 }, "seed: found 0.5, expected a whole number from 0");
    refused({ select: 0, bootstrap: 0 }, "`select` + `bootstrap` must be > 0");
    refused({ learningRate: 0 }, "learningRate: found 0, expected a number above 0");
    refused({ maxNewTokens: 0 }, "maxNewTokens: found 0, expected a whole number from 1");
    refused({ temperature: -1 }, "temperature: found -1, expected a number from 0");
    refused({ topK: 1.5 }, "topK: found 1.5, expected a whole number from 0");
    refused({ topP: 0 }, "topP: found 0, expected a number above 0, at most 1");
  });
});
