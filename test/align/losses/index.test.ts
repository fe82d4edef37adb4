import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  losses,
  lossNamed,
  type LossChoice,
  type LossName,
  type LossSettings,
} from "../../../src/align/losses/index.js";
import { InputError } from "../../../src/base/errors.js";

const known = Object.keys(losses).join(", ");

describe("lossNamed", () => {
  it("returns the loss of this name with its settings", () => {
    for (const name of Object.keys(losses) as LossName[]) {
      const { name: found, beta } = lossNamed(name, { beta: 0.25 });
      assert.deepEqual({ found, beta }, { found: name, beta: 0.25 });
    }
    assert.deepEqual(lossNamed("simpo", { beta: 2, targetMargin: 1.2 }).settings, { targetMargin: 1.2 });
  });

  it("refuses an unknown name and lists the losses", () => {
    // "toString" is a property of every object.
    for (const [name, advice] of [
      ["ddpo", "; did you mean dpo?"],
      ["", ""],
      ["toString", ""],
    ] as const) {
      const message = `loss: found ${JSON.stringify(name)}, expected one of ${known}${advice}`;
      assert.throws(() => lossNamed(name, { beta: 0.1 }), new InputError(message));
      assert.throws(() => lossNamed({ dpo: 1, [name]: 1 }, { beta: 0.1 }), new InputError(message));
    }
  });

  const cases: readonly [LossChoice, LossSettings, string][] = [
    ...[0, -0.1, NaN, Infinity].map((beta): [LossChoice, LossSettings, string] => [
      "dpo",
      { beta },
      `beta: found ${beta}, expected a number above 0`,
    ]),
    [{}, { beta: 1 }, `loss: no loss given; choose from ${known}`],
    [{ dpo: 0 }, { beta: 1 }, "loss: the weight of dpo is 0; it must be above 0"],
    [{ dpo: NaN }, { beta: 1 }, "loss: the weight of dpo is NaN; it must be above 0"],
    ["rdpo", { beta: 1, labelSmoothing: 0.5 }, "labelSmoothing: found 0.5, expected a share in [0, 1/2)"],
    ["cdpo", { beta: 1, labelSmoothing: -0.1 }, "labelSmoothing: found -0.1, expected a share in [0, 1/2)"],
    [
      "exo-pair",
      { beta: 1, labelSmoothing: 0 },
      "labelSmoothing: found 0, expected a share in (0, 1/2) for exo-pair, whose target distribution must not be 0",
    ],
    [
      "dpo",
      { beta: 1, labelSmoothing: 0.1 },
      "labelSmoothing: not used by the loss dpo; it is for cdpo, rdpo, exo-pair",
    ],
    ["simpo", { beta: 1, targetMargin: -1 }, "targetMargin: found -1, expected a number from 0"],
    [
      { dpo: 1, slic: 1 },
      { beta: 1, targetMargin: 1 },
      "targetMargin: not used by the loss dpo, slic; it is for simpo",
    ],
    ["discopop", { beta: 1, tau: 0 }, "tau: found 0, expected a number above 0, at most 1"],
    ["discopop", { beta: 1, tau: 1.5 }, "tau: found 1.5, expected a number above 0, at most 1"],
    ["simpo", { beta: 1, lengthNormalized: false }, "lengthNormalized: not used by the loss simpo; it is for dpo, ipo"],
    [
      "dpo",
      { beta: 1, lengthNormalized: 1 as unknown as boolean },
      "lengthNormalized: found 1, expected true or false",
    ],
    ["dpo", { beta: 1, nll: -1 }, "nll: found -1, expected a number from 0"],
    [{ dpo: 1, nll: 1 }, { beta: 1, nll: 1 }, "nll: found 1 beside the loss nll; give its weight in one place"],
  ];
  for (const [choice, settings, message] of cases) {
    it(`throws "${message}"`, () => assert.throws(() => lossNamed(choice, settings), new InputError(message)));
  }

  it("accepts a setting that only one loss of a sum uses", () => {
    assert.equal(lossNamed({ cdpo: 1, dpo: 1 }, { beta: 1, labelSmoothing: 0 }).name, "cdpo=1,dpo=1");
    assert.equal(lossNamed("dpo", { beta: 1, nll: 0 }).name, "dpo");
  });
});
