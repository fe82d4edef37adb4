import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { cachedInFile } from "../../src/base/cached-file.js";
import { emptyFolder } from "../support/folder.js";

describe("cachedInFile", () => {
  const isWhole = ({ numbers }: { numbers?: unknown }) => Array.isArray(numbers) && numbers.length === 2;

  it("computes a value once, and returns the seconds that it took then", async (test) => {
    const folder = join(emptyFolder(test), "cache");
    let computed = 0;
    const ask = (fingerprint: string) =>
      cachedInFile(folder, fingerprint, isWhole, async () => ({ numbers: [++computed, 0] }));
    const first = await ask("a");
    assert.deepEqual(first.value, { numbers: [1, 0] });
    assert.deepEqual(await ask("a"), first);
    assert.deepEqual((await ask("b")).value, { numbers: [2, 0] });
    assert.equal(computed, 2);
  });

  it("recomputes a damaged file, one of another computation, and an incomplete value", async (test) => {
    const folder = emptyFolder(test);
    const ask = () => cachedInFile(folder, "a", isWhole, async () => ({ numbers: [1, 2] }));
    await ask();
    const file = join(folder, "a.json");
    const whole = readFileSync(file, "utf8");
    for (const text of ["", "{", "null", "3", whole.replace('"a"', '"b"'), '{"fingerprint":"a","seconds":1}']) {
      writeFileSync(file, text);
      assert.deepEqual((await ask()).value, { numbers: [1, 2] }, text);
      assert.notEqual(readFileSync(file, "utf8"), text);
    }
    writeFileSync(file, JSON.stringify({ fingerprint: "a", seconds: 123, numbers: [3, 4] }));
    assert.deepEqual(await ask(), { value: { numbers: [3, 4] }, seconds: 123 });
  });

  it("returns a value whose file cannot be written, and tells why", async (test) => {
    const within = emptyFolder(test);
    writeFileSync(join(within, "file"), "");
    mkdirSync(join(within, "cache", "a.json"), { recursive: true });
    for (const folder of [join(within, "file", "cache"), join(within, "cache")]) {
      const notes: string[] = [];
      const compute = async () => ({ numbers: [1, 2] });
      const { value } = await cachedInFile(folder, "a", isWhole, compute, (text) => notes.push(text));
      assert.deepEqual(value, { numbers: [1, 2] });
      assert.match(notes.join(), new RegExp(`^cannot write to the cache ${folder}, so other runs .*: E[A-Z]+: `));
      assert.deepEqual(readdirSync(join(within, "cache")), ["a.json"]);
    }
  });
});
