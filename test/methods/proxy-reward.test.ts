import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
import { readHead } from "../../src/align/head-files.js";
import { Random } from "../../src/base/random.js";
import { groupBy } from "../../src/base/collections.js";
import { kCentre } from "../../src/bootstrap/index.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import * as methods from "../../src/methods/index.js";
import { loadPolicy } from "../../src/model/policy/policy-files.js";
import { responseEmbeddings } from "../../src/model/scoring/embed.js";
import { responseLogProbs } from "../../src/model/scoring/score.js";
import { runLayout } from "../../src/run/folder/layout.js";
import { RunFolder } from "../../src/run/folder/run-folder.js";
import { openRun } from "../../src/run/open-run.js";
import type { ProxyRewardOptions } from "../../src/run/options/index.js";
import { assertClose } from "../support/compare.js";
import { emptyFolder } from "../support/folder.js";
import { randomPairs, tinyPolicy } from "../support/tiny-model.js";
import { resultsIn, textJudge, tinyInput } from "../support/tiny-run.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

const shared = { batchSize: 4, learningRate: 1e-2, maxNewTokens: 6, seed: 1, rounds: 2, beta: 0.5 };
const pairs = randomPairs(8, Random.seeded(2));

async function run(test: TestContext, own: Partial<ProxyRewardOptions> = {}) {
  const asked: number[] = [];
  const letters = textJudge("letters", (response) => response.length + response.charCodeAt(0) / 1000);
  const judge = {
    ...letters,
    score: async (...args: Parameters<typeof letters.score>) => (asked.push(args[0].length), letters.score(...args)),
  };
  const method = methods.proxyReward(own)(shared);
  const { folder: path, summary } = await openRun(method, await tinyInput(programs, { judge }), {
    folder: emptyFolder(test),
  });
  const folder = await RunFolder.open(path);
  const graded = await folder.readRows(runLayout.iteration(1).graded);
  return {
    method,
    judge,
    path,
    folder,
    summary,
    asked,
    graded,
    ids: [...new Set(graded.map(({ id }) => id))],
    made: (t: number) => folder.readRows(runLayout.iteration(t).bootstrapped),
  };
}

