import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { countStates } from "../../bench/count-states.js";
import type { Reporter } from "../../src/base/task.js";
import { loadModel } from "../../src/cells/load-model.js";
import { review } from "../../src/cells/review.js";
import { Run } from "../../src/cells/run.js";
import { sera } from "../../src/cells/sera.js";
import { runInput } from "../../src/cells/train.js";
import { sharedPrograms } from "../../src/cells/programs.js";
import { loadPreferences } from "../../src/data/load-preferences.js";
import { world } from "../../src/data/world/shipped.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { openRun } from "../../src/run/open-run.js";
import { seraMethod } from "../../src/sera.js";
import { writeTinyCheckpoint } from "../support/command.js";
import { inEmptyFolder } from "../support/folder.js";

const { pairs } = await loadPreferences(world.train, { limit: 8 });
const options = { batchSize: 4, iterations: 2, responses: 2, maxNewTokens: 4, learningRate: 1e-3 };
const { engine } = sharedPrograms({ threads: 1 });
const count = countStates(engine);

describe("a run", () => {
  for (const lora of [undefined, { rank: 2 }]) {
    it(`${lora ? "of adapters" : "of a whole model"} frees all engine states, also those of its reviews and policies`, async (t) => {
      const folder = inEmptyFolder(t);
      const model = await writeTinyCheckpoint(join(folder, "model"));
      // Starting another engine reads its settings.
      const { settings } = OnnxEngine.prototype as unknown as { settings: () => unknown };
      let started = 0;
      Object.assign(OnnxEngine.prototype, {
        settings(this: OnnxEngine) {
          started++;
          return settings.call(this);
        },
      });
      t.after(() => Object.assign(OnnxEngine.prototype, { settings }));
      const start = await loadModel(model, { threads: 1, ...(lora && { lora }) });
      const before = count();
      const run = await sera(start, pairs, options);
      assert.deepEqual(states(), [before.states, before.bytes]);
      await start.free();
      assert.deepEqual(states(), [0, 0]);

      const { created } = count();
      const most = await mostStates(() => review(run, pairs));
      assert.equal(count().created - created, lora ? 1 + 3 : 3, "a base once, and what each iteration trained");
      assert.equal(most, lora ? 2 : 1, "a base and an adapter, or a model, at a time");
      const read = await Run.open(run.folder);
      await review(read, pairs);
      assert.deepEqual(states(), [0, 0]);
      for (const opened of [run, read]) {
        await using policy = await opened.policy();
        assert.equal(policy.programs.engine, engine);
      }
      assert.deepEqual(states(), [0, 0]);
      assert.ok(started <= 1, "no engine but the run's");
    });
  }

  it("that is stopped leaves no further states in the engine", async (t) => {
    const folder = inEmptyFolder(t);
    const start = await loadModel(await writeTinyCheckpoint(join(folder, "model")), { threads: 1, lora: { rank: 2 } });
    const before = states();
    for (const phase of ["align 1/2", "review the pairs 2/2", "sample responses 2/2", "align 2/2"]) {
      const abort = new AbortController();
      const reporter: Reporter = {
        start(label) {
          if (label === phase) abort.abort(new Error(phase));
          return { update() {}, finish() {} };
        },
      };
      const method = seraMethod(options);
      await assert.rejects(
        openRun(
          method,
          runInput(start, pairs, { folder: "stopped" }),
          { folder: "stopped" },
          { signal: abort.signal, reporter },
        ),
        new RegExp(phase),
      );
      assert.deepEqual(states(), before, phase);
    }
    await start.free();
    assert.deepEqual(states(), [0, 0]);
  });
});

function states(): [number, number] {
  const { states: alive, bytes } = count();
  return [alive, bytes];
}

/** The largest number of states in the engine at a time during some work. */
async function mostStates(work: () => Promise<unknown>): Promise<number> {
  const create = engine.createState;
  let most = 0;
  engine.createState = async (tensors) => {
    const state = await create.call(engine, tensors);
    most = Math.max(most, count().states);
    return state;
  };
  await work();
  engine.createState = create;
  return most;
}
