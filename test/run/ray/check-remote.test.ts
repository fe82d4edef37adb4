import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lossNamed } from "../../../src/align/losses/index.js";
import { preference } from "../../../src/align/preference.js";
import type { TrainingOptions } from "../../../src/align/trainer.js";
import { checkRemoteTraining, refuseColumns } from "../../../src/run/ray/check-remote.js";
import { resolveRaySettings } from "../../../src/run/ray/settings.js";
import { tinyConfig } from "../../support/tiny-model.js";

describe("checkRemoteTraining", () => {
  const options: TrainingOptions = { batchSize: 8, epochs: 1, learningRate: 1e-4 };
  const check = (
    own: Partial<TrainingOptions> = {},
    workers = 1,
    name: Parameters<typeof lossNamed>[0] = "dpo",
    adapter?: object,
  ) =>
    checkRemoteTraining(
      preference(lossNamed(name, { beta: 0.1 })),
      { ...options, ...own },
      { ...tinyConfig, ...(adapter && { adapter }) } as typeof tinyConfig,
      resolveRaySettings({ address: "ray://head:8265", storage: "/shared", workers }),
    );

  it("requires batches that divide evenly among the workers", () => {
    check();
    check({}, 4);
    check({ microBatchSize: 2 }, 4);
    assert.throws(() => check({}, 3), /batchSize: found 8 for 3 workers, expected a multiple of 3/);
    assert.throws(
      () => check({ microBatchSize: 3 }, 2),
      /batchSize: found 8 for 2 workers and a microBatchSize of 3, expected a multiple of 6/,
    );
  });

  it("refuses options that TRL's trainer lacks", () => {
    const missing: Partial<TrainingOptions> = {
      evaluateEvery: 1,
      keepBestBy: "eval_loss",
      patience: 1,
      emaDecay: 0.9,
      referenceUpdate: { ema: 0.5 },
    };
    for (const [name, value] of Object.entries(missing))
      assert.throws(() => check({ [name]: value }), new RegExp(`^InputError: ${name}: not there on a cluster`));
    assert.throws(
      () => check({}, 1, "dpo", { rank: 2, alpha: 4, targets: ["*"], dropout: 0.1 }),
      /found dropout 0\.1, expected 0 on a cluster/,
    );
  });

  it("requires one worker and whole steps for a loss that compares pairs", () => {
    check({}, 1, "aot");
    assert.throws(() => check({}, 2, "aot"), /workers: the loss aot compares all pairs of a step/);
    assert.throws(() => check({ microBatchSize: 4 }, 1, "aot"), /microBatchSize/);
  });
});

describe("refuseColumns", () => {
  it("refuses pairs with columns that affect training", () => {
    refuseColumns([{}, { columns: { source: 3 } }]);
    assert.throws(() => refuseColumns([{}, { columns: { weight: 1 } }]), /pair 2: the column "weight"/);
    assert.throws(() => refuseColumns([{ tokens: {} }]), /pair 1: it has columns of tokens/);
  });
});
