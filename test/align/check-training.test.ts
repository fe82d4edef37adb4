import assert from "node:assert/strict";
import { test } from "node:test";
import { checkTrainingInputs } from "../../src/align/check-training.js";
import { dpo } from "../../src/align/losses/dpo.js";
import { preference } from "../../src/align/preference.js";
import { supervised } from "../../src/align/sft.js";
import type { TrainingOptions } from "../../src/align/trainer.js";

const options: TrainingOptions = { batchSize: 1, epochs: 1, learningRate: 1e-3 };
const objective = preference(dpo({ beta: 0.1 }));

test("checkTrainingInputs refuses an option without the other options, examples or reference that it needs", () => {
  checkTrainingInputs(objective, options, []);
  checkTrainingInputs(
    objective,
    { ...options, evaluateEvery: 5, keepBestBy: "eval_loss", patience: 1, referenceUpdate: { ema: 1 } },
    [{}],
  );
  const refused = (change: Partial<TrainingOptions>, message: string) =>
    assert.throws(() => checkTrainingInputs(objective, { ...options, ...change }, []), { name: "InputError", message });
  refused(
    { keepBestBy: "eval_loss" },
    'keepBestBy: found "eval_loss" without evaluations to choose from; set evaluateEvery too',
  );
  refused(
    { patience: 2, evaluateEvery: 1 },
    "patience: found 2 without a metric that has to improve; set keepBestBy too",
  );
  refused(
    { evaluateEvery: 4 },
    "evaluateEvery: found 4, but no responses to compute a loss on; pass pairs as `validation` or `heldOut` (prompts alone have no responses), or leave evaluateEvery out",
  );
  refused(
    { referenceUpdate: {} },
    'referenceUpdate: found neither everySteps nor ema; set one of them, or pass "fixed"',
  );
  assert.throws(() => checkTrainingInputs(supervised, { ...options, referenceUpdate: { ema: 0.5 } }, []), {
    name: "InputError",
    message: "referenceUpdate: the objective has no reference to update (sft); leave it out",
  });
});
