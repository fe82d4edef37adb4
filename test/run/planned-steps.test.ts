import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Random } from "../../src/base/random.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import * as methods from "../../src/methods/index.js";
import type { Recipe } from "../../src/methods/recipe.js";
import { runLayout } from "../../src/run/folder/layout.js";
import { RunFolder } from "../../src/run/folder/run-folder.js";
import { openRun } from "../../src/run/open-run.js";
import { plannedSteps } from "../../src/run/planned-steps.js";
import { emptyFolder } from "../support/folder.js";
import { randomSequences } from "../support/tiny-model.js";
import { textJudge, tinyInput } from "../support/tiny-run.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

const shared = { batchSize: 2, learningRate: 1e-3, maxNewTokens: 6, seed: 1, rounds: 3 };
const demonstrations = randomSequences(5, Random.seeded(6)).map((sequence, i) => ({ id: `${i}`, ...sequence }));
// No two responses have the same grade.
const letters = textJudge("letters", (response) =>
  [...response].reduce((sum, letter, i) => sum + letter.codePointAt(0)! / 7 ** i, 0),
);
const { direct, sft, sera, iterativeDpo, dice, spin, curryDpo, spa, irepo, aihf, sapo, proxyReward, rewardAugmented } =
  methods;

/** Every method that can train on eight random pairs, with some options that change how much it trains on. */
const trained: Readonly<Record<string, Recipe>> = {
  ...{
    direct: direct(),
    longer: direct({ maxSteps: 7 }),
    sft: sft(),
    sera: sera({ select: 0.5, bootstrap: 0.25, responses: 2 }),
    "selection alone": sera({ select: 0.5, bootstrap: 0 }),
  },
  ...{
    "iterative DPO": iterativeDpo({ responses: 2 }),
    DICE: dice({ completeOnly: false, responses: 2, lengthPenalty: 0, penaltyStep: undefined } as object),
  },
  ...{
    SPIN: spin(),
    "Curry-DPO": curryDpo(),
    SPA: spa({ shares: [0.25, 0.25, 0.5], seedEpochs: 2, refineShare: 0 }),
    iREPO: irepo({ responses: 2, voteTemperature: 100 }),
  },
  ...{
    AIHF: aihf(),
    "AIHF against itself": aihf({ selfPlay: true }),
    SAPO: sapo({ segment: 1 }),
    proxy: proxyReward({ budget: 6, evaluatorEpochs: 2 }),
    "budget alone": proxyReward({ budget: 6, spend: "direct" }),
  },
};

describe("plannedSteps", () => {
  for (const [name, recipe] of Object.entries(trained)) {
    it(`returns the number of steps that ${name} takes`, async (test) => {
      const method = recipe(shared);
      const given = {
        ...(method.labelsWithJudge && { judge: letters }),
        ...(method.trainsOnDemonstrations && { demonstrations }),
      };
      const { folder } = await openRun(method, await tinyInput(programs, given), { folder: emptyFolder(test) });
      const steps = (await (await RunFolder.open(folder)).readRows(runLayout.metrics)).length;
      assert.equal(plannedSteps(method, { pairs: 8, demonstrations: given.demonstrations?.length ?? 0 }), steps);
    });
  }

  it("counts the fine-tuning of the start on demonstrations", async (test) => {
    const method = direct({ sftEpochs: 2, sftBatchSize: 3 })(shared);
    const { folder } = await openRun(method, await tinyInput(programs, { demonstrations }), {
      folder: emptyFolder(test),
    });
    const steps = (await (await RunFolder.open(folder)).readRows(runLayout.metrics)).length;
    assert.deepEqual([plannedSteps(method, { pairs: 8, demonstrations: 5 }), steps], [16, 16]);
  });

  it("counts reward-augmented pairs twice for half the epochs, or half the prompts for all epochs", () => {
    const sizes = { pairs: 9, demonstrations: 0 };
    assert.deepEqual(
      [rewardAugmented(), rewardAugmented({ half: true })].map((recipe) => plannedSteps(recipe(shared), sizes)),
      [14, 15],
    );
  });
});
