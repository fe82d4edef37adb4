import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { chunksOf, linesIn } from "../../src/base/lines.js";

async function read(chunks: Iterable<Buffer>): Promise<string[]> {
  const lines: string[] = [];
  async function* arriving() {
    yield* chunks;
  }
  for await (const line of linesIn(arriving())) lines.push(line);
  return lines;
}

it("linesIn reads lines as they were written, wherever the bytes are split", async () => {
  const line = fc.string({ unit: "binary" }).map((text) => Buffer.from(text.replaceAll("\n", " ")).toString());
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 7 }), async (lines, size) => {
      const bytes = Buffer.concat([...chunksOf(lines)]);
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      assert.deepEqual(await read(pieces), lines);
    }),
  );
});

it("linesIn ignores text after the last line end", async () => {
  assert.deepEqual(await read([Buffer.from("a\nb"), Buffer.from("c\nd")]), ["a", "bc"]);
  assert.deepEqual(await read([]), []);
});

it("chunksOf joins many lines into chunks without splitting a line", () => {
  const lines = Array.from({ length: 5 }, (_, i) => `${i}`.repeat(700_000));
  const chunks = [...chunksOf(lines)];
  assert.equal(chunks.length, 3);
  assert.equal(Buffer.concat(chunks).toString(), lines.map((line) => `${line}\n`).join(""));
});
