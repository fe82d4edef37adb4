import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, describe, it } from "node:test";
import { Random } from "../../src/base/random.js";
import { implicitScores } from "../../src/cells/implicit-scores.js";
import type { Run } from "../../src/cells/run.js";
import { train } from "../../src/cells/train.js";
import { atGoal } from "../../src/data/goals.js";
import { freshModel } from "../../src/data/fresh-model.js";
import { generateWorld } from "../../src/data/world/generate.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import * as methods from "../../src/methods/index.js";
import { initialParameters } from "../../src/model/parameters/parameters.js";
import { Policy } from "../../src/model/policy/policy.js";
import { presets } from "../../src/model/presets.js";
import { offerHost } from "../../src/notebook/host.js";
import { runLayout } from "../../src/run/folder/layout.js";
import { RunFolder } from "../../src/run/folder/run-folder.js";
import { openRun } from "../../src/run/open-run.js";
import { emptyFolder, inEmptyFolder } from "../support/folder.js";
import { tinyConfig } from "../support/tiny-model.js";
import { resultsIn, tinyInput } from "../support/tiny-run.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());
offerHost({ signal: new AbortController().signal, show() {} });

const counts = { seed: 5, trainPrompts: 12, validationPrompts: 4, heldOutPrompts: 3, demonstrations: 4 };
const { train: pairs, validation, heldOut, demonstrations } = generateWorld({ ...counts, goals: "random" });
const texts = (withGoals: boolean) => () => (withGoals ? demonstrations : pairs).map(({ prompt }) => prompt);
const policy = async (withGoals: boolean) => {
  const { tokenizer } = await freshModel(presets.world, texts(withGoals), 0);
  const config = { ...tinyConfig, vocabSize: tokenizer.vocabSize, contextLength: 96 };
  return Policy.create(programs, { config, tokenizer, parameters: initialParameters(config, Random.seeded(1)) });
};
const start = await policy(true);
const shared = { batchSize: 4, learningRate: 1e-3, maxNewTokens: 4, seed: 1 };

