import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { z } from "zod";
import { InputError } from "../../src/base/errors.js";
import { checkJson, parseJson, readText } from "../../src/base/read-json.js";

const schema = z.looseObject({ sizes: z.array(z.int().positive()) });

test("the first value that does not fit the schema is named and quoted", () => {
  assert.deepEqual(parseJson('{"sizes":[1]}', schema, "f"), { sizes: [1] });
  assert.throws(
    () => parseJson('{"sizes":[1,"2"]}', schema, "f"),
    /^InputError: f: found sizes\.1 = "2", expected (number|int)$/,
  );
  assert.throws(() => parseJson("{}", schema, "f"), /f: found sizes = nothing, expected array/);
  assert.throws(() => parseJson("[", schema, "f"), /f: found text that is not JSON/);
  assert.throws(() => checkJson(3, schema, "f", "entry"), /f: found entry = 3, expected object/);
});

test("readText refuses a missing file and bytes that are not UTF-8", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sera-read-"));
  try {
    await assert.rejects(readText(join(folder, "none"), "a letter"), /none: no such file; expected a letter/);
    const path = join(folder, "latin1");
    await writeFile(path, Buffer.from([0x63, 0x61, 0x66, 0xe9]));
    await assert.rejects(readText(path, "a letter"), InputError);
  } finally {
    await rm(folder, { recursive: true });
  }
});
