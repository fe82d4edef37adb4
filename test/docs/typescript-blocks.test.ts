import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import type tsModule from "typescript-for-cells";
import { emptyFolder } from "../support/folder.js";
import { startKernel } from "../support/jupyter-client.js";
import { codeBlocks, documents, type CodeBlock } from "./code-blocks.js";
import { programOf, ts, typeErrors, userFolder } from "./type-check.js";

/** Variables that the texts mention and the blocks use: policies, pairs, a run. */
const given = `
type Library = typeof import("sera-lab");
type Loaded = Awaited<ReturnType<Library["loadModel"]>>;
type Pairs = readonly import("sera-lab").PreferencePair[];
declare const start: Loaded, policy: Loaded;
declare const pairs: Pairs, heldOut: Pairs;
declare const run: import("sera-lab").Run;
`;

/** The same for blocks about lower-level parts, which use tokenized pairs. */
const givenInTokens = `
declare const policy: import("sera-lab/model").Policy;
declare const pairs: readonly import("sera-lab/run").ReferencedPair[], validation: typeof pairs;
declare const options: import("sera-lab/run").TrainingOptions;
`;

/** Declares all exports of the package as names that need no import. */
function exportedNames(folder: string): string {
  const file = join(folder, "all.mts");
  const program = programOf(new Map([[file, 'export * from "sera-lab";']]));
  const checker = program.getTypeChecker();
  const names = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)!)!);
  const isValue = (symbol: tsModule.Symbol) =>
    (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol).flags &
    (ts.SymbolFlags.Value | ts.SymbolFlags.Module);
  return names
    .filter(isValue)
    .map(({ name }) => `declare const ${name}: Library["${name}"];`)
    .join("\n");
}

/** Returns the type errors of blocks, each a separate module. One without imports may use every name of the package. */
function errorsOf(folder: string, blocks: readonly CodeBlock[]): string[] {
  const isFragment = ({ code }: CodeBlock) => !/^import /m.test(code);
  const isBelow = ({ code }: CodeBlock) => code.includes("Trainer.begin");
  const problems = (some: readonly CodeBlock[], prelude: string) => {
    const files = new Map(some.map(({ code }, i) => [join(folder, `block-${i}.mts`), `${code}\nexport {};\n`]));
    const program = programOf(new Map([...files, [join(folder, "given.d.ts"), prelude]]));
    return [...files.keys()].flatMap((file, i) =>
      typeErrors(program, file).map(({ message }) => `${some[i]!.place}: ${message}`),
    );
  };
  return [
    ...problems(
      blocks.filter((block) => !isFragment(block) && !isBelow(block)),
      given,
    ),
    ...problems(blocks.filter(isBelow), givenInTokens),
    ...problems(blocks.filter(isFragment), given + exportedNames(folder)),
  ];
}

describe("TypeScript in the documentation", () => {
  // extending.test.ts runs every block of docs/extending.md in order.
  const blocks = documents
    .filter((document) => document !== "docs/extending.md")
    .flatMap(codeBlocks)
    .filter(({ language }) => language === "ts");

  it("type-checks against the package", (test) => {
    assert.ok(blocks.length > 10);
    assert.deepEqual(errorsOf(userFolder(test), blocks), []);
  });

  it("with mistakes fails the type check", (test) => {
    const wrong = [
      { language: "ts", place: "an option", code: "await align(start, pairs, { betta: 1 });" },
      { language: "ts", place: "a name", code: 'import { allign } from "sera-lab";\nallign;' },
      {
        language: "ts",
        place: "no import",
        code: 'import { align } from "sera-lab";\nalign; await sera(start, pairs, {});',
      },
    ];
    assert.deepEqual(
      errorsOf(userFolder(test), wrong)
        .map((error) => error.split(":")[0])
        .sort(),
      ["a name", "an option", "no import"],
    );
  });

  it("runs in two self-contained examples: the README's first cell, shortened, and GridWorld", async (test) => {
    const readme = codeBlocks("README.md").find(({ language }) => language === "ts")!;
    const shorter = readme.code
      .replace("limit: 2000", "limit: 16")
      .replace("loadPreferences(world.heldOut)", "loadPreferences(world.heldOut, { limit: 4 })")
      .replace("epochs: 3", "epochs: 1, maxNewTokens: 8")
      .replace("iterations: 3", "iterations: 2, maxNewTokens: 8");
    const tables = codeBlocks("docs/methods.md").find(({ code }) => code.includes("GridWorld"))!;
    const kernel = await startKernel({ cwd: emptyFolder(test) });
    test.after(() => kernel.stop());
    for (const code of [shorter, tables.code]) {
      const { reply, error } = await kernel.execute(code);
      assert.equal(reply.content.status, "ok", error?.traceback?.join("\n"));
    }
  });
});