describe("proxyReward", () => {
  it("grades within the budget, trains an evaluator on the grades and the policy on its labels", async (test) => {
    const { summary, asked, graded, ids, made, folder } = await run(test, { budget: 7 });
    // Two responses to each of three prompts; a seventh grade would have nothing to be compared with.
    assert.deepEqual([asked, graded.length, ids.length, summary.graded], [[6], 6, 3, 6]);
    assert.deepEqual(
      [summary.method, summary.labelledBy, summary.iterations.length],
      ["proxy reward", "implicit reward", 3],
    );
    const [first, second] = [await made(1), await made(2)];
    assert.deepEqual(second.slice(0, first.length), first);
    assert.ok(
      first.every(({ id, chosenReward, rejectedReward }) => ids.includes(id) && chosenReward! > rejectedReward!),
    );
    assert.ok(second.length > first.length && second.slice(first.length).every(({ id }) => !ids.includes(id)));

    // The evaluator labels by its log-ratio to the start.
    const labelled = await folder.readRows(runLayout.iteration(2).labelledSamples);
    const evaluator = await loadPolicy(programs, folder.file(runLayout.iteration(1).model));
    const sequences = labelled.map(({ id, tokens }) => ({
      prompt: pairs.find((pair) => pair.id === id)!.prompt,
      response: Int32Array.from(tokens),
    }));
    const [own, start] = [
      await responseLogProbs(evaluator, sequences),
      await responseLogProbs(await tinyPolicy(programs), sequences),
    ];
    assertClose(
      labelled.map(({ reward }) => reward),
      own.map((logProb, i) => logProb - start[i]!),
      1e-4,
    );
  });

  it("trains the policy from the start, not from the evaluator", async (test) => {
    const { folder } = await run(test, { budget: 6 });
    const steps = await folder.readRows(runLayout.metrics);
    for (const t of [1, 2])
      assertClose(
        [Number(steps.find(({ iteration, step }) => iteration === t && step === 1)!.loss)],
        [Math.log(2)],
        1e-5,
        `iteration ${t}`,
      );
  });

  it("chooses prompts by k-centre over the embeddings of prompts or responses, or at random", async (test) => {
    const start = await tinyPolicy(programs);
    const covering = (vectors: readonly ArrayLike<number>[]) =>
      kCentre(vectors, 3, Random.seeded(1).fork("choose")).map((i) => pairs[i]!.id);
    const byPrompts = await run(test, { budget: 6, chooseBy: "prompts" });
    const ofPrompts = await responseEmbeddings(
      start,
      pairs.map(({ prompt }) => ({ prompt: prompt.subarray(0, 1), response: prompt.subarray(1) })),
    );
    assert.deepEqual(byPrompts.ids, covering(ofPrompts));

    const byResponses = await run(test, { budget: 6 });
    const samples = groupBy(await byResponses.folder.readRows(runLayout.iteration(1).samples), ({ id }) => id);
    const means: number[][] = [];
    for (const { id, prompt } of pairs) {
      const [a, b] = await responseEmbeddings(
        start,
        samples.get(id)!.map(({ tokens }) => ({ prompt, response: Int32Array.from(tokens) })),
      );
      means.push([...a!].map((x, i) => (x + b![i]!) / 2));
    }
    assert.deepEqual(byResponses.ids, covering(means));
    const random = await run(test, { budget: 6, chooseBy: "random" });
    assert.equal(new Set([byPrompts, byResponses, random].map(({ ids }) => ids.join())).size, 3);
  });

  it("can grade the data's responses, and spend the budget on pairs directly", async (test) => {
    const offPolicy = await run(test, { budget: 4, graded: "data" });
    for (const { id, number, tokens } of offPolicy.graded) {
      const pair = pairs.find((each) => each.id === id)!;
      assert.deepEqual(tokens, [...(number === 0 ? pair.chosen : pair.rejected)]);
    }
    const direct = await run(test, { budget: 6, spend: "direct" });
    assert.deepEqual(
      [direct.summary.iterations.length, direct.summary.graded, direct.summary.labelledBy],
      [2, 6, "letters"],
    );
    assert.equal(direct.summary.iterations[1]!.pairsSeen, 2 * (await direct.made(1)).length);
    const longer = await run(test, { budget: 6, evaluatorEpochs: 5 });
    assert.deepEqual(longer.summary.iterations.map(({ pairsSeen }) => pairsSeen / 5)[1], (await longer.made(1)).length);
  });

  it("ends with the same bytes after an interruption in any stage, without grading again", async (test) => {
    const whole = await run(test, { budget: 6 });
    for (const at of ["sample", "align 1", "label", "align 2"]) {
      const folder = emptyFolder(test);
      const abort = new AbortController();
      const reporter = {
        start: (label: string) => (
          label.startsWith(at) && abort.abort(new Error("stopped")), { update() {}, finish() {} }
        ),
      };
      await assert.rejects(
        openRun(
          whole.method,
          await tinyInput(programs, { judge: whole.judge }),
          { folder },
          { signal: abort.signal, reporter },
        ),
        { message: "stopped" },
        at,
      );
      const silent = { ...whole.judge, score: async () => assert.fail("the judge was asked again") };
      await openRun(whole.method, await tinyInput(programs, { judge: at === "sample" ? whole.judge : silent }), {
        folder,
      });
      assert.deepEqual(resultsIn(folder), resultsIn(whole.path));
    }
  });

  it("refuses an invalid budget or a missing judge before any work", async (test) => {
    const judge = textJudge("letters", (response) => response.length);
    const silent = {
      onStep: () => assert.fail("a step was taken"),
      reporter: { start: (label: string) => assert.fail(label) },
    };
    const open = async (own: Partial<ProxyRewardOptions>, given: object = { judge }) =>
      openRun(
        methods.proxyReward(own)(shared),
        await tinyInput(programs, given),
        { folder: emptyFolder(test) },
        silent,
      );
    assert.throws(() => methods.proxyReward({ budget: 0 }), {
      name: "InputError",
      message: "budget: found 0, expected a whole number from 1",
    });
    await assert.rejects(open({ budget: 1 }), {
      name: "InputError",
      message: "budget: found 1, expected at least 2, the responses of one prompt, which are compared with each other",
    });
    await assert.rejects(open({ budget: 17 }), {
      name: "InputError",
      message: "budget: found 17, expected at most 16, which are all responses that there are: 2 to each of 8 prompts",
    });
    await assert.rejects(open({ budget: 17, graded: "data", responses: 4 }), { message: /expected at most 16/ });
    await assert.rejects(open({}, {}), { name: "InputError", message: /^this method labels responses with a judge/ });
  });

  it("throws an InputError if the grades do not distinguish any responses", async (test) => {
    const same = textJudge("same", () => 1);
    await assert.rejects(
      openRun(methods.proxyReward({ budget: 4 })(shared), await tinyInput(programs, { judge: same }), {
        folder: emptyFolder(test),
      }),
      {
        name: "InputError",
        message:
          "the judge has graded 4 responses, and no prompt has two that differ in text and in grade; raise `budget`, or `temperature`",
      },
    );
  });

  it("labels by a score head that is trained on the graded pairs and saved with their model", async (test) => {
    const { folder, summary, graded, path } = await run(test, { budget: 8, evaluator: "score-head" });
    assert.deepEqual([summary.labelledBy, summary.iterations.length], ["score head", 3]);
    const model = join(path, runLayout.iteration(1).model);
    const head = (await readHead(model))!;
    assert.deepEqual([...head.get("weight")!.shape], [16, 1]);
    const labelled = await folder.readRows(runLayout.iteration(2).labelledSamples);
    const evaluator = await loadPolicy(programs, model);
    const prompts = new Map(pairs.map(({ id, prompt }) => [id, prompt]));
    const embeddings = await responseEmbeddings(
      evaluator,
      labelled.map(({ id, tokens }) => ({ prompt: prompts.get(id)!, response: Int32Array.from(tokens) })),
    );
    const { data } = head.get("weight")!;
    for (const [i, { reward }] of labelled.entries()) {
      const score = embeddings[i]!.reduce((total, value, d) => total + value * data[d]!, 0);
      assert.ok(Math.abs(reward - score) < 1e-6, `${reward}, expected ${score}`);
    }
    await evaluator.free();
    const known = new Set(graded.map(({ id }) => id));
    assert.ok(labelled.length > 0 && labelled.every(({ id }) => !known.has(id)));
    const steps = (await folder.readRows(runLayout.metrics)).filter(({ iteration }) => iteration === 1);
    assert.ok(steps.every((step) => typeof step["score/accuracies"] === "number"));
    assert.ok(steps.at(-1)!.loss! < steps[0]!.loss!, "the evaluator learns");
    // The policy of iteration 2 is not a reward model, so it has no head.
    assert.equal(await readHead(join(path, runLayout.iteration(2).model)), undefined);
    await assert.rejects(run(test, { evaluator: "score-head", spend: "direct" }), /`spend: "direct"` trains none/);
  });

  it("ends with the same bytes after an interruption with a score head", async (test) => {
    const whole = await run(test, { budget: 8, evaluator: "score-head" });
    const [stopped, controller] = [emptyFolder(test), new AbortController()];
    const input = () => tinyInput(programs, { judge: whole.judge });
    const onStep = ({ step, iteration }: { step: number; iteration: number }) =>
      void (iteration === 1 && step === 2 && controller.abort());
    await assert.rejects(
      openRun(whole.method, await input(), { folder: stopped }, { signal: controller.signal, onStep }),
      { name: "AbortError" },
    );
    await openRun(whole.method, await input(), { folder: stopped });
    assert.deepEqual(resultsIn(stopped), resultsIn(whole.path));
  });
});
