import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packageFolder } from "../package-folder.js";

/*
 * A session spends most of its startup on loading the compiler and parsing the declarations of JavaScript and Node.
 * Both are always the same, so Node stores them in a file, a heap snapshot, which the first session has built in the
 * background and later ones start from.
 */

const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Parts of a snapshot. */
export const parts = {
  prepare: beside("./prepare.cjs"),
  start: beside("./start.cjs"),
  options: beside("../session/compiler-options.js"),
};

/** Path of the snapshot for this Node and this package, existing or not: in `sera-lab` in the user's cache folder. */
export function snapshotPath(): string {
  const { version } = createRequire(import.meta.url)("typescript-for-cells/package.json") as {
    readonly version: string;
  };
  const states = Object.values(parts).map((path) => statSync(path).mtimeMs);
  // Node may reject a snapshot built with other options.
  const key = JSON.stringify([
    process.version,
    process.arch,
    process.env["NODE_OPTIONS"],
    packageFolder,
    version,
    states,
  ]);
  return join(cacheFolder(), `session-${createHash("sha256").update(key).digest("hex").slice(0, 16)}.snapshot`);
}

/** The snapshot to start from, if it exists. */
export function findSnapshot(): string | undefined {
  const path = snapshotPath();
  return existsSync(path) ? path : undefined;
}

/** Builds the snapshot in a detached process. */
export function makeSnapshot(): void {
  spawn(process.execPath, [beside("./build.js")], { detached: true, stdio: "ignore" }).unref();
}

/** Removes a snapshot that sessions cannot start from. */
export function dropSnapshot(path: string): void {
  rmSync(path, { force: true });
}

function cacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  const caches = process.platform === "win32" ? LOCALAPPDATA : XDG_CACHE_HOME;
  return join(caches || join(homedir(), ".cache"), "sera-lab");
}
