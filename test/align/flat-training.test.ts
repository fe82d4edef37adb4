import assert from "node:assert/strict";
import { test } from "node:test";
import { flatTrainingNames, fromFlatTraining } from "../../src/align/flat-training.js";

test("a training's options are taken from their flat form, and those that are not given are left out", () => {
  assert.deepEqual(fromFlatTraining({}), {});
  const asTheyAre = { microBatchSize: 2, recompute: true, maxSteps: 9, evaluateEvery: 3, keepBestBy: "eval_loss", patience: 1, emaDecay: 0.9 } as const;
  assert.deepEqual(fromFlatTraining({ ...asTheyAre, referenceEvery: 4, referenceEma: 0.6 }), { ...asTheyAre, referenceUpdate: { everySteps: 4, ema: 0.6 } });
  assert.deepEqual(fromFlatTraining({ referenceEma: 0.6 }), { referenceUpdate: { ema: 0.6 } });
  assert.deepEqual(fromFlatTraining({ referenceEvery: 4 }), { referenceUpdate: { everySteps: 4 } });
  assert.deepEqual(new Set(flatTrainingNames), new Set([...Object.keys(asTheyAre), "referenceEvery", "referenceEma"]));
});
