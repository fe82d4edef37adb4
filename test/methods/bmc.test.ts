import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, describe, it } from "node:test";
import { align } from "../../src/cells/sera.js";
import type { Run } from "../../src/cells/run.js";
import { train } from "../../src/cells/train.js";
import { bridge, type Editor } from "../../src/data/bridge.js";
import { world } from "../../src/data/index.js";
import { loadPreferences } from "../../src/data/load-preferences.js";
import { worldEditor } from "../../src/data/world/editor.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import * as methods from "../../src/methods/index.js";
import { offerHost } from "../../src/notebook/host.js";
import { runLayout } from "../../src/run/folder/layout.js";
import { RunFolder } from "../../src/run/folder/run-folder.js";
import { tokenDifference } from "../../src/run/index.js";
import { assertClose } from "../support/compare.js";
import { emptyFolder, inEmptyFolder } from "../support/folder.js";
import { resultsIn } from "../support/tiny-run.js";
import { worldPolicy } from "../support/world-policy.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());
offerHost({ signal: new AbortController().signal, show() {} });

const start = await worldPolicy(programs);
const { tokenizer } = start;
const { pairs } = await loadPreferences(world.train, { limit: 12 });
const shared = { batchSize: 4, learningRate: 1e-3, maxNewTokens: 4, beta: 0.5, seed: 1, rounds: 2 };

const chosenIn = async ({ folder }: Run) =>
  (await (await RunFolder.open(folder)).readRows(runLayout.pairs)).map(({ chosen }) => tokenizer.decode(chosen));

describe("bmc", () => {
  it("trains on bridged pairs with the loss dpo-bmc, and begins at ln 2", async (test) => {
    inEmptyFolder(test);
    const run = await train(start, pairs, methods.bmc({ bridge: "world", delta: 3 })(shared));
    const expected = (await bridge(pairs, worldEditor())).pairs.map(({ chosen }) => chosen);
    assert.deepEqual(await chosenIn(run), expected);
    assert.notDeepEqual(
      expected,
      pairs.map(({ chosen }) => chosen),
    );
    assert.ok(Math.abs(Number(run.steps.get("loss", 0)) - Math.log(2)) < 1e-5);
    assert.deepEqual(
      [run.summary.method, run.loss.name, run.loss.settings],
      ["bmc", "dpo-bmc", { delta: 3, referenceWeights: "policy" }],
    );
    assert.equal(run.iterations[1]!.pairsSeen, 24);
  });

  it("weights tokens without a bridge, bridges with a plain loss, and supports the losses of IPO and ORPO", async (test) => {
    inEmptyFolder(test);
    const lossesOf = async (own: Parameters<typeof methods.bmc>[0], options = {}) =>
      (await train(start, pairs, methods.bmc(own)({ ...shared, ...options }))).steps.array("loss") as number[];
    const alone = await lossesOf({});
    const { rounds: epochs, ...others } = shared;
    const byHand = await align(start, pairs, { ...others, epochs, loss: "dpo-bmc", columns: tokenDifference() });
    assert.deepEqual(byHand.steps.array("loss"), alone);
    const dpo = await train(start, pairs, methods.direct()(shared));
    assert.notDeepEqual(alone, dpo.steps.array("loss"));
    assert.deepEqual(await lossesOf({ loss: "dpo" }), dpo.steps.array("loss"));
    const bridged = (await bridge(pairs, worldEditor())).pairs;
    const onBridged = await train(start, bridged, methods.direct()(shared));
    assert.deepEqual(await lossesOf({ loss: "dpo", bridge: "world" }), onBridged.steps.array("loss"));
    assert.notDeepEqual(onBridged.steps.array("loss"), dpo.steps.array("loss"));
    assert.notDeepEqual(await lossesOf({ stopWords: "none" }), alone);
    for (const loss of ["ipo-bmc", "orpo-bmc"] as const)
      assert.ok((await lossesOf({ loss, bridge: "world" })).every(Number.isFinite));
  });

  it("passes the way and the blindness of edits to the editor", async (test) => {
    inEmptyFolder(test);
    const asked: unknown[] = [];
    const editor: Editor = {
      name: "asked",
      version: "1",
      edit: (request) => (asked.push([request.way, request.other !== undefined]), null),
    };
    await train(start, pairs.slice(0, 1), methods.bmc({ bridge: editor })({ ...shared, rounds: 1 }));
    await train(
      start,
      pairs.slice(0, 1),
      methods.bmc({ bridge: editor, editWay: "worsen", editBlind: true })({ ...shared, rounds: 1 }),
    );
    assert.deepEqual(asked, [
      ["improve", true],
      ["worsen", false],
    ]);
  });

  it("weights the tokens of validation pairs too", async (test) => {
    inEmptyFolder(test);
    // With all pairs in a step, the loss of a step is that of an evaluation on them after the step before.
    const own = { ...shared, learningRate: 1e-2, rounds: 3, batchSize: pairs.length, evaluateEvery: 1 };
    const { steps } = await train(start, pairs, methods.bmc()(own), { validation: pairs });
    const evaluated = steps.array("eval_loss") as number[];
    assertClose(evaluated.slice(0, -1), (steps.array("loss") as number[]).slice(1), 1e-5);
  });

  it("ends with the same bytes after an interruption", async (test) => {
    inEmptyFolder(test);
    const method = methods.bmc({ bridge: "world" })(shared);
    const whole = await train(start, pairs, method);
    const folder = emptyFolder(test);
    const abort = new AbortController();
    const onStep = ({ step }: { step: number }) => void (step === 3 && abort.abort(new Error("stopped")));
    await assert.rejects(train(start, pairs, method, { folder, signal: abort.signal, onStep }), { message: "stopped" });
    await train(start, pairs, method, { folder });
    assert.deepEqual(resultsIn(folder), resultsIn(whole.folder));
  });

  it("stores its editor in the run's options, and refuses an editor without usable edits before it writes anything", async (test) => {
    inEmptyFolder(test);
    const editor = (name: string, edit: Editor["edit"]): Editor => ({
      name,
      version: "1",
      settings: { words: name },
      edit,
    });
    const run = await train(start, pairs, methods.bmc({ bridge: editor("none needed", () => null) })(shared));
    assert.deepEqual((run.options() as { bridge: object }).bridge, {
      name: "none needed",
      version: "1",
      settings: { words: "none needed" },
    });
    assert.deepEqual(
      await chosenIn(run),
      pairs.map(({ chosen }) => chosen),
    );
    const before = readdirSync("runs");
    await assert.rejects(
      train(start, pairs, methods.bmc({ bridge: editor("echo", ({ response }) => response) })(shared)),
      { name: "InputError", message: /^the editor "echo" gave no usable edit for 12 of 12 pairs/ },
    );
    assert.deepEqual(readdirSync("runs"), before);
    assert.throws(() => methods.bmc({ editBlind: true })(), {
      name: "InputError",
      message: "`editBlind`: there is no editor; give `bridge` too",
    });
    assert.throws(() => methods.bmc({ bridge: (() => null) as unknown as Editor })(), {
      message: /^bridge: a bare function cannot be told from another/,
    });
  });
});
