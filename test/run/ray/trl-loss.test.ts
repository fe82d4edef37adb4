import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { lossNamed, losses } from "../../../src/align/losses/index.js";
import { preference } from "../../../src/align/preference.js";
import { supervised } from "../../../src/align/sft.js";
import { trlLossOf } from "../../../src/run/ray/trl-loss.js";

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
