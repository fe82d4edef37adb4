import assert from "node:assert/strict";
import { it } from "node:test";
import { studentQuantile, studentWithin } from "../../src/stats/student.js";

it("studentQuantile matches published tables and is the inverse of studentWithin", () => {
  for (const [degrees, expected] of [
    [1, 12.706204736],
    [2, 4.30265273],
    [3, 3.182446305],
    [4, 2.776445105],
    [9, 2.262157163],
    [30, 2.042272456],
    [100, 1.983971519],
  ] as const) {
    assert.ok(Math.abs(studentQuantile(0.05, degrees) - expected) < 1e-6, `${degrees}`);
    assert.ok(Math.abs(studentWithin(studentQuantile(0.3, degrees), degrees) - 0.7) < 1e-12);
  }
  assert.throws(() => studentQuantile(0.05, 0), RangeError);
  assert.throws(() => studentQuantile(1, 3), RangeError);
});
