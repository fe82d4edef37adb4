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

/** Node's loader of CommonJS, of which only a part is in its types. */
interface Loader {
  _resolveFilename(request: string, parent: NodeModule | undefined, isMain: boolean, options?: object): string;
  _extensions: Record<
    string,
    (module: NodeModule & { _compile(code: string, file: string): void }, file: string) => void
  >;
  _cache: Record<string, NodeModule>;
}

const loader = Module as unknown as Loader;
/** Extensions of files that are compiled wherever they lie, and of those that are if they are the user's own. */
const typescript = [".ts", ".tsx", ".mts", ".cts"];
const javascript = [".js", ".jsx", ".mjs", ".cjs"];
const compiled: Record<string, string> = { ".js": ".ts", ".jsx": ".tsx", ".mjs": ".mts", ".cjs": ".cts" };

/** Each file of the user's own that a cell has imported, and by what a change of it is known. */
const loaded = new Map<string, string>();

/**
 * Lets cells import what Node alone would not find or not understand: TypeScript files, anywhere;
 * this library, wherever the notebook lies; packages that offer themselves to `import` only.
 *
 * @param adopt is given each module of an installed package when it has been loaded
 */
export function installModuleHooks(adopt: (path: string, exports: unknown) => void): void {
  const resolveFilename = loader._resolveFilename.bind(loader);
  loader._resolveFilename = (request, parent, isMain, options) => {
    try {
      return resolveFilename(request, parent, isMain, options);
    } catch (error) {
      // What an installed package misses is its own affair: some try for what they can do without.
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
      // As CommonJS, also where it is an ES module: those cannot be loaded a second time.
      const code = compile(file);
      // One that waits at its top can only be imported as what it is.
      if (waitsAtTop(code))
        throw Object.assign(new Error(`${file} waits while it is loaded`), { code: "ERR_REQUIRE_ASYNC_MODULE" });
      module._compile(code, file);
    };
  }
}

/** Whether a file is the user's own, which may change under a running notebook, and not of an installed package. */
function isOwn(file: string): boolean {
  return !file.includes(`${sep}node_modules${sep}`) && !file.startsWith(join(packageFolder, "dist", sep));
}

function stateOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found ? `${found.mtimeMs}:${found.size}:${found.ino}` : "none";
}

/** Forgets the user's files that were loaded if one of them has changed since, so that the next import has the new content. */
export function forgetChangedFiles(): void {
  if (![...loaded].some(([file, state]) => stateOf(file) !== state)) return;
  for (const file of loaded.keys()) delete loader._cache[file];
  loaded.clear();
}

function compile(file: string): string {
  const source = readFileSync(file, "utf8");
  loaded.set(file, stateOf(file));
  const { outputText, sourceMapText, diagnostics } = compiler.transpileModule(source, {
    // The compiler would leave an ES module as it is by its extension.
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

/** Whether compiled code waits outside of functions. */
function waitsAtTop(code: string): boolean {
  if (!code.includes("await")) return false;
  const waits = (node: ts.Node): boolean =>
    compiler.isAwaitExpression(node) ||
    (!compiler.isFunctionLike(node) && (compiler.forEachChild(node, waits) ?? false));
  return compiler.createSourceFile("file.js", code, compiler.ScriptTarget.ES2022).statements.some(waits);
}

/** TypeScript's way to import `x.ts` is to write `x.js`. */
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

/** What a package offers to `import` only, if that is why it could not be required. */
function importable(request: string, from: string, error: unknown): string | undefined {
  if ((error as NodeJS.ErrnoException).code !== "ERR_PACKAGE_PATH_NOT_EXPORTED") return undefined;
  try {
    const url = resolve(request, pathToFileURL(from).href);
    return url.startsWith("file:") ? fileURLToPath(url) : undefined;
  } catch {
    return undefined;
  }
}

/** The library itself, which may import itself by its name, and the packages that came with it. */
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
