import Module from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { types } from "node:util";
import { importedName, importName, loadName, metaName } from "./rewrite.js";
import { define, link } from "./scope.js";

type Bindings = readonly (readonly [imported: string, local: string])[];
type Exports = Readonly<Record<string, unknown>>;

/** Node's module variables that a cell can use without an import. */
export interface CellModule {
  readonly require: NodeJS.Require;
  readonly filename: string;
  readonly dirname: string;
}

/** Lets compiled cells import as if from a file in the notebook's folder. */
export function offerImports(folder: string): CellModule {
  const filename = join(folder, "notebook.ts");
  const require = Module.createRequire(filename);
  let pending: Promise<void> | undefined;
  /** Binds at once if possible; otherwise the cell must await {@link imported}. */
  const load = (name: string, bindings: Bindings): boolean => {
    try {
      bind(require(name) as unknown, bindings);
      return false;
    } catch (error) {
      if (!isAsynchronous(error)) throw error;
      pending = import(urlOf(require, name)).then((found: unknown) => bind(found, bindings));
      return true;
    }
  };
  const dynamic = async (name: string): Promise<unknown> => {
    try {
      return namespaceOf(require(String(name)) as unknown);
    } catch (error) {
      if (!isAsynchronous(error)) throw error;
      return import(urlOf(require, name));
    }
  };
  const meta = {
    url: pathToFileURL(filename).href,
    filename,
    dirname: dirname(filename),
    resolve: (name: string) => urlOf(require, name),
  };
  const offered = { [importName]: load, [importedName]: () => pending, [loadName]: dynamic, [metaName]: meta };
  for (const [name, value] of Object.entries(offered)) Object.defineProperty(globalThis, name, { value });
  return { require, filename, dirname: folder };
}

function urlOf(require: NodeJS.Require, name: string): string {
  const found = require.resolve(name);
  return found.startsWith("/") || /^[a-z]:\\/i.test(found) ? pathToFileURL(found).href : found;
}

/** Whether loading failed because a module with a top-level await cannot be required. */
function isAsynchronous(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === "ERR_REQUIRE_ASYNC_MODULE";
}

/** A module's exports as in `import * as`; the exports of a CommonJS module are also the default export. */
function namespaceOf(found: unknown): Exports {
  if (types.isModuleNamespaceObject(found) || (isObject(found) && "__esModule" in found)) return found as Exports;
  return { ...(isObject(found) ? found : {}), default: found };
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/**
 * Binds the cell's names to a module's exports. A function is bound by value, because a live binding is slow to call;
 * all other bindings are live.
 */
function bind(found: unknown, bindings: Bindings): void {
  const exports = namespaceOf(found);
  for (const [imported, local] of bindings) {
    if (imported === "*") define(local, exports);
    else if (typeof exports[imported] === "function") define(local, exports[imported]);
    else link(local, () => exports[imported]);
  }
}
