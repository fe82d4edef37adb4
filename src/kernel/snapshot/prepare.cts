import type ts from "typescript-for-cells";
import v8 = require("node:v8");
import nodeModule = require("node:module");

/*
 * The part of a snapshot's script that follows the compiler; see `build.ts`. It has the compiler parse
 * and check a first cell, so that a session begins with the declarations of JavaScript and Node parsed.
 * A snapshot's script can load no files of its own as modules, hence this format.
 */

/** What the script begins with. */
declare const compiler: typeof ts;
declare const options: ts.CompilerOptions;
/** The path of `start.cjs`. */
declare const start: string;

const cell = compiler.sys.resolvePath("/__cell__.ts");
const code = "export const first: number[] = [1].map((x) => x + 1);";
const readFile = (path: string) => (path === cell ? code : compiler.sys.readFile(path));

const documents = compiler.createDocumentRegistry(compiler.sys.useCaseSensitiveFileNames);
const service = compiler.createLanguageService(
  {
    getCompilationSettings: () => options,
    getScriptFileNames: () => [cell],
    // As a session calls the version of an installed file.
    getScriptVersion: () => "installed",
    getScriptSnapshot: (path) => {
      const text = readFile(path);
      return text === undefined ? undefined : compiler.ScriptSnapshot.fromString(text);
    },
    getDefaultLibFileName: compiler.getDefaultLibFilePath,
    getCurrentDirectory: () => "/",
    fileExists: (path) => path === cell || compiler.sys.fileExists(path),
    readFile,
    directoryExists: compiler.sys.directoryExists,
    getDirectories: compiler.sys.getDirectories,
    realpath: compiler.sys.realpath!,
  },
  documents,
);
const program = service.getProgram()!;
const file = program.getSourceFile(cell)!;
program.getSemanticDiagnostics(file);
program.emit(file, () => {});

Object.defineProperty(globalThis, Symbol.for("sera-lab.compiler"), { value: { compiler, documents } });
v8.startupSnapshot.setDeserializeMainFunction(() => nodeModule.createRequire(start)(start));
