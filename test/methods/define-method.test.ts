import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { defineMethod } from "../../src/methods/define-method.js";
import { directMethod } from "../../src/methods/direct.js";
import * as methods from "../../src/methods/index.js";
import { runLayout } from "../../src/run/folder/layout.js";
import { RunFolder } from "../../src/run/folder/run-folder.js";
import type { Method } from "../../src/run/method.js";
import { openRun } from "../../src/run/open-run.js";
import { seraMethod } from "../../src/sera.js";
import { emptyFolder } from "../support/folder.js";
import { textJudge, tinyInput } from "../support/tiny-run.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

const quick = { batchSize: 4, learningRate: 1e-2, maxNewTokens: 4 };
const shortest = defineMethod({
  ...{ name: "shortest", version: "1" },
  options: { share: 0.5, select: 0.2, order: "short" },
  async run(stages, { share, iterations }) {
    const pairs = (await stages.offlinePairs()).toSorted((a, b) => a.chosen.length - b.chosen.length);
    const kept = pairs.slice(0, Math.round(share * pairs.length));
    for (let t = 1; t <= iterations; t++)
      await stages.align(t, kept, { pairsSelected: kept.length, pairsBootstrapped: 0, bootstrap: null });
  },
});

describe("a custom method", () => {
  it("runs like a built-in method, with the shared options and its own", async (test) => {
    const path = emptyFolder(test);
    const { summary } = await openRun(shortest({ share: 0.25 })({ ...quick, rounds: 2 }), await tinyInput(programs), {
      folder: path,
    });
    assert.deepEqual(
      [summary.method, summary.iterations.map(({ pairsSelected }) => pairsSelected)],
      ["shortest", [null, 2, 2]],
    );
    assert.equal((await (await RunFolder.open(path)).readRows(runLayout.metrics)).length, 2);
  });

  it("spends its rounds on iterations unless it defines a budget", () => {
    const { iterations, epochs, reference } = shortest()({ rounds: 4 }).options;
    assert.deepEqual({ iterations, epochs, reference }, { iterations: 4, epochs: 1, reference: "start" });
    const budget = (rounds: number) => ({ iterations: 1, epochs: rounds });
    const once = defineMethod({
      name: "once",
      version: "1",
      budget,
      options: { reference: "previous" as const },
      run: async () => {},
    });
    const spent = once()({ rounds: 4 }).options;
    assert.deepEqual([spent.iterations, spent.epochs, spent.reference], [1, 4, "previous"]);
    assert.equal(once({ reference: "start" } as object)().options.reference, "start");
  });

  it("checks its own options by the types of their defaults, and the library's by their schema", () => {
    const refuses = (own: object, message: string | RegExp) =>
      assert.throws(() => shortest(own)(), { name: "InputError", message });
    refuses({ share: "half" }, 'share: found "half", expected a finite number');
    refuses({ order: 1 }, "order: found 1, expected a string");
    refuses({ select: 2 }, "select: found 2, expected a share in [0, 1]");
    refuses({ sharee: 0.5 }, "`sharee` is not an option of shortest; did you mean `share`?");
    refuses({ gamma: 0.5 }, "`gamma` is not an option of shortest; it belongs to sera, dice");
    const taken: object = shortest({ share: 0.1, select: 0.9 })().options;
    assert.deepEqual(
      ["share", "select", "order"].map((name) => Object.entries(taken).find(([own]) => own === name)![1]),
      [0.1, 0.9, "short"],
    );
  });

  it("refuses an invalid option at once, and the name of a built-in method", () => {
    assert.throws(() => shortest({ bta: 1 } as object), {
      name: "InputError",
      message: "`bta` is not an option of shortest; did you mean `beta`?",
    });
    assert.throws(() => shortest({ share: "half" } as object), {
      message: 'share: found "half", expected a finite number',
    });
    for (const name of ["sera", "direct", "dpo", "curry dpo", "curryDpo"]) {
      assert.throws(() => defineMethod({ name, version: "1", run: async () => {} }), {
        name: "InputError",
        message: `defineMethod: "${name}" is a method of the library; give your own another name`,
      });
    }
  });

  it("has to train each iteration once, in order", async (test) => {
    const ofTurns = (...turns: readonly number[]) =>
      defineMethod({
        ...{ name: `turns ${turns.join(" ")}`, version: "1" },
        async run(stages) {
          const pairs = await stages.offlinePairs();
          for (const t of turns)
            await stages.align(t, pairs, { pairsSelected: pairs.length, pairsBootstrapped: 0, bootstrap: null });
        },
      })();
    const run = async (...turns: readonly number[]) =>
      openRun(ofTurns(...turns)({ ...quick, rounds: 2 }), await tinyInput(programs), { folder: emptyFolder(test) });
    await assert.rejects(run(1, 1), {
      name: "InputError",
      message: "stages.align: found iteration 1, expected 2; a method trains each iteration once, in order",
    });
    await assert.rejects(run(2), { message: /^stages\.align: found iteration 2, expected 1/ });
    assert.equal((await run(1, 2)).summary.iterations.length, 3);
  });

  it("accepts a judge only if labelsWithJudge is true", async (test) => {
    const judge = textJudge("letters", (response) => response.length);
    const asking = (own: object) =>
      defineMethod({
        ...{ name: "asking", version: "1" },
        ...own,
        async run(stages) {
          stages.requireJudge();
          await stages.align(1, await stages.offlinePairs(), {
            pairsSelected: 8,
            pairsBootstrapped: 0,
            bootstrap: null,
          });
        },
      })()({ ...quick, rounds: 1 });
    await openRun(asking({ labelsWithJudge: true }), await tinyInput(programs, { judge }), {
      folder: emptyFolder(test),
    });
    await assert.rejects(
      async () => openRun(asking({}), await tinyInput(programs, { judge }), { folder: emptyFolder(test) }),
      { message: /^`judge`: the method "asking" labels nothing/ },
    );
  });

  it("needs a name and a version, and another version if its code is edited", () => {
    const named = (name: string, version: string) => ({ name, version, run: async () => {} });
    assert.throws(() => defineMethod(named("", "1")), {
      name: "InputError",
      message: 'defineMethod: the method definition has no name; add name: "…" and version: "1"',
    });
    assert.throws(() => defineMethod(named("mine", "")), {
      message: /^defineMethod: the method definition "mine" has no version/,
    });
    defineMethod(named("mine", "1"));
    defineMethod(named("mine", "1"));
    assert.throws(() => defineMethod({ ...named("mine", "1"), run: async () => void 0 }), {
      message:
        'defineMethod: two different method definitions are named "mine" with version "1"; change the version of the one that you edited',
    });
    defineMethod({ ...named("mine", "2"), run: async () => void 0 });
  });
});

