import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { train } from "../../src/cells/train.js";
import { world } from "../../src/data/index.js";
import { loadPreferences } from "../../src/data/load-preferences.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import * as methods from "../../src/methods/index.js";
import { offerHost } from "../../src/notebook/host.js";
import { inEmptyFolder } from "../support/folder.js";
import { plainLossNames } from "../support/loss-case.js";
import { worldPolicy } from "../support/world-policy.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());
offerHost({ signal: new AbortController().signal, show() {} });

const start = await worldPolicy(programs);
const { pairs } = await loadPreferences(world.train, { limit: 8 });
const { pairs: heldOut } = await loadPreferences(world.heldOut, { limit: 3 });
const shared = { rounds: 2, batchSize: 4, learningRate: 1e-3, maxNewTokens: 4, beta: 0.5, seed: 1 };

describe("every loss on the synthetic world", () => {
  for (const loss of plainLossNames) {
    it(`${loss} trains with finite losses directly and in SeRA's loop`, async (test) => {
      inEmptyFolder(test);
      for (const recipe of [methods.direct({ loss }), methods.sera({ loss, responses: 2 })]) {
        const run = await train(start, pairs, recipe(shared), { heldOut });
        const last = run.iterations.at(-1)!;
        assert.ok(Number.isFinite(last.meanMargin) && last.goldReward! >= 0 && last.goldReward! <= 1);
        assert.ok((run.steps.array("loss") as number[]).every(Number.isFinite));
      }
    });
  }
});
