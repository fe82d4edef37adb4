import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { Random } from "../../src/base/random.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import type { Reporter } from "../../src/base/task.js";
import { runLayout } from "../../src/run/folder/layout.js";
import { RunFolder } from "../../src/run/folder/run-folder.js";
import type { RunControls } from "../../src/run/input.js";
import { openRun } from "../../src/run/open-run.js";
import type { SeraOptions } from "../../src/run/options/index.js";
import { seraMethod } from "../../src/sera.js";
import { emptyFolder } from "../support/folder.js";
import { randomPairs } from "../support/tiny-model.js";
import { resultsIn, tinyInput } from "../support/tiny-run.js";

const programs = new ProgramCache(new OnnxEngine({ threads: 1 }));
after(() => programs.engine.close());

const pairs = randomPairs(3, Random.seeded(4));
const gold = (_: number, response: string) => Math.min(1, response.length / 50);

/** Runs SeRA; returns its folder and the start's responses to the held-out prompts. */
async function respondedIn(
  test: TestContext,
  referenceCache: string | undefined,
  own: Partial<SeraOptions> = {},
  heldOut = pairs,
  controls: RunControls = {},
) {
  const { folder: path } = await openRun(
    seraMethod({ batchSize: 4, learningRate: 1e-2, maxNewTokens: 4, iterations: 1, ...own }),
    await tinyInput(programs, { heldOut: { pairs: heldOut, gold }, ...(referenceCache && { referenceCache }) }),
    { folder: emptyFolder(test) },
    controls,
  );
  const folder = await RunFolder.open(path);
  const { responses } = runLayout.iteration(0);
  return { path, texts: (await folder.readRows(responses)).map(({ response }) => response) };
}

/** Replaces fields of the cached object that has a field of this content. */
function changeCached(cache: string, content: Readonly<Record<string, unknown>>, change: object): void {
  const [name, value] = Object.entries(content)[0]!;
  const files = readdirSync(cache)
    .map((file) => join(cache, file))
    .filter((file) => isDeepStrictEqual(read(file)[name], value));
  assert.equal(files.length, 1);
  writeFileSync(files[0]!, JSON.stringify({ ...read(files[0]!), ...change }));
}

const read = (file: string) => JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;

describe("the cache of runs' models", () => {
  it("leaves the results as they are without it", async (test) => {
    const cache = emptyFolder(test);
    const without = await respondedIn(test, undefined, { iterations: 2 });
    for (const { path } of [
      await respondedIn(test, cache, { iterations: 2 }),
      await respondedIn(test, cache, { iterations: 2 }),
    ])
      assert.deepEqual(resultsIn(path), resultsIn(without.path));
  });

  it("gives a run the responses that another run's start has sampled, if nothing differs that they depend on", async (test) => {
    const cache = emptyFolder(test);
    const sampled = await respondedIn(test, cache);
    // A text that only the file has shows that it was read.
    const texts = ["cached", ...sampled.texts.slice(1)];
    changeCached(cache, { responses: sampled.texts }, { responses: texts });
    assert.deepEqual((await respondedIn(test, cache, { beta: 0.7 })).texts, texts);
    const others = [
      await respondedIn(test, cache, { seed: 5 }),
      await respondedIn(test, cache, { maxNewTokens: 3 }),
      await respondedIn(test, cache, {}, pairs.toReversed()),
    ];
    assert.ok(others.every(({ texts }) => !texts.includes("cached")));
  });

  it("gives a run what another run has computed with the same model of an iteration", async (test) => {
    const cache = emptyFolder(test);
    const own = { iterations: 2, responses: 2, select: 0.5, bootstrap: 0.5 };
    const folder = await RunFolder.open((await respondedIn(test, cache, own)).path);
    const [first, second] = [runLayout.iteration(1), runLayout.iteration(2)];
    const texts = (await folder.readRows(first.responses)).map(({ response }) => response);
    changeCached(cache, { responses: texts }, { responses: ["cached", ...texts.slice(1)] });
    const drawn = (await folder.readRows(second.samples)).map(({ writer: _, ...sample }) => sample);
    changeCached(cache, { samples: drawn }, { samples: drawn.map((sample) => ({ ...sample, logProb: -1 })) });
    const other = await RunFolder.open((await respondedIn(test, cache, { ...own, labelBy: "likelihood" })).path);
    assert.equal((await other.readRows(first.responses))[0]!.response, "cached");
    assert.ok(
      (await other.readRows(second.labelledSamples)).every(({ tokens, reward }) => reward === -1 / tokens.length),
    );
    for (const other of [{ temperature: 0.9 }, { beta: 0.7 }]) {
      const unlike = await RunFolder.open((await respondedIn(test, cache, { ...own, ...other })).path);
      assert.ok((await unlike.readRows(second.samples)).every(({ logProb }) => logProb !== -1));
    }
  });

  it("leaves a run as it is without one, if it cannot be written", async (test) => {
    const file = join(emptyFolder(test), "file");
    writeFileSync(file, "");
    const notes: string[] = [];
    const reporter: Reporter = {
      start: () => ({ update: () => {}, finish: () => {} }),
      note: (text) => notes.push(text),
    };
    const { path } = await respondedIn(test, join(file, "cache"), {}, pairs, { reporter });
    assert.deepEqual(resultsIn(path), resultsIn((await respondedIn(test, undefined)).path));
    const told = notes.filter((text) => text.includes("cannot write to the cache"));
    assert.deepEqual(told.map((text) => text.split(":")[0]).sort(), [
      "align 1/1",
      "answer held-out prompts",
      "answer held-out prompts 1/1",
      "score held-out pairs",
      "score held-out pairs 1/1",
      "score under the reference",
    ]);
  });

  it("counts the seconds of sampling in each run", async (test) => {
    const cache = emptyFolder(test);
    const { texts } = await respondedIn(test, cache);
    changeCached(cache, { responses: texts }, { seconds: 1000 });
    const folder = await RunFolder.open((await respondedIn(test, cache)).path);
    const { iterations } = await folder.readJson(runLayout.summary);
    assert.ok(iterations[0]!.seconds.evaluation > 999);
  });
});
