import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type typescript from "@tslab/typescript-for-tslab";
import type { Converter, Diagnostic } from "tslab/dist/converter.js";
import { packageFolder } from "../package-folder.js";
import { guard } from "./guards.js";
import { libraryFor, libraryName, libraryTypes } from "./library.js";
import { remember, withoutMapComment } from "./positions.js";
import { changeCompiler, compiler } from "./typescript.js";

/** What stands before a cell's JavaScript in its first line, as tslab's executor puts it there. */
const wrapper = "(async function(exports, require) { ";
/** Lines that tslab puts before a cell's TypeScript. */
const prefixLines = 1;

/** Why a cell was not run: it does not parse, or its types do not fit. */
export class CompileError extends Error {
  constructor(
    readonly diagnostics: readonly Diagnostic[],
    readonly cell: CellText,
  ) {
    super(diagnostics.map(({ messageText }) => messageText).join("\n"));
  }
}

/** A cell as it is compiled. */
export interface CellText {
  /** Its name in V8's stacks. */
  readonly name: string;
  /** What the user knows it by. */
  readonly title: string;
  readonly source: string;
}

/** tslab's converter, whose cells are strictly typed, find the library, can be stopped, and know their own lines. */
export interface CellConverter extends Converter {
  /** Says which cell is converted next. */
  begin(cell: CellText): void;
}

/** Starts the compiler for a notebook in `folder`; this takes about a second. */
export function createCellConverter(folder: string): CellConverter {
  let cell: CellText = { name: "cell", title: "cell", source: "" };
  changeCompiler({
    options: compilerOptions(libraryFor(folder)),
    fallback: join(packageFolder, libraryTypes),
    isLoaded: (path) => /\.[cm]?[jt]sx?$/.test(path) && !path.endsWith("/__tslab__.ts") && compiler.sys.fileExists(path),
    finish: (javascript, options) => finishCell(cell, javascript, options),
  });
  const require = createRequire(import.meta.url);
  const { createConverter } = require("tslab/dist/converter.js") as typeof import("tslab/dist/converter.js");
  const converter = createConverter();
  // tslab forgets what a cell declared if the cell then failed; here it stays known, as far as the cell came.
  let declarations = "";
  return {
    ...converter,
    begin: (next) => (cell = next),
    complete: (_, source, position) => converter.complete(declarations, source, position),
    inspect: (_, source, position) => converter.inspect(declarations, source, position),
    convert(_, source) {
      const converted = converter.convert(declarations, source);
      if (converted.diagnostics.length > 0) throw new CompileError(converted.diagnostics, { ...cell, source });
      declarations = converted.declOutput ?? "";
      // Always as an async function: tslab overlooks some of the waits that are allowed at the top of a cell.
      return { ...converted, hasToplevelAwait: true, output: `${converted.output}\n//# sourceURL=${cell.name}` };
    },
  };
}

function compilerOptions(library: string): typescript.CompilerOptions {
  const types = dirname(dirname(createRequire(import.meta.url).resolve("@types/node/package.json")));
  return {
    inlineSourceMap: true,
    strict: true,
    // A short callback in a cell needs no annotations.
    noImplicitAny: false,
    moduleResolution: compiler.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    lib: ["lib.es2023.d.ts"],
    typeRoots: [types],
    types: ["node"],
    baseUrl: "/",
    paths: { [libraryName]: [join(library, libraryTypes)] },
  };
}

/** The last step of a cell's compilation: guarded, and with the way back to its TypeScript. */
function finishCell(cell: CellText, javascript: string, options: typescript.TranspileOptions): typescript.TranspileOutput {
  const inline = /\n\/\/# sourceMappingURL=data:application\/json;base64,(\S+)\s*$/.exec(javascript);
  const body = inline ? javascript.slice(0, inline.index) : javascript;
  const { outputText, sourceMapText, diagnostics } = compiler.transpileModule(body, {
    ...options,
    compilerOptions: { ...options.compilerOptions, sourceMap: true },
    transformers: { before: [guard(compiler, cell.name)] },
  });
  const maps = [sourceMapText!, ...(inline ? [Buffer.from(inline[1]!, "base64").toString("utf8")] : [])];
  const text = withoutMapComment(outputText);
  remember({ ...cell, maps: maps.map((map) => JSON.parse(map)), lines: text.split("\n").length, indent: wrapper.length, offset: prefixLines });
  return { outputText: text, ...(diagnostics && { diagnostics }) };
}
