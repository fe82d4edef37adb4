import assert from "node:assert/strict";
import { test } from "node:test";
import { betterOf } from "../../src/align/best.js";

test("betterOf refuses a metric that was not evaluated, and lists only the evaluated ones that keepBestBy accepts", async () => {
  const evaluated = { eval_loss: 0.5, "eval_score/accuracies": 1 };
  await assert.rejects(
    betterOf(undefined, "eval_rewards/accuracies", evaluated, 1, async () => new Map()),
    {
      name: "InputError",
      message: 'keepBestBy: this training does not evaluate "eval_rewards/accuracies"; choose one of eval_loss',
    },
  );
});
