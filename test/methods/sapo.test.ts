import assert from "node:assert/strict";
import { after, describe, it, type TestContext } from "node:test";
import { Random } from "../../src/base/random.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import * as methods from "../../src/methods/index.js";
import { runLayout } from "../../src/run/folder/layout.js";
import { RunFolder } from "../../src/run/folder/run-folder.js";
import type { RunInput } from "../../src/run/input.js";
import { openRun } from "../../src/run/open-run.js";
import type { LossOptions, SapoOptions } from "../../src/run/options/index.js";
import { assertClose } from "../support/compare.js";
import { emptyFolder } from "../support/folder.js";
import { randomPairs, randomTokens } from "../support/tiny-model.js";
import { resultsIn, tinyInput } from "../support/tiny-run.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

const shared = { batchSize: 4, learningRate: 1e-2, maxNewTokens: 6, seed: 1, rounds: 2, beta: 0.5 };

/** Pairs with chosen responses of 9 tokens; a segment of 4 of them is generated again. */
const pairs = randomPairs(10, Random.seeded(2)).map((pair, i) => ({
  ...pair,
  chosen: randomTokens(9, Random.seeded(i)),
}));

async function run(
  test: TestContext,
  own: Partial<SapoOptions> = {},
  given: Partial<RunInput> = {},
  usual: Partial<SapoOptions> = { segment: 4 },
) {
  const notes: string[] = [];
  const reporter = { start: () => ({ update() {}, finish() {} }), note: (text: string) => void notes.push(text) };
  const { folder: path, summary } = await openRun(
    methods.sapo({ ...usual, ...own })(shared),
    await tinyInput(programs, { pairs, ...given }),
    { folder: emptyFolder(test) },
    { reporter },
  );
  const steps = await (await RunFolder.open(path)).readRows(runLayout.metrics);
  return { path, summary, steps, losses: steps.map(({ loss }) => Number(loss)), notes };
}

describe("sapo", () => {
  it("trains on its own pairs and begins at ln 2, since the policy is the reference", async (test) => {
    const { summary, losses, steps } = await run(test);
    assert.deepEqual([summary.method, summary.loss, summary.labelledBy], ["sapo", "dpo", null]);
    assert.deepEqual(
      summary.iterations.map(({ pairsSelected, pairsBootstrapped, pairsSeen }) => [
        pairsSelected,
        pairsBootstrapped,
        pairsSeen,
      ]),
      [
        [null, null, 0],
        [0, 10, 20],
      ],
    );
    assert.equal(losses.length, 6);
    assertClose([losses[0]!], [Math.log(2)], 1e-5);
    assert.ok(losses.slice(1).every((loss) => Math.abs(loss - Math.log(2)) > 1e-5));
    // Four tenths of the pairs are not a step, so that the buffer holds one.
    assert.ok(steps.every((step) => Number(step["augmentation/buffer"]) <= 4));
    assert.ok(summary.iterations[1]!.seconds.sampling > 0);
  });

  it("uses only the chosen responses", async (test) => {
    const others = pairs.map((pair, i) => ({ ...pair, rejected: randomTokens(5, Random.seeded(50 + i)) }));
    assert.deepEqual((await run(test)).losses, (await run(test, {}, { pairs: others })).losses);
  });

  it("trains differently with each of its options", async (test) => {
    const of = async (own: Partial<SapoOptions>) => (await run(test, own)).losses.join();
    const changed: Partial<SapoOptions>[] = [
      {},
      { segment: 3 },
      { segment: "whole" },
      { bufferSize: 8 },
      { averageDecay: 0.9 },
      { averageEvery: 2 },
      { referenceBecomes: "policy" },
      { referenceBecomes: "start" },
      ...([
        { segmentTemperature: 1 },
        { segmentTopK: 5 },
        { segmentTopP: 0.5 },
        { referenceEvery: 1 },
        { referenceEvery: 1, referenceEma: 0.5 },
        { loss: "orpo" },
      ] as const),
    ];
    const all: string[] = [];
    for (const own of changed) all.push(await of(own));
    assert.equal(new Set(all).size, all.length);
  });

  it("sets the reference to the average after each epoch or every referenceEvery steps", async (test) => {
    const usual = await run(test);
    assert.deepEqual((await run(test, { referenceEvery: 3 })).losses, usual.losses);
    const never = await run(test, { referenceBecomes: "start" });
    assert.deepEqual(never.losses.slice(0, 3), usual.losses.slice(0, 3));
    // A loss without a reference has none to move.
    assert.equal((await run(test, { loss: "simpo" })).losses.length, 6);
  });

  it("ends with the same bytes after an interruption", async (test) => {
    const whole = await run(test);
    for (const at of [1, 4]) {
      const folder = emptyFolder(test);
      const abort = new AbortController();
      const onStep = ({ step }: { step: number }) => void (step === at && abort.abort(new Error("stopped")));
      const method = methods.sapo({ segment: 4 })(shared);
      await assert.rejects(
        openRun(method, await tinyInput(programs, { pairs }), { folder }, { signal: abort.signal, onStep }),
        { message: "stopped" },
      );
      await openRun(method, await tinyInput(programs, { pairs }), { folder });
      assert.deepEqual(resultsIn(folder), resultsIn(whole.path));
    }
  });

  it("fits the segment length to the responses, and notes those that are too short", async (test) => {
    const short = { pairs: [...pairs.slice(1), { ...pairs[0]!, chosen: randomTokens(5, Random.seeded(70)) }] };
    const third = await run(test, {}, short, {});
    assert.deepEqual(third.losses, (await run(test, { segment: 3 }, short)).losses);
    assert.deepEqual(
      third.notes.filter((note) => note.includes("segment")),
      ["1 of 10 chosen responses is too short for a segment of 3 tokens, and rewritten as a whole"],
    );
  });

  it("refuses invalid options before anything is trained", async (test) => {
    const open = async (own: Partial<SapoOptions>, given: Partial<RunInput> = {}) =>
      openRun(
        methods.sapo(own)(shared),
        await tinyInput(programs, { pairs, ...given }),
        { folder: emptyFolder(test) },
        { onStep: () => assert.fail("a step was taken") },
      );
    await assert.rejects(open({ segment: 7 }), {
      name: "InputError",
      message:
        'segment: all 10 chosen responses are too short for a segment of 7 tokens (the longest has 9), and would be rewritten as a whole; lower it, or set it to "whole"',
    });
    await assert.rejects(open({ segment: 4, loss: "dpo-bmc" as LossOptions["loss"] }), {
      name: "InputError",
      message: /^sapo: the loss dpo-bmc weighs single tokens/,
    });
    const rule = {
      name: "tokens",
      version: "1",
      of: () => ({ tokens: { chosen: { weight: new Float32Array(9) }, rejected: {} } }),
    };
    await assert.rejects(open({ segment: 4 }, { columns: rule }), { name: "InputError", message: /^columns: / });
    await assert.rejects(open({ bufferSize: 3 }), {
      message: "bufferSize: found 3, expected at least batchSize (4), as the buffer would not hold what a step makes",
    });
    assert.throws(() => methods.sapo({ segment: 0 })(), {
      message: 'segment: found 0, expected a whole number from 1, or "whole"',
    });
    assert.throws(() => methods.sapo({ referenceBecomes: "start", referenceEvery: 2 })(), {
      message: /^referenceBecomes: under "start" the reference never moves/,
    });
    assert.throws(() => methods.sapo({ loss: "orpo", referenceEvery: 2 })(), {
      message: /^referenceEvery: the loss orpo has no reference to update/,
    });
  });
});
