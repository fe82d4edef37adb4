import assert from "node:assert/strict";
import { it } from "node:test";
import { counted, countedOf, percentOf } from "../../src/base/counted.js";

it("counted groups digits, and has the singular for one only", () => {
  assert.deepEqual(
    [0, 1, 2, 8000].map((count) => counted(count, "pair")),
    ["0 pairs", "1 pair", "2 pairs", "8,000 pairs"],
  );
});

it("countedOf counts a part of things", () => {
  assert.equal(countedOf(1, 8000, "response"), "1 of 8,000 responses");
  assert.equal(countedOf(1, 1, "response"), "1 of 1 response");
  assert.equal(countedOf(1234, 8000, "response"), "1,234 of 8,000 responses");
});

it("percentOf rounds, but not to 0 or 100 %", () => {
  assert.deepEqual(
    [
      [0, 8000],
      [1, 8000],
      [40, 8000],
      [1000, 8000],
      [7999, 8000],
      [8000, 8000],
    ].map(([part, count]) => percentOf(part!, count!)),
    ["0 %", "< 1 %", "1 %", "13 %", "> 99 %", "100 %"],
  );
});
