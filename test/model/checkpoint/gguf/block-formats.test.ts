import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { blockFormats } from "../../../../src/model/checkpoint/gguf/block-formats.js";

/** Random blocks of each format, and the float32 numbers that PyPI's gguf decodes from them. */
const fixture = JSON.parse(readFileSync("test/fixtures/gguf/blocks.json", "utf8")) as Record<
  string,
  { blocks: string; numbers: string }
>;

test("there is a fixture for every format", () => {
  assert.deepEqual(Object.keys(fixture).toSorted(), Object.keys(blockFormats).toSorted());
});

for (const [name, format] of Object.entries(blockFormats)) {
  test(`${name} decodes to the same bits as in Python's gguf`, () => {
    const blocks = Uint8Array.from(Buffer.from(fixture[name]!.blocks, "base64"));
    const expected = Buffer.from(fixture[name]!.numbers, "base64");
    assert.equal((blocks.length / format.bytes) * format.numbers * 4, expected.length);
    const numbers = new Float32Array(expected.length / 4);
    format.decode(blocks, numbers);
    assert.ok(new Set(numbers).size > 20, "the numbers are not all the same");
    assert.deepEqual(Buffer.from(numbers.buffer), expected);
  });
}
