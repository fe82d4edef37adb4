import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { cut, describePlace, inputError, InputError, quote } from "../../src/base/errors.js";

describe("inputError", () => {
  it("states the place, what was found and what was expected", () => {
    const error = inputError({ file: "pairs.jsonl", line: 12 }, quote(3), "text");
    assert.ok(error instanceof InputError);
    assert.equal(String(error), "InputError: pairs.jsonl:12: found 3, expected text");
  });

  it("escapes terminal control characters except newline and tab", () => {
    assert.equal(
      new InputError("a\u001b[2J\u0000\u009b1m\r\n\tb é").message,
      "a\\u001b[2J\\u0000\\u009b1m\\u000d\n\tb é",
    );
  });

  it("keeps the cause", () => {
    const cause = new SyntaxError("Unexpected token");
    assert.equal(inputError({}, "x", "y", cause).cause, cause);
  });
});

describe("describePlace", () => {
  it("names the known parts of a place", () => {
    assert.equal(describePlace({}), "");
    assert.equal(describePlace({ file: "a.parquet" }), "a.parquet: ");
    assert.equal(describePlace({ file: "a.jsonl", line: 1_000_000 }), "a.jsonl:1000000: ");
    assert.equal(describePlace({ file: "a.parquet", row: 0 }), "a.parquet, row 0: ");
    assert.equal(describePlace({ row: 7 }), "row 7: ");
  });
});

describe("quote", () => {
  it("shows values as they would be written in code", () => {
    assert.equal(quote("line\nbreak"), '"line\\nbreak"');
    assert.equal(quote({ a: [1, null] }), '{"a":[1,null]}');
    assert.equal(quote(undefined), "undefined");
  });

  it("shows numbers that JSON cannot represent", () => {
    assert.equal(quote(NaN), "NaN");
    assert.equal(quote(-Infinity), "-Infinity");
    assert.equal(quote(2n ** 63n), "9223372036854775808");
    assert.equal(quote({ id: 7n }), '{"id":"7"}');
  });

  it("truncates long values", () => {
    assert.equal(quote("abcdefgh", 10), '"abcdefgh"');
    assert.equal(quote("abcdefghi", 10), '"abcdefg…"');
    assert.equal(quote("a\n\n\n\n\nb", 10), '"a\\n\\n\\n…"');
    assert.equal(quote('"'.repeat(9), 10), `"${'\\"'.repeat(3)}…"`);
    assert.equal(quote("abc", 1), '"…"');
    const digest = "4fbf".repeat(16);
    assert.equal(quote(digest), `"${digest.slice(0, 57)}…"`);
  });

  it("shows the beginning of deeply nested, circular or large values", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    assert.equal(quote(deep, 10), `${"[".repeat(9)}…`);
    const own: { self?: unknown } = {};
    own.self = own;
    assert.equal(quote(own, 20), '{"self":{"self":{"s…');
    assert.equal(quote({ toJSON: deep }, 15), '{"toJSON":[[[[…');
    assert.equal(quote(new Date(0)), '"1970-01-01T00:00:00.000Z"');
    const begin = performance.now();
    for (let times = 0; times < 20; times++) quote(["a".repeat(1e6), Array.from({ length: 1000 })]);
    assert.ok(performance.now() - begin < 30_000);
  });

  it("accepts any value and never exceeds the given length", () => {
    fc.assert(fc.property(fc.anything({ withBigInt: true }), (value) => assert.ok(quote(value, 40).length <= 40)));
  });
});

describe("cut", () => {
  it("truncates a name to 60 characters", () => {
    assert.equal(cut("a".repeat(60)), "a".repeat(60));
    assert.equal(cut("a".repeat(100_000)), `${"a".repeat(59)}…`);
  });
});