describe("rewardAugmented", () => {
  it("trains on both goals of each pair for half the epochs, and evaluates at the highest goal", async (test) => {
    inEmptyFolder(test);
    const run = await train(start, pairs, methods.rewardAugmented()({ ...shared, rounds: 3, evaluateEvery: 100 }), {
      heldOut,
      validation,
    });
    const folder = await RunFolder.open(run.folder);
    const rows = await folder.readRows(runLayout.pairs);
    const text = (tokens: readonly number[]) => start.tokenizer.decode(tokens);
    const untied = rows.length / 2;
    assert.ok(untied > 6 && untied <= 12);
    assert.equal(run.iterations[1]!.pairsSeen, Math.round(1.5 * rows.length));
    assert.ok(rows.every(({ prompt }) => /^goal \w+ \. /.test(text(prompt))));
    assert.ok(
      (await folder.readRows(runLayout.heldOutPairs)).every(({ prompt }) => text(prompt).startsWith("goal ten . ")),
    );
    const prompts = heldOut.map(({ id, prompt }) => ({ id, prompt }));
    const answering = await train(start, pairs, methods.rewardAugmented()({ ...shared, rounds: 1 }), {
      heldOut: prompts,
    });
    const asked = await (await RunFolder.open(answering.folder)).readRows(runLayout.heldOutPrompts);
    assert.equal(asked.length, heldOut.length);
    assert.ok(asked.every(({ prompt }) => text(prompt).startsWith("goal ten . ")));
    assert.ok((await folder.readRows(runLayout.validationPairs)).length > validation.length);
    assert.ok(run.iterations[1]!.goldReward! >= 0);
    assert.ok(Math.abs(Number(run.steps.get("loss", 0)) - Math.log(2)) < 1e-5, "the reference reads the same goals");
    assert.equal(run.summary.method, "reward augmented");
  });

  it("trains on half of the prompts, drawn by the run's seed, for all epochs", async (test) => {
    inEmptyFolder(test);
    const trained = async (seed: number) => {
      const run = await train(
        start,
        pairs,
        methods.rewardAugmented({ half: true, ties: "keep" })({ ...shared, seed, rounds: 2 }),
      );
      const rows = await (await RunFolder.open(run.folder)).readRows(runLayout.pairs);
      return { seen: run.iterations[1]!.pairsSeen, ids: rows.map(({ id }) => id).join() };
    };
    const first = await trained(1);
    assert.equal(first.seen, 24);
    assert.notEqual(first.ids, (await trained(2)).ids);
  });

  it("ends with the same bytes after an interruption", async (test) => {
    inEmptyFolder(test);
    const method = methods.rewardAugmented()({ ...shared, rounds: 2 });
    const whole = await train(start, pairs, method, { heldOut });
    const [folder] = [emptyFolder(test)];
    const abort = new AbortController();
    const onStep = ({ step }: { step: number }) => void (step === 3 && abort.abort(new Error("stopped")));
    await assert.rejects(train(start, pairs, method, { heldOut, folder, signal: abort.signal, onStep }), {
      message: "stopped",
    });
    await train(start, pairs, method, { heldOut, folder });
    assert.deepEqual(resultsIn(folder), resultsIn(whole.folder));
  });

  it("takes goals from an earlier run's implicit scores", async (test) => {
    inEmptyFolder(test);
    const dpo: Run = await train(start, pairs, methods.direct()({ ...shared, rounds: 1 }));
    const scored = await implicitScores(dpo, pairs);
    const all = scored.flatMap(({ chosenScore, rejectedScore }) => [chosenScore!, rejectedScore!]);
    assert.ok(all.every((score) => score > 0 && score <= 1) && Math.max(...all) === 1);
    const run = await train(start, scored, methods.rewardAugmented()({ ...shared, rounds: 1 }));
    assert.ok(run.iterations[1]!.pairsSeen > 0);
  });

  it("refuses unfit data, prompts with goals and a vocabulary without goal words before it writes anything", async (test) => {
    inEmptyFolder(test);
    const method = methods.rewardAugmented()({ ...shared, rounds: 1 });
    const unscored = pairs.map(({ id, prompt, chosen, rejected }) => ({ id, prompt, chosen, rejected }));
    await assert.rejects(train(start, pairs, method, null as unknown as object), {
      name: "InputError",
      message: /^the options of train: found null, expected an object/,
    });
    await assert.rejects(train(start, unscored, method), {
      name: "InputError",
      message: /^pair "train-00000": no scores of both responses/,
    });
    const without = await policy(false);
    await assert.rejects(train(without, pairs, method), {
      name: "InputError",
      message:
        /^the model's tokenizer lacks the words of \d+ of \d+ goals, as "goal \w+ \.".*, and reads them as it reads any other word/,
    });
    // A known word identifies its goal; an unknown word does not, even if it is the only one.
    const scored = (chosenScore: number, rejectedScore: number) =>
      pairs.map((pair) => ({ ...pair, chosenScore, rejectedScore }));
    await assert.rejects(train(without, scored(0.9, 0.3), method), {
      message: /^the model's tokenizer lacks the words of 2 of 3 goals, as "goal nine \.", "goal ten \.", and reads/,
    });
    await without.free();
    await assert.rejects(train(start, pairs, method, { truncatePrompts: true, maxPromptLength: 8 }), {
      name: "InputError",
      message: /^\d+ of \d+ pairs read the same at both goals, which are cut off with the beginnings/,
    });
    await assert.rejects(train(start, atGoal(pairs), method), {
      message: /^pair "train-00000": its prompt states a goal already/,
    });
    await assert.rejects(train(start, pairs, method, { heldOut: atGoal(heldOut) }), {
      message: /^the prompt "goal ten \. .* states a goal already; give prompts as they were/,
    });
    await assert.rejects(openRun(method, await tinyInput(programs)), {
      message: /^the method "reward augmented" rewrites the texts of the pairs, and the run was given tokens alone/,
    });
    assert.deepEqual(readdirSync("."), []);
  });
});
