import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { deepestJson, mostJsonValues, parseForeignJson } from "../../src/base/json.js";

const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

describe("parseForeignJson", () => {
  it("reads any JSON as JSON.parse does", () => {
    fc.assert(
      fc.property(fc.json({ noUnicodeString: false }), (text) =>
        assert.deepEqual(parseForeignJson(text), JSON.parse(text)),
      ),
    );
    fc.assert(fc.property(fc.string(), (text) => assert.equal(parseForeignJson(JSON.stringify(text)), text)));
  });

  it("refuses nesting of more than `deepestJson` levels, closed or not", () => {
    assert.doesNotThrow(() => parseForeignJson(nested(deepestJson)));
    for (const text of [nested(deepestJson + 1), "[".repeat(100_000), '{"a":'.repeat(200)]) {
      assert.throws(() => parseForeignJson(text), {
        name: "JsonLimitError",
        message: "nested more than 128 levels deep",
      });
    }
  });

  it("ignores brackets and commas within strings, whatever they escape", () => {
    const strings = ["[".repeat(1000), '"[[', '\\"[', "\\\\", `\\${"{".repeat(500)}`];
    for (const text of strings) assert.deepEqual(parseForeignJson(JSON.stringify([text, text])), [text, text]);
    assert.throws(() => parseForeignJson(`["\\\\",${nested(200)}]`), /nested more than/);
    assert.throws(() => parseForeignJson('["[[[['), { name: "SyntaxError", message: /^(?!nested)/ });
  });

  it("refuses more than `mostJsonValues` values without building them", () => {
    const header = `[${"[],".repeat(98_000_000 / 3)}[]]`;
    const before = process.memoryUsage.rss();
    const begin = performance.now();
    assert.throws(() => parseForeignJson(header), {
      name: "JsonLimitError",
      message: `more than ${mostJsonValues} values`,
    });
    assert.ok(performance.now() - begin < 60_000);
    assert.ok(process.memoryUsage.rss() - before < 300e6);
  });
});
