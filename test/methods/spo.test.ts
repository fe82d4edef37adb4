import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, describe, it } from "node:test";
import { Run } from "../../src/cells/run.js";
import { train } from "../../src/cells/train.js";
import { world } from "../../src/data/index.js";
import { loadPreferences } from "../../src/data/load-preferences.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import * as methods from "../../src/methods/index.js";
import { offerHost } from "../../src/notebook/host.js";
import { assertClose } from "../support/compare.js";
import { emptyFolder, inEmptyFolder } from "../support/folder.js";
import { tinyConfig } from "../support/tiny-model.js";
import { resultsIn } from "../support/tiny-run.js";
import { worldPolicy } from "../support/world-policy.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());
offerHost({ signal: new AbortController().signal, show() {} });

const start = await worldPolicy(programs);
const { pairs } = await loadPreferences(world.train, { limit: 12 });
const { pairs: heldOut } = await loadPreferences(world.heldOut, { limit: 4 });
const shared = { batchSize: 4, learningRate: 1e-3, maxNewTokens: 4, beta: 0.5, seed: 1, rounds: 2 };
const losses = (run: Run) => run.steps.array("loss") as number[];

describe("spo", () => {
  it("trains and saves a head that classifies degrees better than chance", async (test) => {
    inEmptyFolder(test);
    const run = await train(
      start,
      pairs,
      methods.spo({ degreeWeight: 1 })({ ...shared, rounds: 25, learningRate: 1e-2, evaluateEvery: 75 }),
      { heldOut },
    );
    assertClose([losses(run)[0]!], [Math.log(2) + Math.log(3)], 0.4);
    const accuracy = run.steps.get("eval_degree/accuracy", run.steps.numRows() - 1);
    assert.ok(accuracy > 0.6, `${accuracy}`);
    const head = await run.head();
    assert.deepEqual([...head].map(([name, { shape }]) => [name, shape]).sort(), [
      ["bias", [3]],
      ["weight", [tinyConfig.hiddenSize, 3]],
    ]);
    assert.equal((await Run.open(run.folder)).loss.name, "dpo");
  });

  it("begins at DPO's loss if λ is 0, and trains differently under each control", async (test) => {
    inEmptyFolder(test);
    const of = async (own: Parameters<typeof methods.spo>[0]) =>
      losses(await train(start, pairs, methods.spo(own)(shared)));
    const dpo = losses(await train(start, pairs, methods.direct()(shared)));
    const none = await of({ degreeWeight: 0 });
    assertClose([none[0]!], [dpo[0]!], 1e-5);
    const all = [
      await of({}),
      await of({ keyContent: "random" }),
      await of({ degrade: "remove" }),
      await of({ loss: "simpo" }),
    ];
    assert.equal(new Set(all.map((own) => own.join())).size, all.length);
  });

  it("ends with the same bytes after an interruption, including the head", async (test) => {
    inEmptyFolder(test);
    const method = methods.spo()(shared);
    const whole = await train(start, pairs, method, { heldOut });
    const folder = emptyFolder(test);
    const abort = new AbortController();
    const onStep = ({ step }: { step: number }) => void (step === 3 && abort.abort(new Error("stopped")));
    await assert.rejects(train(start, pairs, method, { heldOut, folder, signal: abort.signal, onStep }), {
      message: "stopped",
    });
    await train(start, pairs, method, { heldOut, folder });
    assert.deepEqual(resultsIn(folder), resultsIn(whole.folder));
    assert.ok(Object.keys(resultsIn(folder)).some((name) => name.endsWith("head.safetensors")));
  });

  it("moves the reference to the policy after every step under referenceEvery: 1", async (test) => {
    inEmptyFolder(test);
    const largest = async (own: object) => {
      const { steps } = await train(start, pairs, methods.spo(own)({ ...shared, learningRate: 1e-2 }));
      return Math.max(...(steps.array("rewards/margins") as number[]).map(Math.abs));
    };
    assert.ok((await largest({ referenceEvery: 1 })) < 1e-4);
    assert.ok((await largest({})) > 1e-2);
  });

  it("refuses responses without key content, and token-level losses, before anything is trained or scored", async (test) => {
    inEmptyFolder(test);
    const empty = pairs.map((pair) => ({ ...pair, chosen: "do not", rejected: "is not the" }));
    await assert.rejects(train(start, empty, methods.spo()(shared)), {
      name: "InputError",
      message: /^spo: no response has a key phrase/,
    });
    await assert.rejects(train(start, pairs, methods.spo({ loss: "orpo-bmc" })(shared)), {
      name: "InputError",
      message: /^spo: the loss orpo-bmc/,
    });
    for (const folder of readdirSync("runs")) {
      const written = readdirSync(`runs/${folder}`).filter((name) => !name.startsWith(".lock-"));
      assert.deepEqual(written, ["run.json"]);
    }
  });
});
