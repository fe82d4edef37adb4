import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { chunk, groupBy } from "../../src/base/collections.js";

test("groupBy keeps the order of first appearance, and of the items of a group", () => {
  assert.deepEqual(
    [...groupBy([5, 2, 7, 4, 1], (n) => n % 2)],
    [
      [1, [5, 7, 1]],
      [0, [2, 4]],
    ],
  );
  assert.deepEqual(groupBy([], String), new Map());
});

test("chunk gives runs of the size, the last the rest", () => {
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
