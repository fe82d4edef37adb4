import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { mkdir, rm, utimes, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { defineGuards } from "../../../src/kernel/session/guards.js";
import { forgetChangedFiles, installModuleHooks } from "../../../src/kernel/session/modules.js";
import { tellStacksInTypeScript } from "../../../src/kernel/session/stack.js";
import { describeError } from "../../../src/kernel/session/traceback.js";

defineGuards(new Int32Array(1));
installModuleHooks(() => {});
tellStacksInTypeScript();

describe("imports of a cell", () => {
  const folder = mkdtempSync(join(tmpdir(), "sera-test-"));
  const require = createRequire(join(folder, "notebook", "cell.js"));
  before(() => mkdir(join(folder, "notebook")));
  after(() => rm(folder, { recursive: true }));

  it("resolve TypeScript files outside the notebook's folder, with .ts, .js or no extension", async () => {
    await writeFile(
      join(folder, "double.ts"),
      "export enum Kind { a = 3 }\nexport const double = (x: number): number => 2 * x;\n",
    );
    await writeFile(
      join(folder, "use.ts"),
      'import { double, Kind } from "./double.js";\nexport const six: number = double(Kind.a);\n',
    );
    for (const name of ["../use", "../use.ts", "../use.js"]) assert.equal(require(name).six, 6);
  });

  it("reload a changed file, whether imported directly or through another file", async () => {
    const file = join(folder, "value.ts");
    await writeFile(file, "export const value: number = 1;\n");
    await writeFile(join(folder, "through.ts"), 'export { value } from "./value";\n');
    assert.deepEqual([require("../value").value, require("../through").value], [1, 1]);
    await writeFile(file, "export const value: number = 2;\n");
    await utimes(file, new Date(), new Date(Date.now() + 5000));
    forgetChangedFiles();
    assert.deepEqual([require("../value").value, require("../through").value], [2, 2]);
  });

  it("report the TypeScript line of a syntax error and of a thrown error", async () => {
    await writeFile(join(folder, "bad.ts"), "export const g = () => {\n  return 1 +;\n};\n");
    assert.throws(() => require("../bad"), /bad\.ts:2:13: Expression expected/);
    await writeFile(
      join(folder, "fails.ts"),
      "interface A { b: number }\nexport const f = (): A => {\n  throw new Error('here');\n};\n",
    );
    try {
      require("../fails").f();
      assert.fail("no error");
    } catch (error) {
      assert.match(describeError(error).traceback.join("\n"), /fails\.ts, line 3/);
    }
  });

  it("resolve packages that only export an import condition", async () => {
    const package_ = join(folder, "node_modules", "only-import");
    await mkdir(package_, { recursive: true });
    await writeFile(
      join(package_, "package.json"),
      JSON.stringify({ name: "only-import", type: "module", exports: { import: "./i.js" } }),
    );
    await writeFile(join(package_, "i.js"), "export default 7;\n");
    assert.equal(require("only-import").default, 7);
  });

  it("find the library and its dependencies, and fail with MODULE_NOT_FOUND for what does not exist", () => {
    assert.equal(typeof require("sera-lab").loadPreferences, "function");
    assert.equal(typeof require("arquero").table, "function");
    assert.throws(() => require("no-such-package-anywhere"), { code: "MODULE_NOT_FOUND" });
    assert.throws(() => require("./no-such-file"), { code: "MODULE_NOT_FOUND" });
  });
});
