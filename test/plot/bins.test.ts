import assert from "node:assert/strict";
import { it } from "node:test";
import { equalBins } from "../../src/plot/bins.js";

it("bins have round edges and include their lower edge but not their upper one", () => {
  const bins = equalBins([-0.35, 0.1, 0.2, 0.65], 6);
  assert.deepEqual([-0.35, 0.1, 0.2, 0.65].map(bins.of), [0, 2, 3, 5]);
  assert.deepEqual(bins.edges(0), { from: -0.4, to: -0.2 });
  assert.equal(bins.range(0), "−0.4 to −0.2");
});

it("edges have no floating-point noise", () => {
  const bins = equalBins([0, 0.1, 0.2, 0.3, 0.4], 5);
  assert.deepEqual(bins.edges(2), { from: 0.2, to: 0.3 });
  assert.equal(bins.range(2), "0.2 to 0.3");
});

it("bins of whole numbers have their edges halfway between two integers", () => {
  const few = equalBins([3, 4, 6], 10);
  assert.deepEqual([3, 4, 6].map(few.of), [0, 1, 3]);
  assert.deepEqual(few.edges(1), { from: 3.5, to: 4.5 });
  assert.equal(few.range(1), "4");
  const many = equalBins([0, 9, 10, 99], 10);
  assert.deepEqual([0, 9, 10, 99].map(many.of), [0, 0, 1, 9]);
  assert.deepEqual(many.edges(0), { from: -0.5, to: 9.5 });
  assert.equal(many.range(0), "0 to 9");
});
