import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { bytesIn } from "../../src/base/byte-size.js";
import { Random } from "../../src/base/random.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { curryDpo, dice, direct, iterativeDpo, sera } from "../../src/methods/index.js";
import type { loadPolicy } from "../../src/model/policy/policy-files.js";
import type { RunControls } from "../../src/run/input.js";
import type { LoggedStep } from "../../src/run/logged-step.js";
import type { Method } from "../../src/run/method.js";
import { openRun } from "../../src/run/open-run.js";
import { assertClose } from "../support/compare.js";
import { emptyFolder, inEmptyFolder } from "../support/folder.js";
import { randomPairs, tinyPolicy } from "../support/tiny-model.js";
import { resultsIn, textJudge, tinyInput, tinySera } from "../support/tiny-run.js";

const programs = new ProgramCache(new OnnxEngine({ threads: 1 }));
after(() => programs.engine.close());

const quick = { batchSize: 4, learningRate: 1e-2, maxNewTokens: 4, rounds: 1, seed: 1 };
const dpo = (own: object = {}) => direct({ ...quick, ...own })();

/** Pairs with ids that no other pairs have. */
const renamed = <T>(pairs: readonly T[]) => pairs.map((pair, i) => ({ ...pair, id: `other pair ${i}` }));

describe("openRun", () => {
  it("reads a finished run without repeating a step", async (test) => {
    const folder = emptyFolder(test);
    const first = await openRun(dpo(), await tinyInput(programs), { folder });
    const steps: number[] = [];
    const again = await openRun(
      dpo(),
      await tinyInput(programs),
      { folder },
      { onStep: ({ step }) => void steps.push(step) },
    );
    assert.deepEqual(again, first);
    assert.deepEqual(steps, []);
  });

  it("tells where a run is resumed, and how many steps were taken before", async (test) => {
    const folder = emptyFolder(test);
    const heard: unknown[] = [];
    const reporter: RunControls["reporter"] = {
      start: () => ({ update() {}, finish() {} }),
      note: (text) => void heard.push(text),
      resumed: (steps) => void heard.push(steps),
    };
    const method = () => tinySera({ batchSize: 2, rounds: 2 });
    const stoppedAt = async (iteration: number, step: number) => {
      const abort = new AbortController();
      const onStep = (row: LoggedStep) =>
        void (row.iteration === iteration && row.step === step && abort.abort(new Error("enough")));
      const controls = { signal: abort.signal, reporter, onStep };
      await assert.rejects(openRun(method(), await tinyInput(programs), { folder }, controls), /enough/);
      return heard.splice(0).filter((text) => typeof text === "number" || /new run|resuming/.test(text as string));
    };
    assert.match(String(await stoppedAt(1, 3)), /^new run in /);
    assert.deepEqual(await stoppedAt(2, 1), [
      `resuming the run in ${folder}`,
      3,
      "resuming align 1/2 after step 3 of 4",
    ]);
    assert.deepEqual(await stoppedAt(2, 2), [
      `resuming the run in ${folder} after iteration 1`,
      5,
      "resuming align 2/2 after step 1 of 4",
    ]);
  });

  it("ignores memory in the run's identity and resumes within the memory that it was planned for", async (test) => {
    const folder = emptyFolder(test);
    const notes: string[] = [];
    const controls = (signal?: AbortSignal): RunControls => ({
      signal,
      reporter: { start: () => ({ update() {}, finish() {} }), note: (text) => void notes.push(text) },
    });
    const abort = new AbortController();
    const stopping = { ...controls(abort.signal), onStep: () => abort.abort(new Error("enough")) };
    await assert.rejects(
      openRun(dpo({ memory: "450.7MB" }), await tinyInput(programs), { folder }, stopping),
      /enough/,
    );
    assert.match(notes.join("\n"), /align 1\/1: micro-batches of \d/);
    const manifest = () => JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")).manifest;
    const { memory } = manifest();
    assert.equal(memory.bytes, 450.7e6);
    assert.ok(memory.trainings[1].microBatchSize < 4);
    await openRun(dpo({ memory: "4GB" }), await tinyInput(programs), { folder }, controls());
    assert.match(
      notes.join("\n"),
      /memory: the run goes on within 451 MB, .*, and not within 4\.0 GB; to plan it anew/,
    );
    assert.deepEqual(manifest().memory, memory);
    const whole = emptyFolder(test);
    await openRun(dpo({ memory: "450.7MB" }), await tinyInput(programs), { folder: whole });
    assert.deepEqual(resultsIn(folder), resultsIn(whole));
    await assert.rejects(
      async () => openRun(dpo({ memory: "200MB" }), await tinyInput(programs), { folder: emptyFolder(test) }),
      /memory: found 200 MB, but the process and two models hold \d+ MB/,
    );
    assert.throws(
      () => dpo({ memory: "lots" }),
      /^InputError: memory: found "lots", expected a size such as 8GB or 512MiB$/,
    );
  });

  it("accepts another memory, as the error advises, if no training has begun", async (test) => {
    const folder = emptyFolder(test);
    const input = await tinyInput(programs);
    let advice: string | undefined;
    await assert.rejects(openRun(dpo({ memory: "30MB" }), input, { folder }), ({ message }: Error) => {
      advice = /raise it to (\d\.\dGB)/.exec(message)?.[1];
      return advice !== undefined;
    });
    await openRun(dpo({ memory: advice }), input, { folder, mode: "resume" });
    const { memory } = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")).manifest;
    assert.equal(memory.bytes, bytesIn(advice));
    assert.equal(Object.keys(memory.trainings).length, 1);
  });

  it("plans each of two concurrent runs for its own memory", async (test) => {
    const input = await tinyInput(programs);
    const [alone, first, second] = [emptyFolder(test), emptyFolder(test), emptyFolder(test)];
    const narrow = () => tinySera({ memory: "450.7MB", seed: 2 });
    await openRun(narrow(), input, { folder: alone });
    let beside: Promise<unknown> | undefined;
    await openRun(
      tinySera({ memory: "4GB" }),
      input,
      { folder: first },
      { onStep: () => void (beside ??= openRun(narrow(), input, { folder: second })) },
    );
    await beside;
    const memory = (folder: string) => JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")).manifest.memory;
    assert.equal(memory(first).bytes, 4e9);
    assert.deepEqual(memory(second), memory(alone));
    assert.notDeepEqual(memory(first).trainings, memory(second).trainings);
    assert.deepEqual(resultsIn(second), resultsIn(alone));
  });

  it("passes each step to onStep with its phase, iteration and number", async (test) => {
    const seen: unknown[] = [];
    await openRun(
      dpo(),
      await tinyInput(programs),
      { folder: emptyFolder(test) },
      { onStep: ({ phase, iteration, step }) => void seen.push([phase, iteration, step]) },
    );
    assert.deepEqual(seen, [
      ["align", 1, 1],
      ["align", 1, 2],
    ]);
  });

  for (const [what, change] of Object.entries({
    "another β": { method: dpo({ beta: 7 }), names: /options\.beta: 0\.1 there, 7 now/ },
    "another loss": { method: dpo({ loss: "ipo" }), names: /options\.loss: "dpo" there, "ipo" now/ },
    "another seed": { method: dpo({ seed: 2 }), names: /options\.seed: 1 there, 2 now/ },
    "another method": { method: tinySera({ rounds: 1 }), names: /method\.name: "dpo" there, "sera" now/ },
    "another version of the method": { method: { ...dpo(), version: "99" }, names: /method\.version/ },
    "other pairs": { input: { pairs: randomPairs(8, Random.seeded(3)) }, names: /data\.pairs\.sha256/ },
    "fewer pairs": {
      input: { pairs: randomPairs(8, Random.seeded(2)).slice(0, 3) },
      names: /data\.pairs\.rows: 8 there, 3 now/,
    },
    "held-out pairs": {
      input: { heldOut: { pairs: randomPairs(3, Random.seeded(4)) } },
      names: /data\.heldOut\.rows: none there, 3 now/,
    },
  } satisfies Record<string, { method?: Method; input?: object; names: RegExp }>)) {
    it(`refuses to open a run with ${what}, and lists the difference`, async (test) => {
      const folder = emptyFolder(test);
      await openRun(dpo(), await tinyInput(programs), { folder });
      const before = resultsIn(folder);
      const { method = dpo(), input = {}, names } = change as { method?: Method; input?: object; names: RegExp };
      await assert.rejects(
        async () => openRun(method, await tinyInput(programs, input), { folder }),
        (error: Error) => {
          assert.equal(error.name, "InputError");
          assert.match(error.message, /holds another run\. It differs in/);
          assert.match(error.message, names);
          return true;
        },
      );
      assert.deepEqual(resultsIn(folder), before);
    });
  }

  it("identifies the start model by its weights", async (test) => {
    inEmptyFolder(test);
    const first = await openRun(dpo(), await tinyInput(programs));
    const same = await openRun(dpo(), await tinyInput(programs));
    const other = await openRun(dpo(), await tinyInput(programs, { start: await tinyPolicy(programs, 2) }));
    assert.equal(same.folder, first.folder);
    assert.notEqual(other.folder, first.folder);
    assert.match(first.folder, /^runs\/dpo-[0-9a-f]{16}$/);
  });

  it("distinguishes two judges of the same name by their identity", async (test) => {
    inEmptyFolder(test);
    const labelled = tinySera({ labelBy: "judge", rounds: 2 });
    const one = await openRun(labelled, await tinyInput(programs, { judge: textJudge("mine", (text) => text.length) }));
    const other = await openRun(
      labelled,
      await tinyInput(programs, {
        judge: { ...textJudge("mine", (text) => -text.length), identity: { name: "mine", version: "2" } },
      }),
    );
    assert.notEqual(one.folder, other.folder);
    assert.equal(one.summary.labelledBy, "mine");
  });

  it("starts a new run in a folder after a run that failed before its first result", async (test) => {
    const folder = emptyFolder(test);
    await assert.rejects(async () => openRun(tinySera({ labelBy: "judge" }), await tinyInput(programs), { folder }), {
      name: "InputError",
      message: /^this method labels responses with a judge; pass `judge`/,
    });
    assert.equal(existsSync(join(folder, "iteration-0")), false);
    await openRun(dpo(), await tinyInput(programs), { folder, mode: "new" });
  });

  it("resumes a run that was killed before its first result, and no other in its place", async (test) => {
    const folder = emptyFolder(test);
    await openRun(dpo(), await tinyInput(programs), { folder });
    const whole = resultsIn(folder);
    for (const name of readdirSync(folder)) if (name !== "run.json") rmSync(join(folder, name), { recursive: true });
    await assert.rejects(async () => openRun(dpo({ seed: 5 }), await tinyInput(programs), { folder, mode: "resume" }), {
      message: /holds no run to resume/,
    });
    await openRun(dpo(), await tinyInput(programs), { folder, mode: "resume" });
    assert.deepEqual(resultsIn(folder), whole);
  });

  it("refuses to resume in an empty folder, and to start a new run over an existing one", async (test) => {
    const folder = emptyFolder(test);
    await assert.rejects(async () => openRun(dpo(), await tinyInput(programs), { folder, mode: "resume" }), {
      message: /holds no run to resume/,
    });
    await openRun(dpo(), await tinyInput(programs), { folder, mode: "new" });
    await assert.rejects(async () => openRun(dpo(), await tinyInput(programs), { folder, mode: "new" }), {
      message: /holds this run already.*--resume/,
    });
  });

  it("refuses an empty list of pairs", async (test) => {
    await assert.rejects(
      async () => openRun(dpo(), await tinyInput(programs, { pairs: [] }), { folder: emptyFolder(test) }),
      { message: "no preference pairs given" },
    );
  });

  it("resumes after an interruption at any progress report with the bytes of an uninterrupted run", async (test) => {
    const heldOut = { pairs: randomPairs(3, Random.seeded(4)) };
    const undisturbed = emptyFolder(test);
    let reports = 0;
    const counting: RunControls["reporter"] = { start: () => ({ update: () => void reports++, finish() {} }) };
    await openRun(tinySera(), await tinyInput(programs, { heldOut }), { folder: undisturbed }, { reporter: counting });
    const expected = resultsIn(undisturbed);
    assert.ok(reports > 15, `${reports} reports of progress`);
    for (let moment = 0; moment < reports; moment++) {
      const folder = emptyFolder(test);
      const abort = new AbortController();
      let reported = 0;
      const reporter: RunControls["reporter"] = {
        start: () => ({ update: () => void (reported++ === moment && abort.abort(new Error("stop"))), finish() {} }),
      };
      const stopped = openRun(
        tinySera(),
        await tinyInput(programs, { heldOut }),
        { folder },
        { signal: abort.signal, reporter },
      );
      // The last report may come too late to stop anything.
      await stopped.catch((error: Error) => assert.equal(error.message, "stop"));
      await openRun(tinySera(), await tinyInput(programs, { heldOut }), { folder });
      assert.deepEqual(resultsIn(folder), expected, `stopped after report ${moment}`);
    }
  });

  it("prepares no program that an earlier run from the same start has prepared", async (test) => {
    const own = new ProgramCache(new OnnxEngine({ threads: 1 }));
    test.after(() => own.engine.close());
    const prepare = test.mock.method(own.engine, "prepare");
    const run = async () => openRun(tinySera(), await tinyInput(own), { folder: emptyFolder(test) });
    await run();
    const first = prepare.mock.callCount();
    await run();
    assert.ok(first > 10, `${first} programs`);
    assert.equal(prepare.mock.callCount(), first);
  });

  it("keeps at most half a GiB of programs after each training", async (test) => {
    const trim = test.mock.method(ProgramCache.prototype, "trim");
    await openRun(tinySera(), await tinyInput(programs), { folder: emptyFolder(test) });
    assert.deepEqual(
      trim.mock.calls.map(({ arguments: given }) => given),
      [[2 ** 29], [2 ** 29], [2 ** 29]],
    );
  });

  it("repeats the iterations from redoFrom on with the same bytes", async (test) => {
    const folder = emptyFolder(test);
    await openRun(tinySera(), await tinyInput(programs), { folder });
    const expected = resultsIn(folder);
    for (const redoFrom of [0, 1, 2, 3, 4]) {
      const iterations = new Set<number>();
      await openRun(
        tinySera(),
        await tinyInput(programs),
        { folder, redoFrom },
        { onStep: ({ iteration }) => void iterations.add(iteration) },
      );
      assert.deepEqual(
        [...iterations],
        [1, 2, 3].filter((t) => t >= redoFrom),
      );
      assert.deepEqual(resultsIn(folder), expected);
    }
  });

  it("rewrites a damaged input file if redoFrom is the iteration after the last", async (test) => {
    const folder = emptyFolder(test);
    await openRun(dpo(), await tinyInput(programs), { folder });
    const expected = resultsIn(folder);
    writeFileSync(join(folder, "pairs.jsonl"), "damaged\n");
    await openRun(dpo(), await tinyInput(programs), { folder, redoFrom: 2 });
    assert.deepEqual(resultsIn(folder), expected);
  });

  it("evaluates again without training if the user's evaluation has changed", async (test) => {
    const folder = emptyFolder(test);
    const evaluate = (version: string, figure: number) => ({
      identity: `mine ${version}`,
      evaluate: async () => ({ figure }),
    });
    const first = await openRun(dpo(), await tinyInput(programs, { evaluate: evaluate("1", 1) }), { folder });
    assert.deepEqual(
      first.summary.iterations.map(({ metrics }) => metrics),
      [{ figure: 1 }, { figure: 1 }],
    );
    const steps: number[] = [];
    const second = await openRun(
      dpo(),
      await tinyInput(programs, { evaluate: evaluate("2", NaN) }),
      { folder },
      { onStep: ({ step }) => void steps.push(step) },
    );
    assert.deepEqual(
      second.summary.iterations.map(({ metrics }) => metrics),
      [{ figure: null }, { figure: null }],
    );
    assert.deepEqual(steps, []);
    const odd = { identity: "odd", evaluate: async () => ({ figure: "high" }) as never };
    await assert.rejects(async () => openRun(dpo(), await tinyInput(programs, { evaluate: odd }), { folder }), {
      message: /evaluate: returned .*expected an object of numbers/,
    });
  });

  it("passes the policy of each iteration to the user's evaluation", async (test) => {
    const asked: number[] = [];
    const evaluate = {
      identity: "parameters",
      evaluate: async (policy: Awaited<ReturnType<typeof loadPolicy>>, iteration: number) => (
        asked.push(iteration), { tensors: (await policy.parameters()).size }
      ),
    };
    const { summary } = await openRun(dpo(), await tinyInput(programs, { evaluate }), { folder: emptyFolder(test) });
    assert.deepEqual(asked, [0, 1]);
    assert.ok(summary.iterations[1]!.metrics!.tensors! > 0);
  });

  it("completes one of two runs started at once in the same folder, and refuses the other", async (test) => {
    const folder = emptyFolder(test);
    const start = async () => openRun(dpo(), await tinyInput(programs), { folder });
    const outcomes = await Promise.allSettled([start(), start()]);
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    const refused = outcomes.find((outcome) => outcome.status === "rejected")!;
    assert.match(String(refused.reason), /in use by process .*this process is already working on the run/);
    assert.deepEqual(
      resultsIn(folder),
      resultsIn((await openRun(dpo(), await tinyInput(programs), { folder: emptyFolder(test) })).folder),
    );
  });

  it("refuses to resume an unfinished run with other options, and resumes it with its own", async (test) => {
    const folder = emptyFolder(test);
    const controller = new AbortController();
    const onStep = ({ iteration, step }: { iteration: number; step: number }) =>
      void (iteration === 2 && step === 1 && controller.abort(new Error("stop")));
    await assert.rejects(
      async () => openRun(tinySera(), await tinyInput(programs), { folder }, { signal: controller.signal, onStep }),
      /stop/,
    );
    const others = { beta: 9, loss: "ipo", learningRate: 1e-4, seed: 5 } as const;
    await assert.rejects(
      async () => openRun(tinySera(others), await tinyInput(programs), { folder }),
      (error: Error) => {
        assert.equal(error.name, "InputError");
        for (const name of Object.keys(others)) assert.match(error.message, new RegExp(`options\\.${name}: `));
        return true;
      },
    );
    await openRun(tinySera(), await tinyInput(programs), { folder });
    assert.deepEqual(
      resultsIn(folder),
      resultsIn((await openRun(tinySera(), await tinyInput(programs), { folder: emptyFolder(test) })).folder),
    );
  });

  it("runs several seeds concurrently with the same bytes as alone", async (test) => {
    const input = await tinyInput(programs);
    const folders = await Promise.all(
      [1, 2, 3].map(
        async (seed) => (await openRun(tinySera({ rounds: 2, seed }), input, { folder: emptyFolder(test) })).folder,
      ),
    );
    for (const [i, folder] of folders.entries()) {
      const alone = await openRun(tinySera({ rounds: 2, seed: i + 1 }), await tinyInput(programs), {
        folder: emptyFolder(test),
      });
      assert.deepEqual(resultsIn(folder), resultsIn(alone.folder), `seed ${i + 1}`);
    }
  });

  it("requires validation pairs that are not held-out pairs to choose the best parameters", async (test) => {
    const choosing = dpo({ evaluateEvery: 1, keepBestBy: "eval_loss" });
    const heldOut = { pairs: randomPairs(3, Random.seeded(4)) };
    const opened = async (changed: object) =>
      openRun(choosing, await tinyInput(programs, { heldOut, ...changed }), { folder: emptyFolder(test) });
    await assert.rejects(opened({}), { message: /choose by validation pairs; pass `validation`/ });
    await assert.rejects(
      opened({ validation: [...heldOut.pairs.slice(0, 1), ...renamed(randomPairs(2, Random.seeded(5)))] }),
      {
        message: /1 of the 3 validation pairs are held-out pairs too/,
      },
    );
    await opened({ validation: randomPairs(3, Random.seeded(5)) });
  });

  it("scores the reference only if the loss uses it", async (test) => {
    const scored = async (method: Method) => {
      const folder = emptyFolder(test);
      const { summary } = await openRun(method, await tinyInput(programs), { folder });
      return [
        readdirSync(join(folder, "iteration-0")).includes("reference.jsonl"),
        summary.iterations[0]!.seconds.scoring > 0,
      ];
    };
    assert.deepEqual(await scored(dpo()), [true, true]);
    assert.deepEqual(await scored(dpo({ loss: "simpo", beta: 2 })), [false, false]);
    assert.deepEqual(await scored(dpo({ loss: "orpo" })), [false, false]);
  });

  it("starts a moving reference from the reference model, not from the policy that the iteration begins with", async (test) => {
    const lossesOf = async (own: object) => {
      const losses: number[] = [];
      const onStep = ({ iteration, loss }: LoggedStep) => void (iteration === 2 && losses.push(Number(loss)));
      await openRun(
        tinySera({ rounds: 2, select: 1, bootstrap: 0, ...own }),
        await tinyInput(programs),
        { folder: emptyFolder(test) },
        { onStep },
      );
      return losses;
    };
    const fixed = await lossesOf({});
    assert.ok(Math.abs(fixed[0]! - Math.LN2) > 1e-3);
    // The reference would move only after more steps than there are.
    assertClose(await lossesOf({ referenceEvery: 1000 }), fixed, 2e-5);
    assertClose((await lossesOf({ referenceEvery: 1000, reference: "previous" })).slice(0, 1), [Math.LN2], 1e-6);
  });

  it("counts the scoring time of reference scores that are reused from another run", async (test) => {
    const referenceCache = emptyFolder(test);
    const seconds = async (seed: number) => {
      const { summary } = await openRun(dpo({ seed }), await tinyInput(programs, { referenceCache }), {
        folder: emptyFolder(test),
      });
      return summary.iterations[0]!.seconds.scoring;
    };
    await seconds(1);
    const [file] = readdirSync(referenceCache);
    const kept = JSON.parse(readFileSync(join(referenceCache, file!), "utf8")) as { readonly seconds: number };
    const second = await seconds(2);
    assert.ok(second > kept.seconds - 1e-3, `${second} s, where scoring took ${kept.seconds} s`);
  });

  it("refuses a folder that contains files but no run, and leaves the files unchanged", async (test) => {
    for (const name of ["metrics.jsonl", "pairs.jsonl", "iteration-1", "config.json"]) {
      const folder = emptyFolder(test);
      writeFileSync(join(folder, name), "mine");
      await assert.rejects(async () => openRun(dpo(), await tinyInput(programs), { folder }), {
        name: "InputError",
        message: new RegExp(`has ${name} but no run\\.json: .* or the file is something else's\\. Use another folder`),
      });
      assert.equal(readFileSync(join(folder, name), "utf8"), "mine");
    }
    const folder = emptyFolder(test);
    writeFileSync(join(folder, "notes.txt"), "mine");
    const refused = {
      name: "InputError",
      message: `${folder}: not the folder of a run, and not empty: it has notes.txt; use another folder, such as ${join(folder, "run")}`,
    };
    await assert.rejects(async () => openRun(dpo(), await tinyInput(programs), { folder }), refused);
    assert.deepEqual(readdirSync(folder), ["notes.txt"]);
    // Files left by file managers and locks do not count.
    renameSync(join(folder, "notes.txt"), join(folder, ".DS_Store"));
    await openRun(dpo(), await tinyInput(programs), { folder });
  });

  it("starts in a folder with a temporary file of a killed process, and removes that file", async (test) => {
    const folder = emptyFolder(test);
    writeFileSync(join(folder, "run.json.31e304fe-9b4a-49a3-be3a-cd1ac1405a0e.tmp"), "{");
    await openRun(dpo(), await tinyInput(programs), { folder });
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith(".tmp")),
      [],
    );
    // A user's own .tmp file is not taken for one.
    const own = emptyFolder(test);
    writeFileSync(join(own, "notes.tmp"), "mine");
    await assert.rejects(
      async () => openRun(dpo(), await tinyInput(programs), { folder: own }),
      /not empty: it has notes\.tmp/,
    );
  });

  it("refuses a judge that would label nothing, and SFT options without demonstrations", async (test) => {
    inEmptyFolder(test);
    const refuses = async (method: Method, input: object, message: RegExp) =>
      assert.rejects(async () => openRun(method, await tinyInput(programs, input)), { name: "InputError", message });
    const judge = textJudge("mine", () => 1);
    await refuses(dpo(), { judge }, /^`judge`: the method "dpo" labels nothing with a judge; leave it out/);
    await refuses(tinySera(), { judge }, /^`judge`: the method "sera" labels nothing with a judge/);
    // Also if the value is the default.
    await refuses(
      dpo({ sftEpochs: 3 }),
      {},
      /^`sftEpochs`: there is nothing to fine-tune the start on; pass `demonstrations`/,
    );
    await refuses(sera({ ...quick, rounds: 2 })({ sftBatchSize: 4 }), {}, /^`sftBatchSize`: there is nothing/);
    assert.deepEqual(readdirSync("."), []);
    assert.deepEqual(
      [curryDpo(), iterativeDpo(), sera({ labelBy: "judge" }), dice({ labelBy: "judge" }), sera(), direct()].map(
        (recipe) => recipe().labelsWithJudge,
      ),
      [true, true, true, true, false, false],
    );
  });

  it("reports how many held-out prompts are prompts of training pairs", async (test) => {
    const notes: string[] = [];
    const reporter = { start: () => ({ update() {}, finish() {} }), note: (text: string) => void notes.push(text) };
    const input = await tinyInput(programs);
    const prompts = [...input.pairs.slice(0, 2), ...renamed(randomPairs(2, Random.seeded(9)))];
    const heldOut = { pairs: [], prompts, gold: () => 0 };
    await openRun(dpo(), { ...input, heldOut }, { folder: emptyFolder(test) }, { reporter });
    assert.ok(notes.includes("2 of the 4 held-out prompts are prompts of training pairs too"), notes.join("\n"));
  });

  it("reports how many validation pairs are also training pairs and which evaluation was best, and keeps that model", async (test) => {
    const notes: string[] = [];
    const reporter = { start: () => ({ update() {}, finish() {} }), note: (text: string) => void notes.push(text) };
    const input = await tinyInput(programs);
    const validation = [...input.pairs.slice(0, 3), ...renamed(randomPairs(2, Random.seeded(9)))];
    const constant = { rounds: 3, learningRate: 5e-2, schedule: "constant", warmup: 0 };
    const method = dpo({ ...constant, evaluateEvery: 1, keepBestBy: "eval_loss" });
    const folder = emptyFolder(test);
    const { summary } = await openRun(
      method,
      { ...input, validation, heldOut: { pairs: randomPairs(2, Random.seeded(8)) } },
      { folder },
      { reporter },
    );
    assert.deepEqual(
      notes.filter((note) => note.includes("training pairs")),
      ["3 of the 5 validation pairs are training pairs too"],
    );
    const rows = readFileSync(join(folder, "metrics.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, number>);
    const best = rows.reduce((a, b) => (b["eval_loss"]! < a["eval_loss"]! ? b : a));
    assert.equal(rows.length, 6);
    assert.deepEqual(summary.iterations[1]!.kept, {
      step: best["step"],
      metric: "eval_loss",
      value: best["eval_loss"],
    });
    assert.equal(summary.iterations[0]!.kept, undefined);
    assert.ok(best["step"]! < rows.length, "the last step is the best");
    const ended = await openRun(dpo({ ...constant, maxSteps: best["step"] }), input, { folder: emptyFolder(test) });
    const weights = "iteration-1/model/model.safetensors";
    assert.equal(resultsIn(folder)[weights], resultsIn(ended.folder)[weights]);
  });

  it("names the user's function that threw", async (test) => {
    inEmptyFolder(test);
    const broken = () => {
      throw new RangeError("no");
    };
    const labelBy = { name: "broken labeller", version: "1", label: broken };
    const selectBy = { name: "broken rule", version: "1", select: broken };
    const pairBy = { name: "broken pairing", version: "1", pair: broken };
    const columns = { name: "broken columns", version: "1", of: broken };
    const fails = async (method: Method, input: object, message: string) =>
      assert.rejects(
        async () => openRun(method, await tinyInput(programs, input)),
        (error: Error) => {
          assert.deepEqual([error.name, error.message], ["InputError", message]);
          assert.ok(error.cause instanceof RangeError);
          return true;
        },
      );
    await fails(tinySera({ labelBy }), {}, 'labelBy: the labeller "broken labeller" threw RangeError: no');
    await fails(tinySera({ selectBy }), {}, 'selectBy: the rule "broken rule" threw RangeError: no');
    await fails(tinySera({ pairBy }), {}, 'pairBy: the rule "broken pairing" threw RangeError: no');
    await fails(dpo(), { columns }, 'columns: the rule "broken columns" threw RangeError: no');
    await fails(
      dpo(),
      { evaluate: { identity: "broken", evaluate: broken } },
      "evaluate: your function for iteration 0 threw RangeError: no",
    );
  });

  it("refuses an invalid folder or redoFrom", async (test) => {
    const folder = emptyFolder(test);
    await openRun(dpo(), await tinyInput(programs), { folder });
    const refuses = async (place: object, message: RegExp) =>
      assert.rejects(async () => openRun(dpo(), await tinyInput(programs), place), { name: "InputError", message });
    await refuses({ folder: "" }, /^folder: found "", expected a path/);
    await refuses({ folder: null }, /^folder: found null, expected a path/);
    await refuses({ folder, redoFrom: 3 }, /^redoFrom: found 3, expected at most 2, with which the run goes on/);
    await refuses({ folder, redoFrom: "1" }, /^redoFrom: found "1", expected the number of an iteration/);
  });

  it("does not count evaluations as training time", async (test) => {
    const folder = emptyFolder(test);
    const evaluate = {
      identity: "slow",
      evaluate: async () => (await new Promise((resolve) => setTimeout(resolve, 400)), { one: 1 }),
    };
    const method = dpo({ evaluateEvery: 1 });
    const { summary } = await openRun(
      method,
      await tinyInput(programs, { evaluate, heldOut: { pairs: randomPairs(200, Random.seeded(6)) } }),
      { folder },
    );
    const { training, evaluation } = summary.iterations[1]!.seconds;
    assert.ok(evaluation > 0.4 && training < evaluation, `${training} s of training, ${evaluation} s of evaluation`);
  });
});
