import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { lossNamed, losses } from "../../../src/align/losses/index.js";
import { preference } from "../../../src/align/preference.js";
import { supervised } from "../../../src/align/sft.js";
import type { TrainingOptions } from "../../../src/align/trainer.js";
import { checkRemoteTraining, refuseColumns } from "../../../src/run/ray/check-remote.js";
import { resolveRaySettings } from "../../../src/run/ray/settings.js";
import { trlLossOf } from "../../../src/run/ray/trl-loss.js";
import { tinyConfig } from "../../support/tiny-model.js";

const told = (...given: Parameters<typeof lossNamed>) => trlLossOf(preference(lossNamed(...given)));

describe("trlLossOf", () => {
  it("returns TRL's name and settings for each loss that TRL has", () => {
    const types = Object.keys(losses).flatMap((name) => {
      try {
        return [[name, told(name, { beta: 0.2 }).types.join()]];
      } catch {
        return [];
      }
    });
    assert.deepEqual(Object.fromEntries(types), {
      ...{
        dpo: "sigmoid",
        rdpo: "robust",
        ipo: "ipo",
        slic: "hinge",
        "sppo-hard": "sppo_hard",
        "exo-pair": "exo_pair",
        "nca-pair": "nca_pair",
      },
      ...{
        "apo-zero": "apo_zero",
        "apo-down": "apo_down",
        discopop: "discopop",
        aot: "aot",
        "aot-unpaired": "aot_unpaired",
        nll: "sft",
      },
    });
    assert.deepEqual(told("rdpo", { beta: 0.2, labelSmoothing: 0.3 }), {
      types: ["robust"],
      weights: [1],
      beta: 0.2,
      labelSmoothing: 0.3,
      tau: 0.05,
    });
    assert.equal(told("exo-pair", { beta: 0.2 }).labelSmoothing, 0.001);
    assert.equal(told("discopop", { beta: 0.2, tau: 0.1 }).tau, 0.1);
    assert.deepEqual(told("dpo", { beta: 0.2, lengthNormalized: true }).types, ["sigmoid_norm"]);
  });

  it("returns the types and weights of a weighted sum", () => {
    assert.deepEqual(told({ dpo: 0.8, nll: 0.2 }, { beta: 0.1 }), {
      types: ["sigmoid", "sft"],
      weights: [0.8, 0.2],
      beta: 0.1,
      labelSmoothing: 0,
      tau: 0.05,
    });
  });

  it("refuses losses that TRL lacks or defines differently, by name", () => {
    for (const name of ["simpo", "orpo", "cdpo", "kto-pair", "bco-pair"])
      assert.throws(
        () => told(name, { beta: 0.1 }),
        new RegExp(`^InputError: loss: TRL, which trains on the cluster, has no ${name} `),
      );
    assert.throws(() => told("ipo", { beta: 0.1, lengthNormalized: false }), /has no ipo \(with these settings\)/);
    assert.throws(() => told({ dpo: 1, simpo: 1 }, { beta: 0.1 }), /has no simpo/);
    assert.throws(() => told({ rdpo: 1, "exo-pair": 1 }, { beta: 0.1 }), /label smoothing/);
    assert.throws(() => told({ aot: 1, "exo-pair": 1 }, { beta: 0.1 }), /label smoothing/);
    assert.equal(told({ dpo: 1, "exo-pair": 1 }, { beta: 0.1 }).labelSmoothing, 0.001);
  });

  it("refuses a custom loss or objective with the name of a built-in one", () => {
    const dpo = losses.dpo({ beta: 0.1 });
    assert.throws(() => trlLossOf(preference({ ...dpo, perPair: ({ policyChosen }) => policyChosen })), /has no dpo/);
    assert.throws(() => trlLossOf({ ...preference(dpo) }), /has no dpo \(an objective of its own\)/);
    assert.throws(() => trlLossOf(supervised), /has no sft/);
  });

  it("covers exactly the losses that the Python side accepts", () => {
    const [, there] = /^LOSSES = \{(.*)\}$/m.exec(readFileSync("cluster/sera_cluster/train.py", "utf8"))!;
    const here = [
      ...new Set(
        [
          "dpo",
          "rdpo",
          "ipo",
          "slic",
          "sppo-hard",
          "exo-pair",
          "nca-pair",
          "apo-zero",
          "apo-down",
          "discopop",
          "aot",
          "aot-unpaired",
          "nll",
        ].flatMap((name) => told(name, { beta: 1 }).types),
      ),
      "sigmoid_norm",
    ];
    assert.deepEqual(there!.match(/[a-z_]+/g)!.sort(), here.sort());
  });
});

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

  it("refuses pairs with columns that affect training", () => {
    refuseColumns([{}, { columns: { source: 3 } }]);
    assert.throws(() => refuseColumns([{}, { columns: { weight: 1 } }]), /pair 2: the column "weight"/);
    assert.throws(() => refuseColumns([{ tokens: {} }]), /pair 1: it has columns of tokens/);
  });
});
