import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { defineMethod } from "../../src/methods/define-method.js";
import type { RunControls } from "../../src/run/input.js";
import { openRun } from "../../src/run/open-run.js";
import type { Stages } from "../../src/run/stages.js";
import { emptyFolder } from "../support/folder.js";
import { tinyInput } from "../support/tiny-run.js";

const programs = new ProgramCache(new OnnxEngine({ threads: 1 }));
after(() => programs.engine.close());

const none = { pairsSelected: 0, pairsBootstrapped: 0, bootstrap: null };
let methods = 0;

/** A method of two iterations in a second. */
function methodOf(run: (stages: Stages) => Promise<void>) {
  const name = `own ${++methods}`;
  return defineMethod({ name, version: "1", run })()({ batchSize: 4, learningRate: 1e-2, maxNewTokens: 4, rounds: 2 });
}

async function runIn(test: TestContext, run: (stages: Stages) => Promise<void>, controls: RunControls = {}) {
  const folder = emptyFolder(test);
  const ended = openRun(methodOf(run), await tinyInput(programs), { folder }, controls);
  return { folder, ended };
}

const hasSummary = (folder: string) => existsSync(join(folder, "summary.json"));

describe("a method that does not await a stage", () => {
  it("is refused, and the stage has stopped by then", async (test) => {
    let isRunning = true;
    const { folder, ended } = await runIn(test, async (stages) => {
      const pairs = await stages.offlinePairs();
      await stages.align(1, pairs, none);
      void stages
        .align(2, pairs, none)
        .catch(() => undefined)
        .then(() => (isRunning = false));
    });
    await assert.rejects(ended, {
      name: "InputError",
      message: /^the method "own \d+": its run returned while stages\.align\(2\) was still running; await it$/,
    });
    assert.equal(isRunning, false);
    assert.equal(hasSummary(folder), false);
  });

  it("is refused whatever the stage, and each is named", async (test) => {
    const { folder, ended } = await runIn(test, async (stages) => {
      await stages.align(1, await stages.offlinePairs(), none);
      void stages.samples(2, 1);
      void stages.offlinePairs();
    });
    await assert.rejects(ended, {
      message: /while stages\.samples\(2\) and stages\.offlinePairs\(\) were still running; await them$/,
    });
    assert.equal(hasSummary(folder), false);
  });

  it("starts no further stage once its run has returned", async (test) => {
    let late: Promise<unknown> | undefined;
    const { ended } = await runIn(test, async (stages) => {
      const pairs = await stages.offlinePairs();
      const first = stages.align(1, pairs, none);
      late = first.catch(() => undefined).then(() => stages.align(2, pairs, none));
      late.catch(() => undefined);
    });
    await assert.rejects(ended, /while stages\.align\(1\) was still running/);
    await assert.rejects(late!, {
      name: "InputError",
      message: /stages\.align\(2\) was called after its run had ended; await every stage$/,
    });
  });

  it("ends with the stage's error if that fails before the run returns", async (test) => {
    const { folder, ended } = await runIn(test, async (stages) => {
      const pairs = await stages.offlinePairs();
      void stages.align(7, pairs, none);
      await stages.align(1, pairs, none);
    });
    await assert.rejects(ended, /^InputError: stages\.align: found iteration 7, expected 1/);
    assert.equal(hasSummary(folder), false);
  });

  it("waits for the stages beside one that fails", async (test) => {
    let others: PromiseSettledResult<unknown>[] = [];
    const { ended } = await runIn(test, async (stages) => {
      const pairs = await stages.offlinePairs();
      const first = stages.align(1, pairs, none);
      void Promise.allSettled([first]).then((settled) => void (others = settled));
      await Promise.all([first, stages.align(7, pairs, none)]);
    });
    await assert.rejects(ended, /found iteration 7, expected 2/);
    assert.equal(others.length, 1);
  });
});

describe("a method that handles the errors of its stages", () => {
  it("goes on, as it says", async (test) => {
    const { folder, ended } = await runIn(test, async (stages) => {
      const pairs = await stages.offlinePairs();
      await assert.rejects(stages.align(7, pairs, none));
      await stages.align(1, pairs, none);
    });
    await ended;
    assert.ok(hasSummary(folder));
  });

  it("has not finished if what it caught is an abort", async (test) => {
    const abort = new AbortController();
    const { folder, ended } = await runIn(
      test,
      async (stages) => {
        const pairs = await stages.offlinePairs();
        await stages.align(1, pairs, none).catch(() => undefined);
      },
      { signal: abort.signal, onStep: () => abort.abort(new Error("enough")) },
    );
    await assert.rejects(ended, /^Error: enough$/);
    assert.equal(hasSummary(folder), false);
  });
});
