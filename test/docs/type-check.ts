import { mkdirSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import type tsModule from "typescript-for-cells";
import { emptyFolder } from "../support/folder.js";

export const ts = createRequire(import.meta.url)("typescript-for-cells") as typeof tsModule;

const compilerOptions: tsModule.CompilerOptions = {
  ...{
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
  },
  // As in a cell: only parameters may be untyped.
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

/** Creates a program from files in memory, by their paths. */
export function programOf(files: ReadonlyMap<string, string>): tsModule.Program {
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

/** Creates a folder in which `sera-lab` resolves to this package. */
export function userFolder(test: Parameters<typeof emptyFolder>[0]): string {
  const folder = emptyFolder(test);
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(resolve("."), join(folder, "node_modules/sera-lab"), "dir");
  return folder;
}

/** Returns the syntax and type errors of a file of a program. */
export function typeErrors(
  program: tsModule.Program,
  file: string,
): { readonly line: number; readonly message: string }[] {
  const source = program.getSourceFile(file)!;
  const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  return found.map(({ start, messageText }) => ({
    line: source.getLineAndCharacterOfPosition(start ?? 0).line,
    message: ts.flattenDiagnosticMessageText(messageText, "\n"),
  }));
}
