import assert from "node:assert/strict";
import { appendFileSync, cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { Random } from "../../src/base/random.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { defineMethod } from "../../src/methods/define-method.js";
import { spo } from "../../src/methods/index.js";
import { runLayout } from "../../src/run/folder/layout.js";
import { RunFolder } from "../../src/run/folder/run-folder.js";
import type { RunInput } from "../../src/run/input.js";
import type { Method } from "../../src/run/method.js";
import { openRun } from "../../src/run/open-run.js";
import { emptyFolder } from "../support/folder.js";
import { randomPairs, tinyPolicy } from "../support/tiny-model.js";
import { resultsIn, tinyInput, tinySera } from "../support/tiny-run.js";

const programs = new ProgramCache(new OnnxEngine({ threads: 1 }));
after(() => programs.engine.close());

/** Runs a method, and returns the iterations whose training was copied. */
async function runIn(folder: string, method: Method, changed: Partial<RunInput> = {}) {
  const copied: string[] = [];
  const rows: number[] = [];
  const shown: string[] = [];
  const note = (text: string) => copied.push(...(/^(.+): copied from/.exec(text)?.slice(1) ?? []));
  const controls = {
    reporter: {
      start: (label: string) => ({ update: (done: number) => void shown.push(`${label}: ${done}`), finish() {} }),
      note,
    },
    onStep: ({ iteration }: { readonly iteration: number }) => void rows.push(iteration),
  };
  await openRun(method, await tinyInput(programs, changed), { folder }, controls);
  return { copied, rows, shown: shown.filter((text) => text.startsWith("align")) };
}

describe("trainings that runs have in common", () => {
  it("are copied, with the bytes of a run without a cache", async (test) => {
    const [first, second, alone, referenceCache] = [1, 2, 3, 4].map(() => emptyFolder(test)) as [
      string,
      string,
      string,
      string,
    ];
    assert.deepEqual((await runIn(first, tinySera(), { referenceCache })).copied, []);
    const method = tinySera({ bootstrap: 0 });
    const { copied, rows, shown } = await runIn(second, method, { referenceCache });
    assert.deepEqual(copied, ["align 1/3"]);
    assert.deepEqual(shown, ["align 1/3: 2", "align 2/3: 1", "align 3/3: 1"]);
    assert.deepEqual(rows, (await runIn(alone, method)).rows);
    assert.deepEqual(resultsIn(second), resultsIn(alone));
  });

  it("are copied into a run of more iterations, but not where one of its inputs differs", async (test) => {
    const referenceCache = emptyFolder(test);
    const copied = async (method: Method, changed: Partial<RunInput> = {}) =>
      (await runIn(emptyFolder(test), method, { referenceCache, ...changed })).copied;
    const validation = randomPairs(2, Random.seeded(9));
    await copied(tinySera({ rounds: 2 }));
    assert.deepEqual(await copied(tinySera()), ["align 1/3", "align 2/3"]);
    assert.deepEqual(await copied(tinySera({ gamma: 0.9 })), ["align 1/3", "align 2/3"]);
    assert.deepEqual(await copied(tinySera({ select: 0.9 })), ["align 1/3"]);
    const one = (own: Parameters<typeof tinySera>[0] = {}) => tinySera({ rounds: 1, ...own });
    for (const own of [{ seed: 2 }, { beta: 0.7 }, { loss: "ipo" }, { learningRate: 1e-3 }, { batchSize: 2 }] as const)
      assert.deepEqual(await copied(one(own)), [], JSON.stringify(own));
    assert.deepEqual(await copied(one(), { pairs: randomPairs(8, Random.seeded(3)) }), []);
    // ORPO's examples have no log-probabilities of the start by which they would differ.
    await copied(one({ loss: "orpo" }));
    assert.deepEqual(await copied(one({ loss: "orpo" }), { start: await tinyPolicy(programs, 5) }), []);
    const weight = { name: "half", version: "1", of: () => ({ columns: { weight: 0.5 } }) };
    assert.deepEqual(await copied(one(), { columns: weight }), []);
    assert.deepEqual(await copied(one({ evaluateEvery: 1 }), { validation }), []);
    assert.deepEqual(await copied(one({ evaluateEvery: 1, select: 0.9 }), { validation }), ["align 1/1"]);
    assert.deepEqual(await copied(one({ evaluateEvery: 1 }), { validation: validation.toReversed() }), []);
  });

  it("are those of the library's methods only, whose objective is that of their options", async (test) => {
    const referenceCache = emptyFolder(test);
    const run: Method["run"] = async (stages) =>
      stages.align(1, await stages.offlinePairs(), { pairsSelected: 8, pairsBootstrapped: 0, bootstrap: null });
    const own = defineMethod({ name: "own", version: "1", run })()({ batchSize: 4, seed: 1, rounds: 1 });
    const ownObjective = spo()({ batchSize: 4, seed: 1, rounds: 1 });
    for (const method of [own, own, ownObjective, ownObjective])
      assert.deepEqual((await runIn(emptyFolder(test), method, { referenceCache })).copied, [], method.name);
  });

  it("are trained again where the other run's files were removed or changed", async (test) => {
    const { model } = runLayout.iteration(1);
    const damages: ((run: string, cache: string) => void | Promise<void>)[] = [
      (run) => rmSync(run, { recursive: true }),
      (run) => rmSync(join(run, model), { recursive: true }),
      async (run) => {
        // The model is there as it was, but counts no more.
        cpSync(join(run, model), join(run, "kept"), { recursive: true });
        await (await RunFolder.open(run)).redoFrom(1);
        renameSync(join(run, "kept"), join(run, model));
      },
      (run) => appendFileSync(join(run, model, "model.safetensors"), " "),
      (run) => writeFileSync(join(run, "metrics.jsonl"), ""),
      (run) => writeFileSync(join(run, "manifest.json"), "{}"),
      (_, cache) => placesIn(cache).forEach((file) => writeFileSync(file, readFileSync(file).subarray(0, 40))),
    ];
    const alone = emptyFolder(test);
    const method = tinySera({ rounds: 1, gamma: 0.9 });
    await runIn(alone, method);
    for (const damage of damages) {
      const [first, second, referenceCache] = [1, 2, 3].map(() => emptyFolder(test)) as [string, string, string];
      await runIn(first, tinySera({ rounds: 1 }), { referenceCache });
      await damage(first, referenceCache);
      assert.deepEqual((await runIn(second, method, { referenceCache })).copied, [], String(damage));
      assert.deepEqual(resultsIn(second), resultsIn(alone), String(damage));
    }
  });

  it("count the seconds that they took where they were trained", async (test) => {
    const [first, second, referenceCache] = [1, 2, 3].map(() => emptyFolder(test)) as [string, string, string];
    await runIn(first, tinySera({ rounds: 1 }), { referenceCache });
    for (const file of placesIn(referenceCache)) {
      const found = JSON.parse(readFileSync(file, "utf8")) as object;
      writeFileSync(file, JSON.stringify({ ...found, seconds: { training: 1000, evaluation: 200, sampling: 30 } }));
    }
    assert.deepEqual((await runIn(second, tinySera({ rounds: 1, gamma: 0.9 }), { referenceCache })).copied, [
      "align 1/1",
    ]);
    const { iterations } = await (await RunFolder.open(second)).readJson(runLayout.summary);
    const { training, evaluation, sampling } = iterations[1]!.seconds;
    assert.ok(
      training >= 1000 && training < 1100 && evaluation >= 200 && evaluation < 300,
      `${training}, ${evaluation}`,
    );
    assert.equal(sampling, 30);
  });
});

/** The files of a cache that say where a training is found. */
const placesIn = (cache: string) =>
  readdirSync(cache)
    .map((name) => join(cache, name))
    .filter((file) => "run" in (JSON.parse(readFileSync(file, "utf8")) as object));
