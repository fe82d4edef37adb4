import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { programOf, typeErrors, userFolder } from "./type-check.js";

/** The part of a notebook that is read here. */
interface Notebook {
  readonly cells: readonly { readonly cell_type: string; readonly source: readonly string[] }[];
}

/** Errors of notebooks, by their names: all code cells of each as one module, in their order. */
function errorsOf(folder: string, notebooks: ReadonlyMap<string, readonly string[]>): string[] {
  // What a cell shows at its end has no semicolon, and the next cell may begin with a bracket.
  const files = new Map([...notebooks].map(([name, cells]) => [join(folder, `${name}.mts`), cells.join("\n;\n")]));
  const program = programOf(files);
  return [...files].flatMap(([file, text], i) =>
    typeErrors(program, file).map(
      ({ line, message }) => `${[...notebooks.keys()][i]}: ${message}: ${text.split("\n")[line]!.trim()}`,
    ),
  );
}

describe("notebooks", () => {
  it("have the types that the package has", (test) => {
    const names = readdirSync("notebooks").filter((name) => name.endsWith(".ipynb"));
    const notebooks = names.map((name) => {
      const { cells } = JSON.parse(readFileSync(join("notebooks", name), "utf8")) as Notebook;
      const code = cells.filter(({ cell_type }) => cell_type === "code").map(({ source }) => source.join(""));
      return [name, code] as const;
    });
    assert.ok(names.length > 20);
    assert.deepEqual(errorsOf(userFolder(test), new Map(notebooks)), []);
  });

  it("are seen to be wrong where they are", (test) => {
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
