import assert from "node:assert/strict";
import { after, describe, it, type TestContext } from "node:test";
import { Random } from "../../src/base/random.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import * as methods from "../../src/methods/index.js";
import { responseLogProbs } from "../../src/model/scoring/score.js";
import { runLayout } from "../../src/run/folder/layout.js";
import { RunFolder } from "../../src/run/folder/run-folder.js";
import { openRun } from "../../src/run/open-run.js";
import { assertClose } from "../support/compare.js";
import { emptyFolder } from "../support/folder.js";
import { byteTokenizer, randomPairs, randomSequences, tinyPolicy } from "../support/tiny-model.js";
import { resultsIn, tinyInput } from "../support/tiny-run.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

const demonstrations = randomSequences(12, Random.seeded(4)).map((own, i) => ({ id: `demonstration ${i}`, ...own }));
const shared = { learningRate: 1e-2, maxNewTokens: 6, seed: 1, rounds: 2, beta: 0.5 };

async function run(test: TestContext, own: Parameters<typeof methods.aihf>[0] = {}, given: object = {}) {
  const method = methods.aihf(own)(shared);
  const { folder: path, summary } = await openRun(method, await tinyInput(programs, { demonstrations, ...given }), {
    folder: emptyFolder(test),
  });
  const folder = await RunFolder.open(path);
  return { method, path, summary, folder, steps: await folder.readRows(runLayout.metrics) };
}

/** Mean −log π of a demonstration's token under the model that runs begin from. */
async function likelihood(): Promise<number> {
  const policy = await tinyPolicy(programs);
  const logProbs = await responseLogProbs(policy, demonstrations);
  await policy.free();
  return -logProbs.reduce((a, b) => a + b) / demonstrations.reduce((sum, { response }) => sum + response.length, 0);
}

describe("aihf", () => {
  it("begins at w₂ ln 2 + w₁ times the mean negative log-likelihood of a token, whatever the set sizes", async (test) => {
    const nll = await likelihood();
    for (const [demonstrationWeight, pairWeight] of [
      [1, 1],
      [0.5, 3],
    ] as const) {
      const { steps, summary } = await run(test, { demonstrationWeight, pairWeight, batchSize: 20 });
      assertClose([Number(steps[0]!.loss)], [pairWeight * Math.LN2 + demonstrationWeight * nll], 1e-4);
      assert.deepEqual([summary.method, summary.loss, summary.iterations[1]!.pairsSeen], ["aihf", "aihf", 40]);
      assert.ok(
        steps.every(({ phase }) => phase === "align"),
        "the start is not fine-tuned on them first",
      );
    }
  });

  it("has a different name from the direct method with the loss of its name", () => {
    for (const name of ["aihf", "irepo"] as const) {
      const [own, loss] = [methods[name]()(shared), methods.direct({ loss: name })(shared)];
      assert.deepEqual([own.name, loss.name], [name, `direct-${name}`]);
    }
  });

  it("has the same mean loss in small batches as in one large batch", async (test) => {
    const whole = await run(test, { batchSize: 20, rounds: 1, learningRate: 1e-9 });
    const parts = await run(test, { batchSize: 5, rounds: 1, learningRate: 1e-9 });
    const mean = parts.steps.reduce((sum, { loss }) => sum + Number(loss), 0) / parts.steps.length;
    assertClose([mean], [Number(whole.steps[0]!.loss)], 1e-4);
  });

  it("evaluates validation pairs by the loss of pairs only", async (test) => {
    const validation = randomPairs(4, Random.seeded(8));
    const { steps } = await run(test, { batchSize: 20, evaluateEvery: 1, learningRate: 1e-9 }, { validation });
    assertClose([Number(steps[0]!.eval_loss)], [Math.LN2], 1e-3);
  });

  it("pairs demonstrations with its own responses in self-play, weighted as demonstrations", async (test) => {
    const { steps, folder, summary } = await run(test, { selfPlay: true, demonstrationWeight: 2, batchSize: 20 });
    for (const t of [1, 2]) {
      const made = await folder.readRows(runLayout.iteration(t).bootstrapped);
      const byId = new Map(demonstrations.map((own) => [own.id, own]));
      for (const { id, chosen } of made) assert.equal(chosen, byteTokenizer.decode(byId.get(id)!.response));
      assert.equal(summary.iterations[t]!.pairsBootstrapped, made.length);
      // The reference is the policy that the round begins with.
      const first = steps.find(({ iteration, step }) => iteration === t && step === 1)!;
      assertClose([Number(first.loss)], [3 * Math.LN2], 1e-4);
    }
    assert.equal(summary.loss, "dpo");
  });

  it("ends with the same bytes after an interruption, with and without self-play", async (test) => {
    for (const own of [{ batchSize: 4 }, { batchSize: 4, selfPlay: true }]) {
      const whole = await run(test, own);
      const folder = emptyFolder(test);
      const abort = new AbortController();
      const onStep = ({ step }: { step: number }) => void (step === 3 && abort.abort(new Error("stopped")));
      const input = () => tinyInput(programs, { demonstrations });
      await assert.rejects(openRun(whole.method, await input(), { folder }, { signal: abort.signal, onStep }), {
        message: "stopped",
      });
      await openRun(whole.method, await input(), { folder });
      assert.deepEqual(resultsIn(folder), resultsIn(whole.path));
    }
  });

  it("refuses missing demonstrations or pairs, fine-tuning options and invalid weights before anything is trained", async (test) => {
    const open = async (own: object, given: object) =>
      openRun(
        methods.aihf()({ ...shared, ...own }),
        await tinyInput(programs, given),
        { folder: emptyFolder(test) },
        { onStep: () => assert.fail("a step was taken") },
      );
    await assert.rejects(open({}, {}), {
      name: "InputError",
      message: "this method trains on demonstrations beside the pairs; pass `demonstrations`",
    });
    await assert.rejects(open({}, { demonstrations, pairs: [] }), {
      name: "InputError",
      message: /^this method trains on pairs and demonstrations, and there are no pairs/,
    });
    assert.throws(() => methods.aihf({ sftEpochs: 2 } as object)(), {
      name: "InputError",
      message: /^`sftEpochs` is not an option of aihf/,
    });
    assert.throws(() => methods.aihf({ demonstrationWeight: 0 })(), {
      message: "demonstrationWeight: found 0, expected a number above 0, at most 1000000",
    });
    for (const odd of [-1, 1e308])
      assert.throws(() => methods.aihf({ pairWeight: odd })(), {
        name: "InputError",
        message: `pairWeight: found ${odd}, expected a number above 0, at most 1000000`,
      });
    const repeating = demonstrations.map((own) => ({ ...own, response: Int32Array.of(byteTokenizer.eosId) }));
    await openRun(methods.aihf()(shared), await tinyInput(programs, { demonstrations: repeating }), {
      folder: emptyFolder(test),
    });
  });
});
