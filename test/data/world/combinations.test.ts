import assert from "node:assert/strict";
import test from "node:test";
import { combinationKey, combinations } from "../../../src/data/world/combinations.js";

test("there are 14,560 combinations", () => {
  assert.equal(new Set(combinations().map(combinationKey)).size, 14560);
});

test("the key does not depend on the order of the items", () => {
  const soup = { verb: "cook", object: "soup", items: ["rice", "peas"] } as const;
  assert.equal(combinationKey(soup), combinationKey({ ...soup, items: ["peas", "rice"] }));
  assert.notEqual(combinationKey(soup), combinationKey({ ...soup, object: "stew" }));
  assert.notEqual(combinationKey(soup), combinationKey({ ...soup, items: ["peas", "leeks"] }));
});
