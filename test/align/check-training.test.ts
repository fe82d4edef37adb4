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
  refused({ adamW: { weightDecay: -1 } }, "sft weight decay: found -1, expected a number from 0");
});
