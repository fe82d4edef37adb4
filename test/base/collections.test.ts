import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cheapestParts, chunk, groupBy } from "../../src/base/collections.js";

test("groupBy orders groups by first appearance and keeps the order of their items", () => {
  assert.deepEqual(
    [...groupBy([5, 2, 7, 4, 1], (n) => n % 2)],
    [
      [1, [5, 7, 1]],
      [0, [2, 4]],
    ],
  );
  assert.deepEqual(groupBy([], String), new Map());
});

test("chunk returns runs of the given size, and the rest as the last one", () => {
  assert.deepEqual(chunk([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]]);
  assert.deepEqual(chunk([], 2), []);
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 7 }), (items, size) => {
      const chunks = chunk(items, size);
      assert.deepEqual(chunks.flat(), items);
      assert.ok(chunks.every((run, i) => run.length === size || (i === chunks.length - 1 && run.length > 0)));
    }),
  );
});

test("cheapestParts finds the partition with the lowest total cost", () => {
  // A part costs 5 plus the differences of its items from the largest one.
  const costOf = (part: readonly number[]) => 5 + part.reduce((sum, item) => sum + Math.max(...part) - item, 0);
  assert.deepEqual(cheapestParts([1, 2, 3, 20, 21, 40], costOf), [[1, 2, 3], [20, 21], [40]]);
  assert.deepEqual(cheapestParts([], costOf), []);
  const cutsOf = (items: readonly number[]): number[][][] =>
    items.length === 0
      ? [[]]
      : items.flatMap((_, i) => cutsOf(items.slice(i + 1)).map((rest) => [items.slice(0, i + 1), ...rest]));
  const total = (parts: readonly (readonly number[])[]) => parts.reduce((sum, part) => sum + costOf(part), 0);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 8 }), (items) => {
      const parts = cheapestParts(items, costOf);
      assert.deepEqual(parts.flat(), items);
      assert.equal(total(parts), Math.min(...cutsOf(items).map(total)));
    }),
  );
});
