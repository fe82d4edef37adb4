import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { startKernel } from "../../support/jupyter-client.js";

const caches = mkdtempSync(join(tmpdir(), "sera-caches-"));
after(() => rmSync(caches, { recursive: true }));
const env = process.platform === "win32" ? { LOCALAPPDATA: caches } : { XDG_CACHE_HOME: caches };

/** A cell that says whether its process was started from a snapshot, and of what it starts itself that it was not. */
const cell = `
import { fork } from "node:child_process";
import { writeFileSync } from "node:fs";
writeFileSync("child.cjs", "process.send(process.execArgv.includes('--snapshot-blob'))");
const child = fork("child.cjs");
[Symbol.for("sera-lab.compiler") in globalThis, await new Promise((told) => child.on("message", told))]`;

it("is made by the first session, and later ones start from it; one that is of no use is made again", async () => {
  const folder = join(caches, "sera-lab");
  const made = () => (existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".snapshot")) : []);
  const shown = async () => {
    const kernel = await startKernel({ env });
    try {
      const { result } = await kernel.execute(cell);
      await kernel.until(() => made().length === 1 && readdirSync(folder).length === 1, "the snapshot", 600);
      return result.data["text/plain"] as string;
    } finally {
      await kernel.stop();
    }
  };
  assert.equal(await shown(), "[ false, false ]");
  assert.equal(await shown(), "[ true, false ]");
  writeFileSync(join(folder, made()[0]!), "damaged");
  assert.equal(await shown(), "[ false, false ]");
  assert.equal(await shown(), "[ true, false ]");
});
