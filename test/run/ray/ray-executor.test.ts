import assert from "node:assert/strict";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
import { Random } from "../../../src/base/random.js";
import { Run } from "../../../src/cells/run.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../../src/engine/program-cache.js";
import { direct, sapo } from "../../../src/methods/index.js";
import { responseName } from "../../../src/model/generation/generate.js";
import { initialLora } from "../../../src/model/parameters/lora/lora.js";
import type { RunControls, RunInput } from "../../../src/run/input.js";
import { openRun } from "../../../src/run/open-run.js";
import { LocalExecutor } from "../../../src/run/local-executor.js";
import { Cluster } from "../../../src/run/ray/cluster.js";
import { ray } from "../../../src/run/ray/ray.js";
import { RayExecutor } from "../../../src/run/ray/ray-executor.js";
import { resolveRaySettings, type RaySettings } from "../../../src/run/ray/settings.js";
import { emptyFolder } from "../../support/folder.js";
import { RayServer } from "../../support/ray-server.js";
import { plenty, rayWorker } from "../../support/ray-worker.js";
import { byteTokenizer, randomPairs, randomSequences, tinyConfig, tinyPolicy } from "../../support/tiny-model.js";
import { resultsIn, tinyInput, tinySera } from "../../support/tiny-run.js";

const programs = new ProgramCache(new OnnxEngine({ threads: 1 }));
after(() => programs.engine.close());

