import assert from "node:assert/strict";
import { it } from "node:test";
import { shownColumn } from "../../../src/notebook/table/column.js";

const texts = (values: readonly unknown[]) => shownColumn("x", values).cells.map(({ text }) => text);
const type = (...values: unknown[]) => shownColumn("x", values).type;

it("a column has the type of its values, missing ones excluded", () => {
  assert.equal(type("a", null), "text");
  assert.equal(type(1, 2n, NaN), "integer");
  assert.equal(type(1, 2.5), "number");
  assert.equal(type(true), "boolean");
  assert.equal(type(new Date(0)), "date");
  assert.equal(type([1], new Float32Array(2)), "list");
  assert.equal(type({}), "object");
  assert.equal(type(1, "a"), "mixed");
  assert.equal(type(null, undefined), "empty");
});

it("missing values become a dash marked as missing, and NaN stays NaN", () => {
  assert.deepEqual(shownColumn("x", [null, undefined, NaN, 1]).cells, [
    { text: "–", missing: true },
    { text: "–", missing: true },
    { text: "NaN" },
    { text: "1" },
  ]);
});

it("dates are ISO 8601, as short as the column allows", () => {
  assert.deepEqual(texts([new Date("2024-05-01"), new Date("2024-05-02")]), ["2024-05-01", "2024-05-02"]);
  assert.deepEqual(texts([new Date("2024-05-01"), new Date("2024-05-02T12:30:00Z")]), [
    "2024-05-01T00:00:00Z",
    "2024-05-02T12:30:00Z",
  ]);
  assert.deepEqual(texts([new Date(1), new Date(NaN)]), ["1970-01-01T00:00:00.001Z", "Invalid Date"]);
});

it("lists and objects are JSON, with fallbacks for what JSON cannot represent", () => {
  assert.deepEqual(texts([[1, "a", null], Float32Array.of(0.5, NaN), { a: 2n }]), [
    '[1,"a",null]',
    '[0.5,"NaN"]',
    '{"a":"2"}',
  ]);
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  assert.deepEqual(texts([circle]), ["<ref *1> { self: [Circular *1] }"]);
  assert.match(shownColumn("x", [Array.from({ length: 1000 }, () => 0)]).cells[0]!.full!, /,0,…\]$/);
});

it("long texts are cut and keep up to 500 characters in `full`", () => {
  const [cell] = shownColumn("x", ["a".repeat(61)]).cells;
  assert.deepEqual(cell, { text: `${"a".repeat(59)}…`, full: "a".repeat(61) });
  assert.deepEqual(texts(["a".repeat(60)]), ["a".repeat(60)]);
  assert.equal(shownColumn("x", ["a".repeat(1e6)]).cells[0]!.full!.length, 501);
});

it("a text becomes one line, and control characters become visible", () => {
  assert.deepEqual(texts(["a\n  b\tc\u001b[31m\u007f"]), ["a ↵ b c␛[31m␡"]);
  assert.equal(shownColumn("a\nb", []).name, "a ↵ b");
});

it("numbers in a mixed column are not formatted", () => {
  assert.deepEqual(texts([1000, "a", 0.123456789]), ["1000", "a", "0.123456789"]);
});
