import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { describe, it } from "node:test";
import { run, runProgram, subfolder, workFolder } from "../../support/command.js";

const work = workFolder();

/** Creates a data folder of Jupyter with a kernelspec that starts `argv`. */
function dataFolder(name: string, argv: readonly string[], displayName = "SeRA (TypeScript)"): string {
  const folder = subfolder(work, name);
  mkdirSync(join(folder, "kernels/sera"), { recursive: true });
  writeFileSync(join(folder, "kernels/sera/kernel.json"), JSON.stringify({ argv, display_name: displayName }));
  return folder;
}

/** Creates an installation that lacks some packages. */
function installationWithout(name: string, missing: readonly string[]): string {
  const folder = subfolder(work, name);
  cpSync("dist/src", join(folder, "dist/src"), { recursive: true });
  for (const part of ["package.json", "kernels"]) cpSync(part, join(folder, part), { recursive: true });
  const packages = readdirSync("node_modules").filter((name) => !name.startsWith(".") && !missing.includes(name));
  mkdirSync(join(folder, "node_modules"));
  for (const name of packages)
    symlinkSync(resolve("node_modules", name), join(folder, "node_modules", name), "junction");
  return folder;
}

const kernel = resolve("dist/src/kernel/main.js");

describe("sera kernel doctor", () => {
  it("reports a working kernel, a working provider, and the owner of each kernelspec", async () => {
    const other = subfolder(work, "other");
    const otherKernel = join(other, "dist/src/kernel/main.js");
    mkdirSync(join(other, "dist/src/kernel"), { recursive: true });
    writeFileSync(otherKernel, "");
    writeFileSync(join(other, "package.json"), JSON.stringify({ version: "0.0.9" }));
    const ours = dataFolder("ours", [process.execPath, kernel]);
    const older = dataFolder("older", [process.execPath, otherKernel]);
    const foreign = dataFolder("foreign", ["python", "-m", "sera"], "Sera of Python");
    const { code, stdout } = await run(["kernel", "doctor"], work, {
      JUPYTER_PATH: [ours, older, foreign].join(delimiter),
      JUPYTER_DATA_DIR: subfolder(work, "none"),
    });
    assert.equal(code, 0, stdout);
    const lines = stdout.split("\n");
    const has = (line: string) => assert.ok(lines.includes(line), `${line}\n--- not in\n${stdout}`);
    has(`✓ Node ${process.versions.node} (${process.execPath})`);
    has("✓ tslab 1.0.22");
    assert.match(stdout, /^✓ the kernel starts and runs a cell, in \d+\.\d s$/m);
    has(`✓ ${join(ours, "kernels/sera")}: this sera-lab`);
    has(`– ${join(older, "kernels/sera")}: another sera-lab, 0.0.9 in ${other}`);
    has(`    to use this one: sera kernel install --prefix "${older}"`);
    has(`– ${join(foreign, "kernels/sera")}: the kernel "Sera of Python" of another program`);
    assert.match(stdout, /^✓ cpu \(onnxruntime-node \d+\.\d+\.\d+\): matrix products at \d+(\.\d)? GFLOPS$/m);
    has("Nothing is in the kernel's way.");
  });

  it("reports each problem with what to do about it", async () => {
    const broken = installationWithout("broken", ["zeromq", "danfojs-node"]);
    const user = dataFolder("user", [process.execPath, "/gone/dist/src/kernel/main.js"]);
    const old = dataFolder("old", ["/gone/node", kernel]);
    const unreadable = dataFolder("unreadable", []);
    writeFileSync(join(unreadable, "kernels/sera/kernel.json"), "{");
    const { code, stdout } = await runProgram(join(broken, "dist/src/cli/main.js"), ["kernel", "doctor"], work, {
      JUPYTER_PATH: [old, unreadable].join(delimiter),
      JUPYTER_DATA_DIR: user,
    });
    assert.equal(code, 1, stdout);
    const has = (text: string) => assert.ok(stdout.includes(text), `${text}\n--- not in\n${stdout}`);
    has(`✗ zeromq is not installed\n    npm install in ${broken}\n`);
    has("✗ the kernel does not run a cell: Cannot find package 'zeromq'");
    has(
      `✗ ${join(user, "kernels/sera")}: its kernel /gone/dist/src/kernel/main.js is gone\n    sera kernel install --user\n`,
    );
    has(`✗ ${join(old, "kernels/sera")}: its Node /gone/node is gone\n    sera kernel install --prefix "${old}"\n`);
    has(`✗ ${join(unreadable, "kernels/sera/kernel.json")}: found no kernelspec, expected a JSON object`);
    has("– danfojs-node is not installed\n");
    has("✗ marks what is in the kernel's way.\n");
  });
});
