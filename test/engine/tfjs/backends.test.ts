import assert from "node:assert/strict";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { runForJson } from "../../../bench/child.js";
import { emptyFolder } from "../../support/folder.js";

/*
 * What is found depends on what is installed: each test loads a backend in a process of its own,
 * with a copy of the library that has the packages of the test and no others.
 */

const versions = "4.22.0";

/** What a process finds when it asks for a backend: the choice with its warnings, or the error. */
interface Found {
  readonly name?: string;
  readonly warnings?: readonly string[];
  readonly kind?: string;
  readonly error?: string;
}

/** An installation with these packages of ours, and what is made of others: a file each, by name. */
function installation(test: TestContext, packages: readonly string[], made: Readonly<Record<string, string>> = {}) {
  const folder = emptyFolder(test);
  cpSync("dist/src", join(folder, "dist/src"), { recursive: true });
  for (const name of packages) {
    mkdirSync(join(folder, "node_modules", name, ".."), { recursive: true });
    symlinkSync(resolve("node_modules", name), join(folder, "node_modules", name), "junction");
  }
  for (const [name, code] of Object.entries(made)) makePackage(folder, name, code);
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const ask = (backend = "undefined", cwd = folder) => {
    const url = JSON.stringify(join(folder, "dist/src/engine/tfjs/backends.js"));
    const code = `
      process.chdir(${JSON.stringify(cwd)});
      const { loadBackend } = await import(${url});
      const found = await loadBackend(${backend}).then(
        ({ name, warnings }) => ({ name, warnings }),
        (error) => ({ kind: error.name, error: error.message }),
      );
      console.log(JSON.stringify(found));`;
    return runForJson(process.execPath, ["--preserve-symlinks", "--input-type=module", "--eval", code]) as Promise<Found>;
  };
  return { folder, ask };
}

function makePackage(folder: string, name: string, code: string): void {
  const place = join(folder, "node_modules", name);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, "package.json"), JSON.stringify({ name, version: versions, main: "index.cjs" }));
  writeFileSync(join(place, "index.cjs"), code);
}
