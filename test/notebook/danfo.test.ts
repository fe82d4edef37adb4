import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { table } from "arquero";
import { InputError } from "../../src/base/errors.js";
import { bundleOf } from "../../src/notebook/bundle.js";
import { fromDanfo, toDanfo } from "../../src/notebook/danfo.js";

const day = new Date("2024-05-01");
const columns = {
  id: ["1", null, "x"],
  n: [1, 2, 3],
  loss: [0.5, null, NaN],
  kept: [true, null, false],
  day: [day, day, null],
  none: [null, null, undefined],
};

it("a table converts to a DataFrame with the types of its columns, and back", async () => {
  const frame = await toDanfo(table(columns));
  assert.deepEqual([...frame.dtypes], ["string", "int32", "float32", "boolean", "datetime", "float32"]);
  assert.equal(frame["loss"].mean(), 0.5);
  assert.equal(frame["n"].sum(), 6);
  assert.deepEqual(fromDanfo(frame).objects(), [
    { id: "1", n: 1, loss: 0.5, kept: true, day, none: NaN },
    { id: null, n: 2, loss: NaN, kept: null, day, none: NaN },
    { id: "x", n: 3, loss: NaN, kept: false, day: null, none: NaN },
  ]);
});

it("danfojs prints nothing when it is loaded", async () => {
  const code = `
    import { toDanfo } from "${new URL("../../src/notebook/danfo.js", import.meta.url)}";
    const frame = await toDanfo([{ a: 1 }]);
    console.log(frame.tensor.dataSync()[0]);`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
  assert.deepEqual([stdout, stderr], ["1\n", ""]);
});

it("tables without rows keep their columns", async () => {
  const frame = await toDanfo(table({ a: [], b: [] }));
  assert.deepEqual(frame.shape, [0, 2]);
  assert.deepEqual(fromDanfo(frame).columnNames(), ["a", "b"]);
});

it("a filtered frame keeps its index labels", async () => {
  const frame = await toDanfo(table({ a: [1, 2, 3] }));
  assert.deepEqual(fromDanfo(frame.query(frame["a"].gt(1))).objects(), [
    { index: 1, a: 2 },
    { index: 2, a: 3 },
  ]);
});

it("frames and series are shown as tables", async () => {
  const frame = await toDanfo(table({ a: [1, 2], b: ["x", null] }));
  assert.equal((await bundleOf(frame))["text/plain"], "a  b\n─  ─\n1  x\n2  –\n2 rows × 2 columns");
  assert.equal((await bundleOf(frame["b"]))["text/plain"], "b\n─\nx\n–\n2 rows × 1 column");
});

it("columns that danfojs cannot store are refused by name", async () => {
  const refused = (values: unknown[], found: string) =>
    assert.rejects(toDanfo(table({ bad: values })), (error) => {
      assert.ok(error instanceof InputError);
      assert.equal(
        error.message,
        `column bad: found ${found}, expected numbers, strings, booleans or dates, the types that danfojs supports`,
      );
      return true;
    });
  await refused([[1]], "lists or objects");
  await refused([1, "a"], "number and string");
  await refused([1n, 2n ** 60n], "1152921504606846976 in row 1, too large for a number");
  assert.throws(
    () => fromDanfo([1] as never),
    new InputError("fromDanfo: found [1], expected a danfojs DataFrame or Series"),
  );
});

it("if danfojs is not installed, the error says how to install it", () => {
  const folder = mkdtempSync(join(tmpdir(), "sera-danfo-"));
  try {
    cpSync("dist/src", join(folder, "src"), { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(join(process.cwd(), "node_modules/arquero"), join(folder, "node_modules/arquero"));
    const code = `
      import { toDanfo } from "./src/notebook/danfo.js";
      await toDanfo([{ a: 1 }]).catch((error) => console.log(error.name, error.message));`;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
      cwd: folder,
      encoding: "utf8",
    });
    assert.equal(stderr, "");
    assert.match(
      stdout,
      /^InputError danfojs-node is not installed.*"overrides": \{\n +"danfojs-node": \{.*npm install danfojs-node@1\.2\.0\n$/s,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
