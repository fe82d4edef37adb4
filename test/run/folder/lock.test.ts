import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { lockFolder } from "../../../src/run/folder/lock.js";
import { emptyFolder } from "../../support/folder.js";

const module = new URL("../../../src/run/folder/lock.js", import.meta.url).href;
const locksIn = (folder: string) => readdirSync(folder).filter((name) => name.startsWith(".lock"));

/** Writes a lock file with the given changes. */
function write(folder: string, number: number, changed: object): void {
  const holder = {
    token: "other",
    pid: 1,
    host: hostname(),
    processStart: null,
    boot: null,
    namespace: null,
    since: "2026-01-01T00:00:00.000Z",
    released: false,
  };
  writeFileSync(join(folder, `.lock-${number}`), JSON.stringify({ ...holder, ...changed }));
}

/** Leaves the lock file of a process that was killed while it held the lock. */
function leftBehind(folder: string): void {
  const script = `const { lockFolder } = await import(${JSON.stringify(module)}); await lockFolder(${JSON.stringify(folder)}); process.kill(process.pid, "SIGKILL");`;
  assert.equal(spawnSync(process.execPath, ["--input-type=module", "-e", script]).signal, "SIGKILL");
}

/** The error of a process that requests a lock and is not root, since root may write everywhere. */
function refusedToOthers(folder: string): string {
  const script = `
    const { lockFolder } = await import(${JSON.stringify(module)});
    if (process.getuid() === 0) process.setuid(65534);
    await lockFolder(${JSON.stringify(folder)}).catch((error) => console.log(error.message));`;
  return spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" }).stdout;
}

describe("lockFolder", () => {
  it("refuses a second lock in the same process until the first is released", async (test) => {
    const folder = emptyFolder(test);
    const release = await lockFolder(folder);
    await assert.rejects(lockFolder(folder), {
      name: "InputError",
      message: new RegExp(`in use by process ${process.pid} .*this process is already working`),
    });
    await release();
    await (await lockFolder(folder))();
    assert.equal(locksIn(folder).length, 1, "one small file stays");
  });

  it("refuses a folder locked by another live process, with its pid and host", async (test) => {
    const folder = emptyFolder(test);
    const script = `const { lockFolder } = await import(${JSON.stringify(module)}); await lockFolder(${JSON.stringify(folder)}); console.log("locked"); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
    try {
      await once(child.stdout, "data");
      await assert.rejects(lockFolder(folder), {
        message: new RegExp(`in use by process ${child.pid} on ${hostname()}, since .*stop it, or use another folder`),
      });
    } finally {
      child.kill("SIGKILL");
    }
    await once(child, "exit");
    await (await lockFolder(folder))();
  });

  it("takes over the lock of a killed process", async (test) => {
    const folder = emptyFolder(test);
    leftBehind(folder);
    assert.deepEqual(locksIn(folder), [".lock-1"]);
    const release = await lockFolder(folder);
    assert.deepEqual(locksIn(folder), [".lock-2"]);
    await release();
  });

  it("takes over the lock of a killed process if another process has its pid", async (test) => {
    const folder = emptyFolder(test);
    leftBehind(folder);
    const left = JSON.parse(readFileSync(join(folder, ".lock-1"), "utf8")) as object;
    if (!("processStart" in left) || left.processStart === null)
      return test.skip("this system does not tell when a process began");
    write(folder, 1, { ...left, pid: process.pid });
    await (await lockFolder(folder))();
  });

  it("takes over a lock from before a reboot, even if its pid is in use", async (test) => {
    const folder = emptyFolder(test);
    write(folder, 1, { pid: process.pid, boot: "before" });
    await (await lockFolder(folder))();
  });

  it("refuses a lock from another host, and says which file to remove", async (test) => {
    const folder = emptyFolder(test);
    write(folder, 3, { host: "elsewhere" });
    await assert.rejects(lockFolder(folder), {
      message: /process 1 on elsewhere.*cannot be seen from here.*remove .*\.lock-3/,
    });
  });

  it("takes over an empty lock file", async (test) => {
    const folder = emptyFolder(test);
    writeFileSync(join(folder, ".lock-7"), "");
    await (await lockFolder(folder))();
    assert.deepEqual(locksIn(folder), [".lock-8"]);
  });

  it("refuses a path through a file, and a read-only folder", async (test) => {
    const folder = emptyFolder(test);
    writeFileSync(join(folder, "file"), "");
    await assert.rejects(
      lockFolder(join(folder, "file")),
      /file: a run cannot be kept here: a file has that name; give another folder/,
    );
    await assert.rejects(
      lockFolder(join(folder, "file", "run")),
      /run: a run cannot be kept here: a part of its path is a file; give another folder/,
    );
    mkdirSync(join(folder, "read-only"));
    chmodSync(folder, 0o755);
    chmodSync(join(folder, "read-only"), 0o555);
    for (const name of ["read-only", "read-only/run"]) {
      assert.match(
        refusedToOthers(join(folder, name)),
        new RegExp(`${name}: a run cannot be kept here: there is no permission to write there; give another folder`),
      );
    }
  });

  it("releases a lock without creating a file, which would fail on a full disk", (test) => {
    const folder = emptyFolder(test);
    chmodSync(folder, 0o777);
    const script = `
      const { lockFolder } = await import(${JSON.stringify(module)});
      const { chmodSync } = await import("node:fs");
      if (process.getuid() === 0) process.setuid(65534);
      const folder = ${JSON.stringify(join(folder, "run"))};
      const release = await lockFolder(folder);
      chmodSync(folder, 0o555);
      await release();
      chmodSync(folder, 0o777);
      await (await lockFolder(folder))();`;
    const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
  });

  it("gives a stale lock to only one of many concurrent callers", async (test) => {
    for (let trial = 0; trial < 20; trial++) {
      const folder = emptyFolder(test);
      write(folder, 1, { pid: 2 ** 22 + 1 });
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)));
      assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
      assert.ok(
        outcomes.every((outcome) => outcome.status === "fulfilled" || /in use by process/.test(String(outcome.reason))),
      );
    }
  });
});