const rows = (folder: string, name: string): any[] =>
  readFileSync(join(folder, name), "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));

/** A cluster with its server, its storage and the executor for a run on it. */
async function cluster(test: TestContext, work = rayWorker(programs), own: Partial<RaySettings> = {}) {
  const server = await RayServer.start(test, work);
  const storage = emptyFolder(test);
  return { server, storage, on: ray({ address: server.address, storage, patience: 1, ...own }) };
}

/** Asserts that the numbers of two runs are equal up to float noise, which grows with them. */
function assertNear(found: readonly any[], expected: readonly any[], names: readonly string[]): void {
  assert.equal(found.length, expected.length);
  for (const [i, row] of found.entries())
    for (const name of names)
      assert.ok(
        Math.abs(row[name] - expected[i][name]) < 1e-5 * Math.max(1, Math.abs(expected[i][name])),
        `row ${i}: ${name} ${row[name]}, expected ${expected[i][name]}`,
      );
}

const dpo = (own: object = {}) =>
  direct({ batchSize: 4, learningRate: 1e-2, maxNewTokens: 4, rounds: 1, seed: 1, ...own })();

describe("a run on a Ray cluster", () => {
  it("has the same steps, margins and kept pairs as a local run", async (test) => {
    const [here, there] = [emptyFolder(test), emptyFolder(test)];
    const { server, on } = await cluster(test);
    const heldOut = { pairs: randomPairs(4, Random.seeded(9)) };
    await openRun(tinySera({ rounds: 2 }), await tinyInput(programs, { heldOut }), { folder: here });
    await openRun(tinySera({ rounds: 2 }), await tinyInput(programs, { heldOut, on }), { folder: there });
    const first = (folder: string) => rows(folder, "metrics.jsonl").filter(({ iteration }) => iteration === 1);
    assert.ok(first(there).length > 0);
    assertNear(first(there), first(here), [
      "step",
      "epoch",
      "loss",
      "grad_norm",
      "learning_rate",
      "num_tokens",
      "rewards/margins",
      "logps/chosen",
      "logps/rejected",
    ]);
    assertNear(rows(there, "iteration-1/held-out.jsonl"), rows(here, "iteration-1/held-out.jsonl"), [
      "chosen",
      "rejected",
    ]);
    assertNear(rows(there, "iteration-2/margins.jsonl"), rows(here, "iteration-2/margins.jsonl"), [
      "margin",
      "ensemble",
    ]);
    assert.deepEqual(
      rows(there, "iteration-2/margins.jsonl").map(({ id, kept }) => [id, kept]),
      rows(here, "iteration-2/margins.jsonl").map(({ id, kept }) => [id, kept]),
    );
    // Only the fields of a step that the library knows are kept.
    assert.deepEqual(Object.keys(first(there)[0]), Object.keys(first(here)[0]));
    assert.deepEqual(
      server.of("train").map(({ status }) => status),
      ["SUCCEEDED", "SUCCEEDED"],
    );
    const run = await Run.open(there);
    assert.equal(run.iterations.length, 3);
    assert.equal(run.iteration(2).margins.numRows(), 8);
    await (await run.policy()).free();
  });

  it("trains an adapter on a base model that is put in the storage only once", async (test) => {
    const lora = { rank: 2, alpha: 4, targets: ["q_proj", "down_proj"] };
    const start = async () => {
      const base = await tinyPolicy(programs);
      const policy = await base.withAdapter(lora, initialLora(tinyConfig, lora, Random.seeded(5)));
      await base.free();
      return policy;
    };
    const [here, there] = [emptyFolder(test), emptyFolder(test)];
    const { server, storage, on } = await cluster(test);
    await openRun(dpo(), await tinyInput(programs, { start: await start() }), { folder: here });
    await openRun(dpo(), await tinyInput(programs, { start: await start(), on }), { folder: there });
    assertNear(rows(there, "metrics.jsonl"), rows(here, "metrics.jsonl"), ["loss", "rewards/margins"]);
    const bases = () =>
      ["train", "score"].flatMap((verb) =>
        server.of(verb).map(({ entrypoint }): string => {
          const [stage] = /(train|score)-\w+/.exec(entrypoint)!;
          return JSON.parse(readFileSync(join(storage, stage, "request.json"), "utf8")).base;
        }),
      );
    const [base] = bases();
    assert.match(base!, /^models\/base-/);
    const run = await Run.open(there, await start());
    const policy = await run.policy();
    assert.equal(policy.config.adapter?.rank, 2);
    await policy.free();

    const written = () => {
      const { ino, mtimeMs } = statSync(join(storage, base!, "model.safetensors"));
      return [ino, mtimeMs];
    };
    const [before, jobs] = [written(), bases().length];
    const input = await tinyInput(programs, { start: await start(), on });
    await openRun(dpo({ seed: 2 }), input, { folder: emptyFolder(test) });
    assert.ok(bases().length > jobs);
    assert.deepEqual(new Set(bases()), new Set([base]));
    assert.deepEqual(written(), before);
  });

  it("reuses results in the storage and ends with the same bytes", async (test) => {
    const { server, on } = await cluster(test);
    const [first, second] = [emptyFolder(test), emptyFolder(test)];
    await openRun(tinySera({ rounds: 2 }), await tinyInput(programs, { on }), { folder: first });
    const done = server.jobs.size;
    await openRun(tinySera({ rounds: 2 }), await tinyInput(programs, { on }), { folder: second });
    assert.deepEqual(resultsIn(second), resultsIn(first));
    // It only checks the cluster again.
    assert.equal(server.jobs.size, done + 1);
  });

  it("stops the job when it is interrupted, and resumes with the same bytes", async (test) => {
    const [whole, stopped] = [emptyFolder(test), emptyFolder(test)];
    await openRun(dpo({ rounds: 3 }), await tinyInput(programs, { on: (await cluster(test)).on }), { folder: whole });
    const abort = new AbortController();
    // The third step never ends unless the job does.
    let waits = true;
    const slow = rayWorker(programs, plenty, (step, signal) =>
      waits && step === 3 ? new Promise((resolve) => signal.addEventListener("abort", () => resolve())) : undefined,
    );
    const { server, on } = await cluster(test, slow);
    const controls: RunControls = {
      signal: abort.signal,
      onStep: ({ step }) => void (step === 2 && abort.abort(new Error("enough"))),
    };
    await assert.rejects(
      openRun(dpo({ rounds: 3 }), await tinyInput(programs, { on }), { folder: stopped }, controls),
      /^Error: enough$/,
    );
    assert.deepEqual(
      server.of("train").map(({ status }) => status),
      ["STOPPED"],
    );
    waits = false;
    await openRun(dpo({ rounds: 3 }), await tinyInput(programs, { on }), { folder: stopped });
    assert.deepEqual(
      server.of("train").map(({ status }) => status),
      ["STOPPED", "SUCCEEDED"],
    );
    assert.deepEqual(resultsIn(stopped), resultsIn(whole));
  });

  it("stops the job if it fails locally", async (test) => {
    const endless = rayWorker(programs, plenty, (step, signal) =>
      step === 3 ? new Promise((resolve) => signal.addEventListener("abort", () => resolve())) : undefined,
    );
    const { server, on } = await cluster(test, endless);
    const onStep = () => {
      throw new Error("a full disk");
    };
    await assert.rejects(
      async () =>
        openRun(dpo({ rounds: 3 }), await tinyInput(programs, { on }), { folder: emptyFolder(test) }, { onStep }),
      /^Error: a full disk$/,
    );
    assert.deepEqual(
      server.of("train").map(({ status }) => status),
      ["STOPPED"],
    );
  });

  it("shows the log of a failed job, and can be resumed", async (test) => {
    let fails = true;
    const failing = rayWorker(programs, plenty, () => {
      if (fails)
        throw new Error(
          "\u001b[36mray.exceptions.ActorDiedError\u001b[39m: The actor died unexpectedly before finishing this task: the worker's node was lost.",
        );
    });
    const { server, on } = await cluster(test, failing);
    const folder = emptyFolder(test);
    await assert.rejects(
      async () => openRun(dpo(), await tinyInput(programs, { on }), { folder }),
      (error: Error) => {
        assert.equal(error.name, "InputError");
        assert.match(
          error.message,
          /the job sera-train-\w+-1 failed: Job entrypoint command failed with exit code 1\n {2}Traceback \(most recent call last\):\n {2}ray\.exceptions\.ActorDiedError: The actor died/,
        );
        return true;
      },
    );
    fails = false;
    await openRun(dpo(), await tinyInput(programs, { on }), { folder });
    assert.deepEqual(
      server.of("train").map(({ id }) => id.slice(-2)),
      ["-1", "-2"],
    );
  });

  it("throws a DivergenceError if the loss is not a number", async (test) => {
    const diverging: typeof rayWorker = (...args) => {
      const work = rayWorker(...args);
      return async (entrypoint, signal) => {
        if (entrypoint.verb !== "train") return work(entrypoint, signal);
        writeFileSync(
          join(entrypoint.storage, entrypoint.stage, "steps.jsonl"),
          `${JSON.stringify({ step: 1, loss: null, grad_norm: null, learning_rate: 0.01, num_tokens: 5 })}\n`,
        );
        writeFileSync(join(entrypoint.storage, entrypoint.stage, "result.json"), "{}");
      };
    };
    const { on } = await cluster(test, diverging(programs));
    await assert.rejects(
      async () => openRun(dpo(), await tinyInput(programs, { on }), { folder: emptyFolder(test) }),
      /^DivergenceError: training diverged at step 1: loss NaN/,
    );
  });

  it("refuses what TRL cannot train before it submits a job", async (test) => {
    const { server, on } = await cluster(test);
    const input = await tinyInput(programs, { on });
    const begun = (method: ReturnType<typeof dpo>, changed: Partial<RunInput> = {}) =>
      openRun(method, { ...input, ...changed }, { folder: emptyFolder(test) });
    await assert.rejects(
      begun(dpo({ loss: "simpo" })),
      /^InputError: loss: TRL, which trains on the cluster, has no simpo/,
    );
    await assert.rejects(
      begun(sapo({ segment: 2, bufferSize: 8, batchSize: 4, rounds: 1 })()),
      /^InputError: the method sapo makes pairs while it trains/,
    );
    await assert.rejects(begun(dpo({ emaDecay: 0.9 })), /^InputError: emaDecay: not there on a cluster/);
    await assert.rejects(
      begun(dpo(), { pairs: input.pairs.map((pair) => ({ ...pair, columns: { weight: 2 } })) }),
      /^InputError: pair 1: the column "weight"/,
    );
    await assert.rejects(
      begun(dpo(), { demonstrations: [{ id: "1", prompt: Int32Array.of(1), response: Int32Array.of(2) }] }),
      /^InputError: demonstrations:/,
    );
    assert.equal(server.jobs.size, 0);
  });

  it("is a different run from a local one", async (test) => {
    const folder = emptyFolder(test);
    const { on } = await cluster(test);
    await openRun(dpo(), await tinyInput(programs), { folder });
    await assert.rejects(
      async () => openRun(dpo(), await tinyInput(programs, { on }), { folder }),
      /holds another run/,
    );
  });
});

describe("RayExecutor", () => {
  async function executors(test: TestContext) {
    const { server, storage } = await cluster(test);
    const start = await tinyPolicy(programs);
    const there = await Cluster.connect(resolveRaySettings({ address: server.address, storage }), {});
    const model = { folder: join(emptyFolder(test), "model") };
    await start.save(model.folder);
    return {
      server,
      storage,
      model,
      remote: new RayExecutor(there, start, programs.memory),
      local: new LocalExecutor(start, programs.memory),
    };
  }

  it("returns the same token log-probabilities as the local executor", async (test) => {
    const { remote, local, model } = await executors(test);
    const sequences = randomSequences(5, Random.seeded(2));
    const [found, expected] = [
      await remote.tokenLogProbs(model, sequences),
      await local.tokenLogProbs(model, sequences),
    ];
    assert.deepEqual(
      found.map(({ length }) => length),
      expected.map(({ length }) => length),
    );
    found.forEach((values, i) => values.forEach((value, t) => assert.ok(Math.abs(value - expected[i]![t]!) < 1e-5)));
  });

  it("samples in batches and skips responses that are already known", async (test) => {
    const { remote, model } = await executors(test);
    const requests = randomSequences(3, Random.seeded(2)).map(({ prompt }, i) => ({
      key: `${i}`,
      prompt,
      responses: 2,
    }));
    const options = { maxNewTokens: 3, batchSize: 4 };
    const drawn = async (known: ReadonlySet<string> = new Set()) => {
      const batches = [];
      for await (const batch of remote.samples(model, requests, Random.seeded(1), { ...options, known }))
        batches.push(batch);
      return batches;
    };
    const all = await drawn();
    assert.deepEqual(
      all.map(({ length }) => length),
      [4, 2],
    );
    assert.deepEqual(
      all.flat().map(({ request, number }) => [request, number]),
      [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
        [2, 0],
        [2, 1],
      ],
    );
    const kept = new Set(all[0]!.map(({ request, number }) => responseName(`${request}`, number)));
    assert.deepEqual(await drawn(kept), all.slice(1));
    for (const { tokens, complete } of all.flat())
      assert.equal(complete, byteTokenizer.stopIds.includes(tokens.at(-1)!));
  });

  it("refuses incomplete results, and computes them again once their folder is removed", async (test) => {
    const { remote, model, storage, server } = await executors(test);
    const sequences = randomSequences(5, Random.seeded(2));
    await remote.logProbs(model, sequences);
    const stage = /(score-\w+)/.exec(server.of("score")[0]!.entrypoint)![1]!;
    writeFileSync(join(storage, stage, "scores.jsonl"), "[1]\n");
    await assert.rejects(remote.logProbs(model, sequences), /found 1 results, expected 5; remove the folder/);
    rmSync(join(storage, stage), { recursive: true });
    assert.equal((await remote.logProbs(model, sequences)).length, 5);
  });
});
