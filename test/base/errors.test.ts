import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { describePlace, inputError, InputError, quote } from "../../src/base/errors.js";

describe("inputError", () => {
  it("tells the place, what was found and what was expected", () => {
    const error = inputError({ file: "pairs.jsonl", line: 12 }, quote(3), "text");
    assert.ok(error instanceof InputError);
    assert.equal(String(error), "InputError: pairs.jsonl:12: found 3, expected text");
  });

  it("keeps the cause", () => {
    const cause = new SyntaxError("Unexpected token");
    assert.equal(inputError({}, "x", "y", cause).cause, cause);
  });
});

describe("describePlace", () => {
  it("tells what is known", () => {
    assert.equal(describePlace({}), "");
    assert.equal(describePlace({ file: "a.parquet" }), "a.parquet: ");
    assert.equal(describePlace({ file: "a.jsonl", line: 1_000_000 }), "a.jsonl:1000000: ");
    assert.equal(describePlace({ file: "a.parquet", row: 0 }), "a.parquet, row 0: ");
    assert.equal(describePlace({ row: 7 }), "row 7: ");
  });
});

describe("quote", () => {
  it("shows values as they would be written", () => {
    assert.equal(quote("line\nbreak"), '"line\\nbreak"');
    assert.equal(quote({ a: [1, null] }), '{"a":[1,null]}');
    assert.equal(quote(undefined), "undefined");
  });

  it("shows numbers that JSON does not have", () => {
    assert.equal(quote(NaN), "NaN");
    assert.equal(quote(-Infinity), "-Infinity");
    assert.equal(quote(2n ** 63n), "9223372036854775808");
    assert.equal(quote({ id: 7n }), '{"id":"7"}');
  });

  it("cuts what is long", () => {
    assert.equal(quote("abcdefgh", 10), '"abcdefgh"');
    assert.equal(quote("abcdefghi", 10), '"abcdefgh…');
  });

  it("takes any data and keeps the length", () => {
    fc.assert(fc.property(fc.anything({ withBigInt: true }), (value) => assert.ok(quote(value, 40).length <= 40)));
  });
});
