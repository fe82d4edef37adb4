import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { descending } from "../../../src/model/generation/descending.js";

it("descending yields indices in stable descending order, without values of −∞", () => {
  // Few different values, so that many are equal.
  const value = fc.constantFrom(-Infinity, -2.5, -1, 0, 0.5, 3);
  fc.assert(
    fc.property(fc.array(value), (values) => {
      const sorted = [...values.keys()]
        .filter((i) => values[i]! > -Infinity)
        .sort((a, b) => values[b]! - values[a]! || a - b);
      assert.deepEqual([...descending(Float32Array.from(values))], sorted);
    }),
  );
});
