import assert from "node:assert/strict";
import { after, describe, it, type TestContext } from "node:test";
import { Random } from "../../../src/base/random.js";
import type { Engine } from "../../../src/engine/engine.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../../src/engine/program-cache.js";
import { TfjsEngine } from "../../../src/engine/tfjs/engine.js";
import { generate } from "../../../src/model/generation/generate.js";
import { responseLogProbs } from "../../../src/model/scoring/score.js";
import { openRun } from "../../../src/run/open-run.js";
import { RunFolder } from "../../../src/run/folder/run-folder.js";
import { runLayout } from "../../../src/run/folder/layout.js";
import type { SeraOptions } from "../../../src/run/options/index.js";
import { seraMethod } from "../../../src/sera.js";
import { assertClose } from "../../support/compare.js";
import { tinyInput } from "../../support/tiny-run.js";
import { dpoSteps } from "../../support/dpo-steps.js";
import { emptyFolder } from "../../support/folder.js";
import { randomSequences, tinyPolicy } from "../../support/tiny-model.js";

/* Typical uses, on both engines. */

const onnx = new ProgramCache(new OnnxEngine({ threads: 1 }));
const tfjs = new ProgramCache(new TfjsEngine({ backend: "wasm" }));
after(() => Promise.all([onnx, tfjs].map(({ engine }: { engine: Engine }) => engine.close())));

/** Asserts that rows of figures have the same names, and numbers within 1e-4. */
function assertSameFigures(found: readonly object[], expected: readonly object[]): void {
  assert.ok(expected.length > 0);
  assert.equal(found.length, expected.length);
  expected.forEach((row, i) => {
    const names = Object.entries(row)
      .filter(([, value]) => typeof value === "number")
      .map(([name]) => name);
    assert.deepEqual(Object.keys(found[i]!), Object.keys(row));
    for (const name of names.filter((name) => !name.includes("econd"))) {
      const [x, y] = [found[i], row].map((figures) => (figures as Record<string, number>)[name]!);
      assertClose([x!], [y!], 1e-4, `${name} of row ${i}`);
    }
  });
}

describe("on tfjs as on ONNX Runtime", () => {
  it("three steps of DPO report the same figures and lead to the same parameters", async () => {
    const train = async (programs: ProgramCache) => dpoSteps(await tinyPolicy(programs), 12, { learningRate: 1e-2 });
    const [found, expected] = [await train(tfjs), await train(onnx)];
    assert.equal(expected.records.length, 3);
    assertSameFigures(found.records, expected.records);
    for (const [name, { data }] of expected.parameters) assertClose(found.parameters.get(name)!.data, data, 1e-4, name);
  });

  it("responses have the same log-probabilities", async () => {
    const score = async (programs: ProgramCache) =>
      responseLogProbs(await tinyPolicy(programs), randomSequences(9, Random.seeded(2)));
    assertClose(await score(tfjs), await score(onnx), 1e-5);
  });

  it("the same tokens are generated, greedily and sampled", async () => {
    for (const temperature of [0, 1]) {
      const write = async (programs: ProgramCache) => {
        const requests = randomSequences(5, Random.seeded(6)).map(({ prompt }, i) => ({
          key: `${i}`,
          prompt,
          responses: 2,
        }));
        const batches = [];
        for await (const batch of generate(await tinyPolicy(programs), requests, Random.seeded(4), {
          temperature,
          maxNewTokens: 8,
        })) {
          batches.push(batch);
        }
        return batches;
      };
      assert.deepEqual(await write(tfjs), await write(onnx));
    }
  });

  it("a SeRA run selects the same pairs, bootstraps the same ones, and logs the same figures", async (test) => {
    const [found, expected] = [await seraRun(tfjs, test), await seraRun(onnx, test)];
    const { margins, bootstrapped } = runLayout.iteration(2);
    const tables = async (folder: RunFolder) => [
      await folder.readRows(runLayout.metrics),
      await folder.readRows(margins),
      await folder.readRows(bootstrapped),
    ];
    const [ofFound, ofExpected] = [await tables(found), await tables(expected)];
    for (const [i, { path: name }] of [runLayout.metrics, margins, bootstrapped].entries()) {
      const [x, y] = [ofFound[i]!, ofExpected[i]!];
      assertSameFigures(x, y);
      const others = (row: object) =>
        Object.entries(row).filter(([, value]) => typeof value !== "number" && !Array.isArray(value));
      assert.deepEqual(x.map(others), y.map(others), name);
    }
  });
});

async function seraRun(programs: ProgramCache, test: TestContext): Promise<RunFolder> {
  const options: Partial<SeraOptions> = {
    ...{ loss: "dpo", beta: 0.1, iterations: 2, select: 0.5, bootstrap: 0.5, responses: 2, gamma: 0.3, seed: 1 },
    ...{ batchSize: 4, learningRate: 1e-2, warmup: 0, maxNewTokens: 4, temperature: 1 },
  };
  const { folder } = await openRun(seraMethod(options), await tinyInput(programs), { folder: emptyFolder(test) });
  return RunFolder.open(folder);
}
