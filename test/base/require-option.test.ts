import assert from "node:assert/strict";
import { test } from "node:test";
import { requireOption } from "../../src/base/require-option.js";

test("requireOption throws an InputError that says what was found and what was expected", () => {
  requireOption(true, "gamma", 0.3, "a share in [0, 1]");
  assert.throws(() => requireOption(false, "gamma", 3, "a share in [0, 1]"), {
    name: "InputError",
    message: "gamma: found 3, expected a share in [0, 1]",
  });
});
