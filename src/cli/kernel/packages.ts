import { createRequire } from "node:module";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageFolder } from "../../kernel/package-folder.js";

const require = createRequire(join(packageFolder, "package.json"));

/** The version in a folder's package.json; undefined if there is none. */
export function versionIn(folder: string): string | undefined {
  const file = join(folder, "package.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { version?: string }).version : undefined;
}

/** The version of a package as resolved from sera-lab; undefined if it is not installed. */
export function versionOf(name: string): string | undefined {
  const folders = require.resolve.paths(name) ?? [];
  return folders.map((folder) => versionIn(join(folder, name))).find((version) => version !== undefined);
}

/** Loads a package as resolved from sera-lab. */
export function load(name: string): unknown {
  return require(name);
}

/** The oldest Node version that sera-lab supports, as numbers. */
export function oldestNode(): number[] {
  const { engines } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as {
    engines: { node: string };
  };
  return engines.node
    .replace(/[^\d.]/g, "")
    .split(".")
    .map(Number);
}

/** The package folder of a kernel program …/dist/src/kernel/main.js. */
export function packageOf(program: string): string {
  return join(dirname(program), "..", "..", "..");
}
