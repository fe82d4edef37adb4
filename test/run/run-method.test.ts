import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
import type { ExampleSource, ExampleSourceOf } from "../../src/align/example-source.js";
import type { ReferencedPair } from "../../src/align/preference.js";
import { DivergenceError } from "../../src/align/divergence.js";
import { InputError } from "../../src/base/errors.js";
import { reported, type Reporter } from "../../src/base/task.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { defineMethod } from "../../src/methods/define-method.js";
import { cell } from "../../src/notebook/display.js";
import { runLayout } from "../../src/run/folder/layout.js";
import { RunFolder } from "../../src/run/folder/run-folder.js";
import type { OfflinePair, RunControls } from "../../src/run/input.js";
import { openRun } from "../../src/run/open-run.js";
import type { Stages } from "../../src/run/stages.js";
import { emptyFolder } from "../support/folder.js";
import { tinyInput } from "../support/tiny-run.js";

const programs = new ProgramCache(new OnnxEngine({ threads: 1 }));
after(() => programs.engine.close());

const none = { pairsSelected: 0, pairsBootstrapped: 0, bootstrap: null };
let methods = 0;

/** A method with two iterations that runs in about a second. */
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
  it("is refused after the stage has stopped", async (test) => {
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

  it("is refused with the names of all stages that are still running", async (test) => {
    const { folder, ended } = await runIn(test, async (stages) => {
      await stages.align(1, await stages.offlinePairs(), none);
      void stages.samples(2, 1);
      void stages.review(2, [1], (rows) => rows.map((row) => ({ ...row, kept: true })));
    });
    await assert.rejects(ended, {
      message: /while stages\.samples\(2\) and stages\.review\(2\) were still running; await them$/,
    });
    assert.equal(hasSummary(folder), false);
  });

  it("cannot start another stage after its run has returned", async (test) => {
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

  it("ends with the stage's error if the stage fails before the run returns", async (test) => {
    const { folder, ended } = await runIn(test, async (stages) => {
      const pairs = await stages.offlinePairs();
      void stages.align(7, pairs, none);
      await stages.align(1, pairs, none);
    });
    await assert.rejects(ended, /^InputError: stages\.align: found iteration 7, expected 1/);
    assert.equal(hasSummary(folder), false);
  });

  it("waits for the other stages if one fails", async (test) => {
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

describe("a method that catches the errors of its stages", () => {
  it("continues and finishes", async (test) => {
    const { folder, ended } = await runIn(test, async (stages) => {
      const pairs = await stages.offlinePairs();
      await assert.rejects(stages.align(7, pairs, none));
      await stages.align(1, pairs, none);
    });
    await ended;
    assert.ok(hasSummary(folder));
  });

  it("does not finish if the error that it caught is an abort", async (test) => {
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

describe("the errors of a method's own code", () => {
  const isNamed = (message: RegExp) => ({ name: "InputError", message });

  for (const [thrown, told] of [
    [new TypeError("no such pair"), "TypeError: no such pair"],
    ["s", "s"],
    [undefined, "undefined"],
  ] as const)
    it(`name the method: ${told}`, async (test) => {
      const { ended } = await runIn(test, async () => Promise.reject(thrown as Error));
      await assert.rejects(ended, isNamed(new RegExp(`^the method "own \\d+": its run threw ${told}$`)));
    });

  it("name the method if a function that it passes to a stage throws a value that is not an Error", async (test) => {
    const { ended } = await runIn(test, async (stages) => {
      await stages.labelledSamples(1, 1, async () => Promise.reject("s" as unknown as Error));
    });
    await assert.rejects(ended, isNamed(/^the method "own \d+": its run threw s$/));
  });

  it("stay unchanged if they come from a stage or are InputErrors", async (test) => {
    const failing = new Error("disk full");
    const { ended } = await runIn(test, async (stages) => stages.align(1, await stages.offlinePairs(), none), {
      onStep: () => {
        throw failing;
      },
    });
    await assert.rejects(ended, (error) => error === failing);
    const own = new InputError("too few pairs", { cause: failing });
    await assert.rejects((await runIn(test, async () => Promise.reject(own))).ended, (error) => error === own);
    const diverging = defineMethod({
      ...{ name: "diverging", version: "1" },
      run: async (stages) => stages.align(1, await stages.offlinePairs(), none),
    })()({ batchSize: 4, learningRate: 1e30, rounds: 1 });
    await assert.rejects(
      openRun(diverging, await tinyInput(programs), { folder: emptyFolder(test) }),
      (error) => error instanceof DivergenceError,
    );
  });
});

describe("an aborted run", () => {
  const forEver = () => new Promise<never>(() => {});

  for (const [what, run] of Object.entries({
    run: forEver,
    labels: async (stages) => void (await stages.labelledSamples(1, 1, forEver)),
    "choice to grade": async (stages) => void (await stages.gradedResponses(1, 1, forEver)),
  } satisfies Record<string, (stages: Stages) => Promise<void>>))
    it(`ends even if the method's ${what} never settles`, async (test) => {
      const abort = new AbortController();
      const { ended } = await runIn(
        test,
        async (stages) => {
          setImmediate(() => abort.abort(new Error("enough")));
          await run(stages);
        },
        { signal: abort.signal },
      );
      await assert.rejects(ended, /^Error: enough$/);
    });

  it("ends even if the user's evaluation never settles", async (test) => {
    const abort = new AbortController();
    const evaluate = {
      identity: "never",
      evaluate: async () => {
        abort.abort(new Error("enough"));
        return forEver();
      },
    };
    await assert.rejects(
      openRun(
        methodOf(async (stages) => stages.begin()),
        await tinyInput(programs, { evaluate }),
        { folder: emptyFolder(test) },
        { signal: abort.signal },
      ),
      /^Error: enough$/,
    );
  });
});

describe("the evaluation of a user", () => {
  it("is a phase that names the phases within it", async (test) => {
    const told: string[] = [];
    const reporter: Reporter = {
      start: (label) => ({
        update() {},
        between: (text) => void told.push(`${label}: ${text}`),
        finish: () => void told.push(`${label} finished`),
      }),
    };
    const evaluate = {
      identity: "slow",
      evaluate: async () => {
        await reported("respond", "responses", cell, async ({ onProgress }) => {
          // A shorter phase is not shown.
          await new Promise((resolve) => setTimeout(resolve, 2100));
          onProgress?.(1, 2);
        });
        return {};
      },
    };
    const only = openRun(
      methodOf(async (stages) => stages.begin()),
      await tinyInput(programs, { evaluate }),
      { folder: emptyFolder(test) },
      { reporter },
    );
    await assert.rejects(only, /trained no iteration/);
    assert.deepEqual(
      told.filter((line) => line.startsWith("evaluate")),
      ["evaluate: respond 1/2 responses", "evaluate finished"],
    );
  });
});

describe("the source of a user's method", () => {
  /** A source that returns the pairs that a step was planned with, with parts replaced. */
  const sourceWith =
    (own: Partial<ExampleSource<ReferencedPair>>): ExampleSourceOf<ReferencedPair> =>
    async (_policy, standIns) => ({
      ...{ metrics: {}, leader: undefined, samplingSeconds: 0 },
      next: async (_step, planned) => planned.map((i) => standIns[i]!),
      follow: async () => {},
      state: async () => new Map(),
      free: async () => {},
      ...own,
    });
  const trainedFrom = (source: ExampleSourceOf<ReferencedPair>) => async (stages: Stages) =>
    stages.align(1, await stages.offlinePairs(), none, { source });

  it("gives the steps their examples", async (test) => {
    const steps: number[] = [];
    const source = sourceWith({ follow: async (_policy, step) => void steps.push(step) });
    const { folder, ended } = await runIn(test, trainedFrom(source));
    await ended;
    assert.deepEqual(steps, [1, 2]);
    assert.ok(hasSummary(folder));
  });

  it("is named in its errors, and where it gives too few examples", async (test) => {
    const broken = async () => Promise.reject(new RangeError("no"));
    const fails = async (source: ExampleSourceOf<ReferencedPair>, message: RegExp) =>
      assert.rejects((await runIn(test, trainedFrom(source))).ended, { name: "InputError", message });
    await fails(broken, /^the method "own \d+": its source threw RangeError: no$/);
    await fails(sourceWith({ next: broken }), /^the method "own \d+": its source\.next threw RangeError: no$/);
    await fails(sourceWith({ follow: broken }), /^the method "own \d+": its source\.follow threw RangeError: no$/);
    const few = /^the method "own \d+": its source\.next gave 1 examples for step 1, which needs 4$/;
    await fails(async (policy, standIns, random) => {
      const next = async () => standIns.slice(0, 1);
      return sourceWith({ next })(policy, standIns, random);
    }, few);
  });

  it("cannot keep an aborted run from ending", async (test) => {
    const abort = new AbortController();
    const next = async () => {
      abort.abort(new Error("enough"));
      return new Promise<never>(() => {});
    };
    const { ended } = await runIn(test, trainedFrom(sourceWith({ next })), { signal: abort.signal });
    await assert.rejects(ended, /^Error: enough$/);
  });
});

describe("a method that trains nothing", () => {
  it("is refused each time and leaves no run in its folder", async (test) => {
    const folder = emptyFolder(test);
    for (const run of [async () => {}, async () => {}, async (stages: Stages) => void (await stages.offlinePairs())])
      await assert.rejects(openRun(methodOf(run), await tinyInput(programs), { folder }), {
        name: "InputError",
        message:
          /^the method "own \d+" trained no iteration; its `run` has to call stages\.align\(1, pairs, …\) and await it$/,
      });
    assert.equal(hasSummary(folder), false);
  });
});

describe("the arguments of stages.align", () => {
  /** Arguments that an untyped method may pass. */
  type Given = readonly unknown[];
  const refused: readonly (readonly [(pairs: readonly OfflinePair[]) => Given, string | RegExp])[] = [
    [(pairs) => ["1", pairs, none], /^stages\.align: found iteration "1", expected 1;/],
    [
      (pairs) => [1, pairs, { ...none, pairsSelected: "4" }],
      /^stages\.align\(1\): pairsSelected: found "4", expected a whole number from 0$/,
    ],
    [
      (pairs) => [1, pairs, { ...none, bootstrap: 3 }],
      /: bootstrap: found 3, expected the counts of the bootstrapped pairs, or null$/,
    ],
    [(pairs) => [1, pairs], /: trainedOn: found undefined, expected an object \{ pairsSelected, /],
    [
      () => [1, undefined, none],
      /^stages\.align\(1\): pairs: found undefined, expected a list of pairs, as stages\.offlinePairs\(\) gives them$/,
    ],
    [() => [1, Promise.resolve([]), none], /: pairs: found a promise \(await it\), expected/],
    [
      () => [1, [{ prompt: "Hi", chosen: "a", rejected: "b" }], none],
      /: prompt of pair 1: found "Hi", expected token ids in an Int32Array/,
    ],
    [(pairs) => [1, [pairs[0], undefined], none], /: prompt of pair 2: found undefined, expected token ids/],
    [(pairs) => [1, pairs, none, { epochs: "2" }], 'epochs: found "2", expected a whole number from 1'],
    [
      (pairs) => [1, pairs, none, { epoch: 2 }],
      /`epoch` is not an option of stages\.align\(1\); did you mean `epochs`/,
    ],
    [(pairs) => [1, pairs, none, { loss: "dpo" }], /: loss: found "dpo", expected a loss such as losses\.dpo/],
    [(pairs) => [1, pairs, none, { from: 1 }], /: from: found 1, expected an iteration from 0 to 0$/],
    [(pairs) => [1, pairs, none, null], "the options of stages.align(1): found null, expected an object such as {}"],
  ];

  it("are checked before anything is trained, and quoted if invalid", async (test) => {
    for (const [given, message] of refused) {
      let steps = 0;
      const { folder, ended } = await runIn(
        test,
        async (stages) => {
          const align = stages.align.bind(stages) as (...given: Given) => Promise<void>;
          await align(...given(await stages.offlinePairs()));
        },
        { onStep: () => void steps++ },
      );
      await assert.rejects(ended, { name: "InputError", message });
      assert.equal(steps, 0);
      assert.equal(hasSummary(folder), false);
    }
  });
});

it("a stage of an iteration that cannot begin yet is refused", async (test) => {
  for (const [t, message] of [
    [2, /^stages\.samples: found iteration 2, expected 1; the iteration before it must be trained first$/],
    ["1" as unknown as number, /^stages\.samples: found iteration "1", expected 1;/],
  ] as const) {
    const { ended } = await runIn(test, async (stages) => void (await stages.samples(t, 1)));
    await assert.rejects(ended, { name: "InputError", message });
  }
});

it("a label that could not be read back is refused instead of stored", async (test) => {
  const { folder, ended } = await runIn(test, async (stages) => {
    await stages.labelledSamples(1, 1, async (drawn) => {
      await stages.noteLabels(1, "mine");
      return drawn.map((sample) => ({ ...sample, reward: NaN }));
    });
  });
  await assert.rejects(ended, {
    name: "InputError",
    message: /samples\.jsonl: reward: found NaN, which cannot be stored \(/,
  });
  assert.equal((await RunFolder.open(folder)).isDone(runLayout.iteration(1).labelledSamples.path), false);
});
