import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, it } from "node:test";
import { json, run, subfolder, workFolder } from "../support/command.js";

const work = workFolder();
const specIn = (dataFolder: string) => join(dataFolder, "kernels/sera");

/** An empty environment folder for `--prefix`, and the place of its kernelspec. */
function environment(name: string): { prefix: string; spec: string } {
  const prefix = subfolder(work, name);
  return { prefix, spec: specIn(join(prefix, "share/jupyter")) };
}

/** Writes a kernelspec before the command runs. */
function writeSpec(folder: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "kernel.json"), text);
}

describe("sera kernel install", () => {
  it("writes a kernelspec that starts this Node and this package from anywhere", async () => {
    const { prefix, spec } = environment("anywhere");
    const { code, stdout, stderr } = await run(["kernel", "install", "--prefix", "anywhere"], work);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^installed the kernel "SeRA \(TypeScript\)" in (.*)\n/);
    assert.ok(stdout.includes(spec), stdout);
    const { argv, language, interrupt_mode } = json(spec, "kernel.json");
    assert.deepEqual(argv, [process.execPath, resolve("dist/src/kernel/main.js"), "{connection_file}"]);
    assert.deepEqual([language, interrupt_mode], ["typescript", "message"]);
    assert.deepEqual(readdirSync(spec).sort(), ["kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"]);
    for (const size of [32, 64]) {
      const png = readFileSync(join(spec, `logo-${size}x${size}.png`));
      assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [size, size]);
    }
    assert.ok(existsSync(prefix));
  });

  it("installs for the user by default, and for the active environment with --sys-prefix", async () => {
    const user = subfolder(work, "user");
    const { prefix, spec } = environment("active");
    const env = { JUPYTER_DATA_DIR: user, VIRTUAL_ENV: prefix };
    assert.equal((await run(["kernel", "install"], work, env)).code, 0);
    assert.deepEqual([existsSync(specIn(user)), existsSync(spec)], [true, false]);
    assert.equal((await run(["kernel", "install", "--sys-prefix"], work, env)).code, 0);
    assert.equal(existsSync(spec), true);
  });

  it("replaces an older kernelspec of its own, and an unreadable one", async () => {
    const { prefix, spec } = environment("older");
    for (const text of [
      JSON.stringify({ argv: ["node", "/old/dist/src/kernel/main.js"], display_name: "SeRA" }),
      "{",
    ]) {
      writeSpec(spec, text);
      assert.equal((await run(["kernel", "install", "--prefix", prefix], work)).code, 0);
      assert.equal(json(spec, "kernel.json").display_name, "SeRA (TypeScript)");
    }
  });

  it("refuses to replace another program's kernel or a file in the way", async () => {
    const { prefix, spec } = environment("foreign");
    const foreign = JSON.stringify({ argv: ["python", "-m", "sera"], display_name: "Sera of Python" });
    writeSpec(spec, foreign);
    const refused = await run(["kernel", "install", "--prefix", prefix], work);
    assert.equal(refused.code, 1);
    assert.equal(
      refused.stderr,
      `sera: ${spec}: found the kernel "Sera of Python" of another program, expected sera-lab's or none; move it away\n`,
    );
    assert.equal(readFileSync(join(spec, "kernel.json"), "utf8"), foreign);

    writeFileSync(join(work, "file"), "");
    const blocked = await run(["kernel", "install", "--prefix", "file"], work);
    assert.equal(blocked.code, 1);
    assert.match(
      blocked.stderr,
      /^sera: .*file.*: found a file in the way \(.*\), expected a folder that can be written; install/,
    );
  });

  it("refuses two locations at once", async () => {
    const { code, stderr } = await run(["kernel", "install", "--user", "--prefix", "x"], work);
    assert.equal(code, 1);
    assert.match(stderr, /option '--user' cannot be used with option '--prefix <folder>'/);
  });
});

describe("sera kernel uninstall", () => {
  it("removes what install wrote, and says if there is nothing to remove", async () => {
    const { prefix, spec } = environment("removed");
    await run(["kernel", "install", "--prefix", prefix], work);
    assert.deepEqual(await run(["kernel", "uninstall", "--prefix", prefix], work), {
      code: 0,
      signal: null,
      stdout: `removed ${spec}\n`,
      stderr: "",
    });
    assert.equal(existsSync(spec), false);
    const { code, stdout } = await run(["kernel", "uninstall", "--prefix", prefix], work);
    assert.deepEqual([code, stdout], [0, `nothing to remove: there is no ${spec}\n`]);
  });

  it("refuses to remove another program's kernel", async () => {
    const { prefix, spec } = environment("kept");
    writeSpec(spec, JSON.stringify({ argv: ["python", "-m", "sera"], display_name: "Sera of Python" }));
    const { code, stderr } = await run(["kernel", "uninstall", "--prefix", prefix], work);
    assert.equal(code, 1);
    assert.match(stderr, /of another program/);
    assert.equal(existsSync(join(spec, "kernel.json")), true);
  });
});
