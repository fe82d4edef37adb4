import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setPriority } from "node:os";
import { basename, dirname, join } from "node:path";
import { compilerOptions } from "../session/compiler-options.js";
import { parts, snapshotPath } from "./snapshot.js";

/*
 * Builds the snapshot that sessions start from: `node build.js`. If this fails, sessions start without it.
 */

/** Milliseconds after which a process building a snapshot is assumed dead. */
const patience = 120_000;
/** Milliseconds after which an unused snapshot is removed. */
const lifetime = 30 * 24 * 3600_000;
/** Maximum number of snapshots, each 40 MB; the most recently used are kept. */
const mostKept = 8;

const path = snapshotPath();
const folder = dirname(path);
const workshop = `${path}.making`;
if (enter()) {
  try {
    // The user's cells come first.
    setPriority(19);
    make();
    removeOld();
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

/** Creates the working folder, unless another process is working there. */
function enter(): boolean {
  mkdirSync(folder, { recursive: true });
  const found = statSync(workshop, { throwIfNoEntry: false });
  if (found && Date.now() - found.mtimeMs > patience) rmSync(workshop, { recursive: true, force: true });
  try {
    mkdirSync(workshop);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function make(): void {
  const script = join(workshop, "script.js");
  const made = join(workshop, basename(path));
  writeFileSync(script, text());
  const { status, stderr } = spawnSync(process.execPath, ["--snapshot-blob", made, "--build-snapshot", script], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`node --build-snapshot ended with exit code ${status}: ${stderr}`);
  renameSync(made, path);
}

/** Bundles everything in the snapshot into one script. */
function text(): string {
  const compiler = createRequire(import.meta.url).resolve("typescript-for-cells");
  const quoted = (value: unknown) => JSON.stringify(value);
  return `
const compiler = (() => {
  const module = { exports: {} };
  ((exports, require, module, __filename, __dirname) => {
${readFileSync(compiler, "utf8")}
  })(module.exports, require, module, ${quoted(compiler)}, ${quoted(dirname(compiler))});
  return module.exports;
})();
((exports, options, start) => {
${readFileSync(parts.prepare, "utf8")}
})({}, ${quoted(compilerOptions())}, ${quoted(parts.start)});
`;
}

function removeOld(): void {
  const names = readdirSync(folder).filter((each) => each.endsWith(".snapshot"));
  const usedAt = (name: string) => {
    const { atimeMs, mtimeMs } = statSync(join(folder, name));
    return Math.max(atimeMs, mtimeMs);
  };
  const newestFirst = names.map((name) => ({ name, used: usedAt(name) })).sort((a, b) => b.used - a.used);
  for (const [i, { name, used }] of newestFirst.entries()) {
    if (i >= mostKept || Date.now() - used > lifetime) rmSync(join(folder, name), { force: true });
  }
}
