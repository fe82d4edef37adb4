import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { programOf, typeErrors, userFolder } from "./type-check.js";

/** The fields of a notebook that are read here. */
interface Notebook {
  readonly cells: readonly { readonly cell_type: string; readonly source: readonly string[] }[];
}

/** Returns the type errors of notebooks by name. All code cells of a notebook form one module, in order. */
function errorsOf(folder: string, notebooks: ReadonlyMap<string, readonly string[]>): string[] {
  // A cell's last expression has no semicolon, and the next cell may begin with a bracket.
  const files = new Map([...notebooks].map(([name, cells]) => [join(folder, `${name}.mts`), cells.join("\n;\n")]));
  const program = programOf(files);
  return [...files].flatMap(([file, text], i) =>
    typeErrors(program, file).map(
      ({ line, message }) => `${[...notebooks.keys()][i]}: ${message}: ${text.split("\n")[line]!.trim()}`,
    ),
  );
}

describe("notebooks", () => {
  it("type-check against the package", (test) => {
    const names = readdirSync("notebooks").filter((name) => name.endsWith(".ipynb"));
    const notebooks = names.map((name) => {
      const { cells } = JSON.parse(readFileSync(join("notebooks", name), "utf8")) as Notebook;
      const code = cells.filter(({ cell_type }) => cell_type === "code").map(({ source }) => source.join(""));
      return [name, code] as const;
    });
    assert.ok(names.length > 20);
    assert.deepEqual(errorsOf(userFolder(test), new Map(notebooks)), []);
  });

  it("with mistakes fail the type check", (test) => {
    const wrong = {
      "a name": ["const x = 1;\nx", "(await y)"],
      "an import": ['import { allign } from "sera-lab";', "allign"],
    };
    assert.deepEqual(
      errorsOf(userFolder(test), new Map(Object.entries(wrong))).map((error) => error.split(":")[0]),
      ["a name", "an import"],
    );
  });
});
