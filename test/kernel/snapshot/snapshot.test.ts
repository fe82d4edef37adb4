import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { fileURLToPath } from "node:url";
import { startKernel } from "../../support/jupyter-client.js";

const caches = mkdtempSync(join(tmpdir(), "sera-caches-"));
after(() => rmSync(caches, { recursive: true }));
const env = process.platform === "win32" ? { LOCALAPPDATA: caches } : { XDG_CACHE_HOME: caches };

/** A cell that shows whether its process and a child that it forks were started from a snapshot. */
const cell = `
import { fork } from "node:child_process";
import { writeFileSync } from "node:fs";
writeFileSync("child.cjs", "process.send(process.execArgv.includes('--snapshot-blob'))");
const child = fork("child.cjs");
[Symbol.for("sera-lab.compiler") in globalThis, await new Promise((told) => child.on("message", told))]`;

it("the first session builds a snapshot, later ones start from it, and a damaged one is rebuilt", async () => {
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

it("a build keeps the eight most recently used snapshots, and none unused for more than 30 days", () => {
  const build = fileURLToPath(new URL("../../../src/kernel/snapshot/build.js", import.meta.url));
  const variable = process.platform === "win32" ? "LOCALAPPDATA" : "XDG_CACHE_HOME";
  /** Builds a snapshot next to others that were last used `days` ago; returns which of those remain. */
  const left = (days: readonly number[]) => {
    const own = mkdtempSync(join(caches, "own-"));
    const folder = join(own, "sera-lab");
    mkdirSync(folder);
    for (const ago of days) {
      const path = join(folder, `used-${ago}.snapshot`);
      writeFileSync(path, "");
      const used = Date.now() / 1000 - ago * 24 * 3600;
      utimesSync(path, used, used);
    }
    execFileSync(process.execPath, [build], { env: { ...process.env, [variable]: own } });
    const names = readdirSync(folder).sort();
    assert.match(names[0]!, /^session-.*\.snapshot$/);
    return names.slice(1);
  };
  assert.deepEqual(
    left([1, 2, 3, 4, 5, 6, 7, 8, 9]),
    [1, 2, 3, 4, 5, 6, 7].map((ago) => `used-${ago}.snapshot`),
  );
  assert.deepEqual(left([29, 31]), ["used-29.snapshot"]);
});
