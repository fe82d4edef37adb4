import assert from "node:assert/strict";
import { it } from "node:test";
import { tableOf } from "../../src/cells/table-of.js";

it("tableOf returns a table with the columns of all rows", () => {
  const table = tableOf([{ a: 1 }, { b: 2, a: 3 }]);
  assert.deepEqual(table.columnNames(), ["a", "b"]);
  assert.deepEqual(table.objects(), [
    { a: 1, b: undefined },
    { a: 3, b: 2 },
  ]);
  assert.equal(tableOf([]).numRows(), 0);
});
