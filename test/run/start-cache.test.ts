import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
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

/** The responses of a run's start to the held-out prompts. */
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

/** The file of a cache that has responses. */
const responsesIn = (cache: string) =>
  readdirSync(cache)
    .map((name) => join(cache, name))
    .filter((file) => "responses" in (JSON.parse(readFileSync(file, "utf8")) as object));

describe("the cache of a run's start", () => {
  it("leaves the results as they are without it", async (test) => {
    const cache = emptyFolder(test);
    const without = await respondedIn(test, undefined);
    for (const { path } of [await respondedIn(test, cache), await respondedIn(test, cache)])
      assert.deepEqual(resultsIn(path), resultsIn(without.path));
  });

  it("gives a run the responses that another run's start has sampled, if nothing differs that they depend on", async (test) => {
    const cache = emptyFolder(test);
    const sampled = await respondedIn(test, cache);
    const [file] = responsesIn(cache);
    // A text that only the file has shows that it was read.
    const texts = ["cached", ...sampled.texts.slice(1)];
    writeFileSync(file!, JSON.stringify({ ...(JSON.parse(readFileSync(file!, "utf8")) as object), responses: texts }));
    assert.deepEqual((await respondedIn(test, cache, { beta: 0.7 })).texts, texts);
    const others = [
      await respondedIn(test, cache, { seed: 5 }),
      await respondedIn(test, cache, { maxNewTokens: 3 }),
      await respondedIn(test, cache, {}, pairs.toReversed()),
    ];
    assert.ok(others.every(({ texts }) => !texts.includes("cached")));
    assert.equal(responsesIn(cache).length, 4);
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
      "answer held-out prompts",
      "score held-out pairs",
      "score under the reference",
    ]);
  });

  it("counts the seconds of sampling in each run", async (test) => {
    const cache = emptyFolder(test);
    await respondedIn(test, cache);
    const [file] = responsesIn(cache);
    writeFileSync(file!, JSON.stringify({ ...(JSON.parse(readFileSync(file!, "utf8")) as object), seconds: 1000 }));
    const folder = await RunFolder.open((await respondedIn(test, cache)).path);
    const { iterations } = await folder.readJson(runLayout.summary);
    assert.ok(iterations[0]!.seconds.evaluation > 999);
  });
});
