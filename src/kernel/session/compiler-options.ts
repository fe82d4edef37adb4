import { createRequire } from "node:module";
import { dirname } from "node:path";
import type ts from "typescript-for-cells";
import { compiler } from "./typescript.js";

/** How cells are checked and compiled. */
export function compilerOptions(): ts.CompilerOptions {
  const types = dirname(dirname(createRequire(import.meta.url).resolve("@types/node/package.json")));
  return {
    target: compiler.ScriptTarget.ES2022,
    module: compiler.ModuleKind.ESNext,
    moduleResolution: compiler.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    resolveJsonModule: true,
    allowJs: true,
    esModuleInterop: true,
    lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"],
    typeRoots: [types],
    types: ["node"],
    strict: true,
    // A short callback in a cell needs no annotations.
    noImplicitAny: false,
    skipLibCheck: true,
    experimentalDecorators: true,
    jsx: compiler.JsxEmit.React,
    declaration: true,
    sourceMap: true,
    outDir: "/__compiled__",
    newLine: compiler.NewLineKind.LineFeed,
  };
}
