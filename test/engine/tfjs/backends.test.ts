import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { runForJson } from "../../../bench/child.js";
import { emptyFolder } from "../../support/folder.js";

/*
 * The choice depends on the installed packages: each test loads a backend in its own process,
 * with a copy of the library that has only the packages of the test.
 */

const versions = "4.22.0";

/** The result of loading a backend in a process: the choice with its warnings, or the error. */
interface Found {
  readonly name?: string;
  readonly warnings?: readonly string[];
  readonly kind?: string;
  readonly error?: string;
}

/** An installation with these of our packages, and with those in `made`: the code of each by its name. */
function installation(test: TestContext, packages: readonly string[], made: Readonly<Record<string, string>> = {}) {
  const folder = emptyFolder(test);
  for (const part of ["dist/src/engine/tfjs", "dist/src/base"]) cpSync(part, join(folder, part), { recursive: true });
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
    return runForJson(process.execPath, [
      "--preserve-symlinks",
      "--input-type=module",
      "--eval",
      code,
    ]) as Promise<Found>;
  };
  return { folder, ask };
}

function makePackage(folder: string, name: string, code: string): void {
  const place = join(folder, "node_modules", name);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, "package.json"), JSON.stringify({ name, version: versions, main: "index.cjs" }));
  writeFileSync(join(place, "index.cjs"), code);
}

/** A stand-in for the package of a backend, which starts if `begins` is true. */
const standIn = (begins: string) => `
  const util = require("util");
  exports.enableProdMode = () => {};
  exports.setBackend = async (name) => ${begins};`;

const core = [
  "@tensorflow/tfjs-core",
  "@tensorflow/tfjs-backend-cpu",
  "@types/seedrandom",
  "seedrandom",
  "long",
  "node-fetch",
  "whatwg-url",
  "tr46",
  "webidl-conversions",
];

describe("a named backend", () => {
  it("that is not installed is reported with the command that installs it", async (test) => {
    const { ask } = installation(test, []);
    assert.deepEqual(await ask('"wasm"'), {
      kind: "InputError",
      error:
        "backend: wasm needs the package @tensorflow/tfjs-backend-wasm, which is not installed: " +
        "npm install @tensorflow/tfjs-core @tensorflow/tfjs-backend-wasm",
    });
  });

  it("is not considered installed if the package is only an npm alias of that name", async (test) => {
    const { ask, folder } = installation(test, []);
    mkdirSync(join(folder, "node_modules/@tensorflow"), { recursive: true });
    symlinkSync(
      resolve("node_modules/@tensorflow/tfjs-node"),
      join(folder, "node_modules/@tensorflow/tfjs-node"),
      "junction",
    );
    assert.match(
      (await ask('"tensorflow"')).error!,
      /^backend: tensorflow needs the package @tensorflow\/tfjs-node, which is not installed/,
    );
  });

  it("that does not load is reported with the reason", async (test) => {
    const { ask } = installation(test, [], {
      "@tensorflow/tfjs-node": 'throw new Error("no native library\\nat line 2")',
      "@tensorflow/tfjs-backend-webgpu": "",
    });
    assert.deepEqual(await ask('"tensorflow"'), {
      kind: "InputError",
      error:
        "backend: found tensorflow, which does not work here (@tensorflow/tfjs-node 4.22.0: no native library), expected one that does",
    });
    assert.match(
      (await ask('"webgpu"')).error!,
      /^backend: found webgpu, which cannot run here \(Node .* has no navigator\.gpu\)/,
    );
  });

  it("can use the functions of util that Node 23 removed", async (test) => {
    const { ask } = installation(test, [], {
      "@tensorflow/tfjs-node": standIn('name === "tensorflow" && util.isNullOrUndefined(null) && util.isArray([])'),
    });
    assert.deepEqual(await ask('"tensorflow"'), { name: "tensorflow", warnings: [] });
  });
});

describe("without a named backend,", () => {
  it("the best one that works is chosen, with warnings about better ones that failed", async (test) => {
    const { ask } = installation(test, core, {
      "@tensorflow/tfjs-node-gpu": 'throw new Error("no CUDA")',
      "@tensorflow/tfjs-node": standIn("false"),
    });
    const { name, warnings } = await ask();
    assert.equal(name, "cpu");
    assert.equal(warnings!.length, 3);
    assert.match(
      warnings![0]!,
      /found tensorflow-gpu, which does not work here \(@tensorflow\/tfjs-node-gpu 4\.22\.0: no CUDA\)/,
    );
    assert.match(warnings![1]!, /found tensorflow, .*TensorFlow\.js could not begin to use it/);
    assert.match(warnings![2]!, /^tfjs runs on the backend cpu: plain JavaScript, .* for checks of small models only$/);
  });

  it("packages of the working directory take precedence over the library's own", async (test) => {
    const { ask } = installation(test, [], { "@tensorflow/tfjs-node": 'throw new Error("the library\'s")' });
    const project = emptyFolder(test);
    makePackage(project, "@tensorflow/tfjs-node", standIn('name === "tensorflow"'));
    assert.deepEqual(await ask("undefined", project), { name: "tensorflow", warnings: [] });
  });

  // Node also looks in the folders above that of the test.
  const above = existsSync(join(tmpdir(), "node_modules/@tensorflow")) && `${tmpdir()} has packages of tfjs`;
  it("an InputError says what to install if nothing is installed", { skip: above }, async (test) => {
    const { ask } = installation(test, []);
    const { kind, error } = await ask();
    assert.equal(kind, "InputError");
    assert.match(
      error!,
      /^engine: no backend of tfjs is installed; install one of these packages: @tensorflow\/tfjs-node-gpu, /,
    );
    assert.match(error!, /; npm install @tensorflow\/tfjs-core @tensorflow\/tfjs-backend-wasm needs nothing else$/);
  });
});
