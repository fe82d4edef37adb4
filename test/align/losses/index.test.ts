import assert from "node:assert/strict";
import { it } from "node:test";
import { losses, lossNamed } from "../../../src/align/losses/index.js";
import { InputError } from "../../../src/base/errors.js";

it("a loss is had by its name, with its settings", () => {
  const { name, beta } = lossNamed("dpo", { beta: 0.25 });
  assert.deepEqual({ name, beta }, { name: "dpo", beta: 0.25 });
});

it("another name is an error that lists the losses", () => {
  // "toString" is a property of every object.
  for (const name of ["ddpo", "", "toString"]) {
    const message = `loss: found ${JSON.stringify(name)}, expected one of ${Object.keys(losses).join(", ")}`;
    assert.throws(() => lossNamed(name, { beta: 0.1 }), new InputError(message));
  }
});

it("β is a number above 0", () => {
  for (const beta of [0, -0.1, NaN, Infinity]) {
    assert.throws(() => lossNamed("dpo", { beta }), new InputError(`beta: found ${beta}, expected a number above 0`));
  }
});
