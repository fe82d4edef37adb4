import assert from "node:assert/strict";
import { it } from "node:test";
import { holmAdjusted } from "../../src/stats/holm.js";

it("holmAdjusted matches values computed by hand, never decreases and is at most 1", () => {
  const found = holmAdjusted([0.04, 0.01, 0.03, 0.5]);
  for (const [i, expected] of [0.09, 0.04, 0.09, 0.5].entries()) assert.ok(Math.abs(found[i]! - expected) < 1e-12);
  assert.deepEqual(holmAdjusted([]), []);
  assert.deepEqual(holmAdjusted([0.9, 0.8]), [1, 1]);
});
