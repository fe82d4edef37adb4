import assert from "node:assert/strict";
import { it } from "node:test";
import { preferenceProbability } from "../../src/stats/bradley-terry.js";

it("preferenceProbability follows the Bradley–Terry model", () => {
  assert.equal(preferenceProbability(0.4, 0.4, 0.1), 0.5);
  // σ(ln 3) = ¾
  assert.ok(Math.abs(preferenceProbability(0.1 * Math.log(3), 0, 0.1) - 0.75) < 1e-12);
  assert.ok(Math.abs(preferenceProbability(0, 0.1 * Math.log(3), 0.1) - 0.25) < 1e-12);
});