describe("a method written as an object", () => {
  const { options } = shortest()({ ...quick, rounds: 1 });

  it("is refused without a version, and if its code is edited under the same version", async (test) => {
    const input = await tinyInput(programs);
    const open = (method: object) => openRun(method as Method, input, { folder: emptyFolder(test) });
    const none = { pairsSelected: 0, pairsBootstrapped: 0, bootstrap: null };
    const run = async (stages: Parameters<Method["run"]>[0]) =>
      stages.align(1, (await stages.offlinePairs()).slice(0, 2), none);
    await assert.rejects(open({ name: "plain", options, run }), {
      name: "InputError",
      message: /^method: the method "plain" has no version; add version: "1"/,
    });
    await open({ name: "plain", version: "1", options, run });
    const edited = async (stages: Parameters<Method["run"]>[0]) => stages.align(1, await stages.offlinePairs(), none);
    await assert.rejects(open({ name: "plain", version: "1", options, run: edited }), {
      message: /^method: two different methods are named "plain" with version "1"/,
    });
    await open({ name: "plain", version: "2", options, run: edited });
  });
});

it("built-in methods do not conflict with each other, whichever function creates them", async (test) => {
  const given = { batchSize: 4, maxNewTokens: 4, learningRate: 1e-2 };
  const made = [
    seraMethod({ ...given, iterations: 1 }),
    seraMethod({ ...given, iterations: 2, loss: "dpo" }),
    methods.sera({ rounds: 2 })(given),
    directMethod(given),
    methods.direct()(given),
    methods.sft()(given),
  ];
  for (const method of made) await openRun(method, await tinyInput(programs), { folder: emptyFolder(test) });
  assert.deepEqual(
    made.map(({ name }) => name),
    ["dpo", "sera", "sera", "dpo", "dpo", "nll"],
  );
});
