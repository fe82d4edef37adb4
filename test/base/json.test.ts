import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { deepestJson, mostJsonValues, parseForeignJson } from "../../src/base/json.js";

const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

describe("parseForeignJson", () => {
  it("reads whatever JSON has, as JSON.parse does", () => {
    fc.assert(
      fc.property(fc.json({ noUnicodeString: false }), (text) =>
        assert.deepEqual(parseForeignJson(text), JSON.parse(text)),
      ),
    );
    fc.assert(fc.property(fc.string(), (text) => assert.equal(parseForeignJson(JSON.stringify(text)), text)));
  });

  it("refuses what nests deeper than recursive code can follow, closed or not", () => {
    assert.doesNotThrow(() => parseForeignJson(nested(deepestJson)));
    for (const text of [nested(deepestJson + 1), "[".repeat(100_000), '{"a":'.repeat(200)]) {
      assert.throws(() => parseForeignJson(text), {
        name: "JsonLimitError",
        message: "nested more than 128 levels deep",
      });
    }
  });

  it("counts no bracket or comma within a string, whatever the string escapes", () => {
    const strings = ["[".repeat(1000), '"[[', '\\"[', "\\\\", `\\${"{".repeat(500)}`];
    for (const text of strings) assert.deepEqual(parseForeignJson(JSON.stringify([text, text])), [text, text]);
    assert.throws(() => parseForeignJson(`["\\\\",${nested(200)}]`), /nested more than/);
    assert.throws(() => parseForeignJson('["[[[['), { name: "SyntaxError", message: /^(?!nested)/ });
  });

  it("refuses more values than fit in memory, in seconds and without building them", () => {
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
