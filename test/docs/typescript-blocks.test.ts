import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { describe, it } from "node:test";
import type tsModule from "typescript-for-cells";
import { emptyFolder } from "../support/folder.js";
import { startKernel } from "../support/jupyter-client.js";
import { codeBlocks, documents, type CodeBlock } from "./code-blocks.js";

const ts = createRequire(import.meta.url)("typescript-for-cells") as typeof tsModule;

/** What the texts speak of and blocks begin from: policies, pairs, a run. */
const given = `
type Library = typeof import("sera-lab");
type Loaded = Awaited<ReturnType<Library["loadModel"]>>;
type Pairs = readonly import("sera-lab").PreferencePair[];
declare const start: Loaded, policy: Loaded;
declare const pairs: Pairs, heldOut: Pairs;
declare const run: import("sera-lab").Run;
`;

/** The same for the parts below the cells, which have pairs in tokens. */
const givenInTokens = `
declare const policy: import("sera-lab/model").Policy;
declare const pairs: readonly import("sera-lab/run").ReferencedPair[], validation: typeof pairs;
declare const options: import("sera-lab/run").TrainingOptions;
`;

const compilerOptions: tsModule.CompilerOptions = {
  ...{
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
  },
  // As in a cell, where only parameters may go without a type.
  ...{
    strict: true,
    noImplicitAny: false,
    skipLibCheck: true,
    noEmit: true,
    types: ["node"],
    typeRoots: [resolve("node_modules/@types")],
  },
};

/** Declarations of the package, of Node and of JavaScript, each parsed once. */
const parsed = new Map<string, tsModule.SourceFile | undefined>();

function programOf(files: ReadonlyMap<string, string>): tsModule.Program {
  const host = ts.createCompilerHost(compilerOptions);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  host.getSourceFile = (name, language, ...rest) => {
    if (files.has(name)) return ts.createSourceFile(name, files.get(name)!, language);
    if (!parsed.has(name)) parsed.set(name, getSourceFile(name, language, ...rest));
    return parsed.get(name);
  };
  return ts.createProgram([...files.keys()], compilerOptions, host);
}

/** A folder in which `sera-lab` is this package. */
function userFolder(test: Parameters<typeof emptyFolder>[0]): string {
  const folder = emptyFolder(test);
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(resolve("."), join(folder, "node_modules/sera-lab"), "dir");
  return folder;
}

/** All that the package exports, as names that are there without an import. */
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

/** Errors of blocks, each a module of its own. One without imports is a fragment: it may use every name of the package. */
function errorsOf(folder: string, blocks: readonly CodeBlock[]): string[] {
  const isFragment = ({ code }: CodeBlock) => !/^import /m.test(code);
  const isBelow = ({ code }: CodeBlock) => code.includes("Trainer.begin");
  const problems = (some: readonly CodeBlock[], prelude: string) => {
    const files = new Map(some.map(({ code }, i) => [join(folder, `block-${i}.mts`), `${code}\nexport {};\n`]));
    const program = programOf(new Map([...files, [join(folder, "given.d.ts"), prelude]]));
    return [...files.keys()].flatMap((file, i) => {
      const source = program.getSourceFile(file)!;
      const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
      return found.map(({ messageText }) => `${some[i]!.place}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`);
    });
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
  // Of docs/extending.md every block is run, one after the other, by extending.test.ts.
  const blocks = documents
    .filter((document) => document !== "docs/extending.md")
    .flatMap(codeBlocks)
    .filter(({ language }) => language === "ts");

  it("has the types that the package has", (test) => {
    assert.ok(blocks.length > 10);
    assert.deepEqual(errorsOf(userFolder(test), blocks), []);
  });

  it("is seen to be wrong where it is", (test) => {
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

  it("runs where it stands by itself: the README's first cell on fewer pairs, and tables without a model", async (test) => {
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
