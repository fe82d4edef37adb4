import assert from "node:assert/strict";
import { test } from "node:test";
import { checkTraining } from "../../src/align/check-training.js";

test("a training with a number outside its range is refused", () => {
  const options = { batchSize: 1, epochs: 1, learningRate: 1e-3 };
  checkTraining(options);
  checkTraining({ ...options, warmup: 1, adamW: { weightDecay: 0 } });
  const refused = (change: object, message: string) =>
    assert.throws(() => checkTraining({ ...options, ...change }, "sft "), { name: "InputError", message });
  refused({ learningRate: 0 }, "sft learning rate: found 0, expected a number above 0");
  refused({ learningRate: Infinity }, "sft learning rate: found Infinity, expected a number above 0");
  refused({ learningRate: NaN }, "sft learning rate: found NaN, expected a number above 0");
  refused({ warmup: 1.5 }, "sft warmup: found 1.5, expected a share in [0, 1]");
  checkTraining({ ...options, maxSteps: 1, evaluateEvery: 5, keepBestBy: "eval_loss", patience: 1, emaDecay: 0, referenceUpdate: { ema: 1 } });
  refused({ maxSteps: 0 }, "sft max steps: found 0, expected a whole number from 1");
  refused({ evaluateEvery: 1.5 }, "sft evaluate every: found 1.5, expected a whole number from 1");
  refused({ keepBestBy: "eval_los", evaluateEvery: 1 }, 'sft keep best: found "eval_los", expected one of eval_loss, eval_rewards/accuracies, eval_rewards/margins, eval_rewards/chosen');
  refused({ keepBestBy: "eval_loss" }, "sft keep best: found eval_loss without evaluations, expected evaluate every beside it");
  refused({ patience: 0 }, "sft patience: found 0, expected a whole number from 1");
  refused({ patience: 2, evaluateEvery: 1 }, "sft patience: found 2 without a metric, expected keep best beside it");
  refused({ emaDecay: 1 }, "sft ema decay: found 1, expected a number in [0, 1)");
  refused({ referenceUpdate: { everySteps: 0 } }, "sft reference update, every steps: found 0, expected a whole number from 1");
  refused({ referenceUpdate: { ema: 0 } }, "sft reference update, ema: found 0, expected a number above 0, at most 1");
  refused({ referenceUpdate: {} }, 'sft reference update: found neither everySteps nor ema, expected one of them, or "fixed"');
  refused({ adamW: { weightDecay: -1 } }, "sft weight decay: found -1, expected a number from 0");
});
