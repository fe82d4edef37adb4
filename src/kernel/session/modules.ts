import { readFileSync, statSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { extname, join, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { resolve } from "import-meta-resolve";
import type ts from "typescript-for-cells";
import { InputError } from "../../base/errors.js";
import { packageFolder } from "../package-folder.js";
import { guard } from "./guards.js";
import { remember } from "./positions.js";
import { compiler } from "./typescript.js";

/** Node's CommonJS loader, which its types cover only in part. */
interface Loader {
  _resolveFilename(request: string, parent: NodeModule | undefined, isMain: boolean, options?: object): string;
  _extensions: Record<
    string,
    (module: NodeModule & { _compile(code: string, file: string): void }, file: string) => void
  >;
  _cache: Record<string, NodeModule>;
}

const loader = Module as unknown as Loader;
/** Extensions of files that are always compiled, and of files compiled only if they are the user's own. */
const typescript = [".ts", ".tsx", ".mts", ".cts"];
const javascript = [".js", ".jsx", ".mjs", ".cjs"];
const compiled: Record<string, string> = { ".js": ".ts", ".jsx": ".tsx", ".mjs": ".mts", ".cjs": ".cts" };

/** The user's own files that a cell imported, each with a fingerprint that reveals changes. */
const loaded = new Map<string, string>();

/**
 * Lets cells import what Node alone would not find or understand: TypeScript files anywhere; this library, wherever the
 * notebook is; packages that support only `import`.
 *
 * @param adopt called with each module of an installed package after loading
 */
export function installModuleHooks(adopt: (path: string, exports: unknown) => void): void {
  const resolveFilename = loader._resolveFilename.bind(loader);
  loader._resolveFilename = (request, parent, isMain, options) => {
    try {
      return resolveFilename(request, parent, isMain, options);
    } catch (error) {
      // Leave errors within installed packages alone: some try to load optional dependencies.
      if (!parent?.filename || parent.filename.includes(`${sep}node_modules${sep}`)) throw error;
      const found =
        typescriptTwin(request, parent, resolveFilename) ??
        importable(request, parent.filename, error) ??
        fromLibrary(request);
      if (found === undefined) throw error;
      return found;
    }
  };
  for (const extension of typescript)
    loader._extensions[extension] = (module, file) => module._compile(compile(file), file);
  for (const extension of [...javascript, ".json"]) {
    const load = loader._extensions[extension] ?? loader._extensions[".js"]!;
    loader._extensions[extension] = (module, file) => {
      if (!isOwn(file)) {
        load(module, file);
        adopt(file, module.exports);
        return;
      }
      loaded.set(file, stateOf(file));
      if (extension === ".json") return load(module, file);
      // Compile to CommonJS, even an ES module, because ES modules cannot be loaded a second time.
      const code = compile(file);
      // A module with a top-level await can only be imported as an ES module.
      if (waitsAtTop(code))
        throw Object.assign(new Error(`${file} waits while it is loaded`), { code: "ERR_REQUIRE_ASYNC_MODULE" });
      module._compile(code, file);
    };
  }
}

/** Whether a file is the user's own, which may change while a notebook runs, rather than part of an installed package. */
function isOwn(file: string): boolean {
  return !file.includes(`${sep}node_modules${sep}`) && !file.startsWith(join(packageFolder, "dist", sep));
}

function stateOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found ? `${found.mtimeMs}:${found.size}:${found.ino}` : "none";
}

/** Drops all loaded files of the user if one has changed since, so that the next import gets the new content. */
export function forgetChangedFiles(): void {
  if (![...loaded].some(([file, state]) => stateOf(file) !== state)) return;
  for (const file of loaded.keys()) delete loader._cache[file];
  loaded.clear();
}

function compile(file: string): string {
  const source = readFileSync(file, "utf8");
  loaded.set(file, stateOf(file));
  const { outputText, sourceMapText, diagnostics } = compiler.transpileModule(source, {
    // By its extension, the compiler would leave an ES module unchanged.
    fileName: file.replace(/\.[cm](?=[jt]s$)/, "."),
    reportDiagnostics: true,
    compilerOptions: {
      module: compiler.ModuleKind.CommonJS,
      target: compiler.ScriptTarget.ES2022,
      jsx: compiler.JsxEmit.React,
      allowJs: true,
      esModuleInterop: true,
      experimentalDecorators: true,
      sourceMap: true,
    },
    transformers: { before: [guard(compiler, file)] },
  });
  const [first] = diagnostics ?? [];
  if (first) {
    const { line, character } = compiler.getLineAndCharacterOfPosition(first.file!, first.start!);
    throw new InputError(
      `${file}:${line + 1}:${character + 1}: ${compiler.flattenDiagnosticMessageText(first.messageText, "\n")}`,
    );
  }
  const text = outputText.replace(/\n\/\/# sourceMappingURL=\S+\s*$/, "");
  remember({ name: file, title: file, source, lines: text.split("\n").length, map: JSON.parse(sourceMapText!) });
  return text;
}

/** Whether compiled code has a top-level await. */
function waitsAtTop(code: string): boolean {
  if (!code.includes("await")) return false;
  const waits = (node: ts.Node): boolean =>
    compiler.isAwaitExpression(node) ||
    (!compiler.isFunctionLike(node) && (compiler.forEachChild(node, waits) ?? false));
  return compiler.createSourceFile("file.js", code, compiler.ScriptTarget.ES2022).statements.some(waits);
}

/** The `x.ts` that TypeScript code imports as `x.js`. */
function typescriptTwin(
  request: string,
  parent: NodeModule | undefined,
  resolveFilename: Loader["_resolveFilename"],
): string | undefined {
  const extension = compiled[extname(request)];
  if (!extension || !/^\.{0,2}\//.test(request)) return undefined;
  try {
    return resolveFilename(request.slice(0, -extname(request).length) + extension, parent, false);
  } catch {
    return undefined;
  }
}

/** A package's `import`-only entry, if that is why it could not be required. */
function importable(request: string, from: string, error: unknown): string | undefined {
  if ((error as NodeJS.ErrnoException).code !== "ERR_PACKAGE_PATH_NOT_EXPORTED") return undefined;
  try {
    const url = resolve(request, pathToFileURL(from).href);
    return url.startsWith("file:") ? fileURLToPath(url) : undefined;
  } catch {
    return undefined;
  }
}

/** Resolves the library itself, which may import itself by name, and its dependencies. */
function fromLibrary(request: string): string | undefined {
  if (!isPackage(request)) return undefined;
  const from = join(packageFolder, "package.json");
  try {
    return createRequire(from).resolve(request);
  } catch (error) {
    return importable(request, from, error);
  }
}

function isPackage(request: string): boolean {
  return !/^([./]|[a-zA-Z]:[\\/])/.test(request);
}
