import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import util from "node:util";
import { InputError } from "../../base/errors.js";
import { backendNames, type BackendName } from "./backend-names.js";
import type { Tf } from "./workbench.js";

/** A backend of TensorFlow.js. */
interface Backend {
  /** The package that provides it. */
  readonly package: string;
  /** What to install. */
  readonly install: string;
  /** Its name within TensorFlow.js. */
  readonly registeredAs: string;
  /** Why it cannot run, whatever is installed; undefined if it may run. */
  readonly obstacle?: () => string | undefined;
  /** Warning for the user if it is chosen because nothing better is available. */
  readonly caveat?: string;
}

const all: Readonly<Record<BackendName, Backend>> = {
  "tensorflow-gpu": {
    package: "@tensorflow/tfjs-node-gpu",
    install: "@tensorflow/tfjs-node-gpu",
    registeredAs: "tensorflow",
  },
  tensorflow: {
    package: "@tensorflow/tfjs-node",
    install: "@tensorflow/tfjs-node",
    registeredAs: "tensorflow",
  },
  webgpu: {
    package: "@tensorflow/tfjs-backend-webgpu",
    install: "@tensorflow/tfjs-core @tensorflow/tfjs-backend-webgpu",
    registeredAs: "webgpu",
    obstacle: () =>
      "gpu" in ((globalThis as { navigator?: object }).navigator ?? {})
        ? undefined
        : `Node ${process.versions.node} has no navigator.gpu`,
  },
  wasm: {
    package: "@tensorflow/tfjs-backend-wasm",
    install: "@tensorflow/tfjs-core @tensorflow/tfjs-backend-wasm",
    registeredAs: "wasm",
  },
  cpu: {
    package: "@tensorflow/tfjs-backend-cpu",
    install: "@tensorflow/tfjs-core @tensorflow/tfjs-backend-cpu",
    registeredAs: "cpu",
    caveat: "plain JavaScript, hundreds of times slower than ONNX Runtime: for checks of small models only",
  },
};

/** A loaded backend. */
export interface LoadedBackend {
  readonly name: BackendName;
  readonly tf: Tf;
  /** Warnings for the user about the choice; empty if there are none. */
  readonly warnings: readonly string[];
}

/** Folders to search for packages: that of the user's project or notebook, then this library's own. */
const folders = () => [process.cwd(), fileURLToPath(new URL(".", import.meta.url))];

/**
 * Loads a backend by name, or the best one that is installed and works.
 *
 * @throws InputError if the named one, or every one, is not installed or does not work, with the reasons
 */
export async function loadBackend(wanted?: BackendName): Promise<LoadedBackend> {
  if (wanted !== undefined) return { name: wanted, tf: await load(wanted), warnings: [] };
  const failures: string[] = [];
  for (const name of backendNames) {
    if (findPackage(all[name].package) === undefined) continue;
    try {
      const tf = await load(name);
      const { caveat } = all[name];
      return { name, tf, warnings: [...failures, ...(caveat ? [`tfjs runs on the backend ${name}: ${caveat}`] : [])] };
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  throw new InputError(
    failures.length > 0
      ? `engine: no backend of tfjs works:\n${failures.join("\n")}`
      : `engine: no backend of tfjs is installed; install one of these packages: ${backendNames.map((name) => all[name].package).join(", ")}; ` +
          `npm install ${all.wasm.install} needs nothing else`,
  );
}

/** A backend's package, its installed version, if any, and how to install it. */
export function installed(backend: BackendName): {
  readonly name: string;
  readonly version: string | undefined;
  readonly install: string;
} {
  const { package: name, install } = all[backend];
  return { name, version: findPackage(name)?.version, install };
}

async function load(name: BackendName): Promise<Tf> {
  const backend = all[name];
  const found = findPackage(backend.package);
  if (found === undefined) {
    throw new InputError(
      `backend: ${name} needs the package ${backend.package}, which is not installed: npm install ${backend.install}`,
    );
  }
  const obstacle = backend.obstacle?.();
  if (obstacle !== undefined)
    throw new InputError(`backend: found ${name}, which cannot run here (${obstacle}), expected one that can`);
  try {
    return await start(backend, createRequire(join(found.folder, "package.json")));
  } catch (error) {
    throw new InputError(
      `backend: found ${name}, which does not work here (${backend.package} ${found.version}: ${(error as Error).message.split("\n")[0]}), expected one that does`,
      { cause: error },
    );
  }
}

async function start({ package: name, registeredAs }: Backend, require: NodeJS.Require): Promise<Tf> {
  restoreUtil();
  // The core that the backend itself loads: another copy would not have the backend registered.
  const whole = require(name) as Partial<Tf>;
  const tf = whole.setBackend ? (whole as Tf) : (require("@tensorflow/tfjs-core") as Tf);
  tf.enableProdMode();
  if (!(await tf.setBackend(registeredAs))) throw new Error("TensorFlow.js could not begin to use it");
  return tf;
}

/** tfjs-node calls functions that Node 23 removed from `util`. */
function restoreUtil(): void {
  const removed = { isNullOrUndefined: (x: unknown) => x == null, isArray: Array.isArray };
  for (const [name, f] of Object.entries(removed)) {
    if (!(name in util)) Object.assign(util, { [name]: f });
  }
}

/** Where a package is installed; ignores a package that only has this name as an npm alias. */
function findPackage(name: string): { readonly folder: string; readonly version: string } | undefined {
  for (const from of folders()) {
    for (const modules of createRequire(join(from, "package.json")).resolve.paths(name) ?? []) {
      const folder = join(modules, name);
      const file = join(folder, "package.json");
      if (!existsSync(file)) continue;
      const found = JSON.parse(readFileSync(file, "utf8")) as { name: string; version: string };
      if (found.name === name) return { folder, version: found.version };
    }
  }
  return undefined;
}
