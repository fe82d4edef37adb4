import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { makeFolder, naming, writeFileAtomic, writeJson } from "../../src/base/files.js";

let root: string;
let folder: string;
let path: string;
before(async () => void (root = await mkdtemp(join(tmpdir(), "sera-files-"))));
after(() => rm(root, { recursive: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(root, "case-"));
  path = join(folder, "file.txt");
});

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

describe("writeFileAtomic", () => {
  it("writes text, bytes and chunks, and replaces the old content", async () => {
    for (const content of ["naïve ✓", new TextEncoder().encode("naïve ✓"), chunks("naïve", " ", "✓")]) {
      await writeFile(path, "something longer than the new content");
      await writeFileAtomic(path, content);
      assert.equal(await readFile(path, "utf8"), "naïve ✓");
    }
  });

  it("creates the parent folders", async () => {
    const deep = join(folder, "a", "b", "file");
    await writeFileAtomic(deep, "x");
    assert.equal(await readFile(deep, "utf8"), "x");
  });

  it("leaves the old file, and nothing else, if the content fails halfway", async () => {
    await writeFile(path, "old");
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield* chunks("half of the n");
      throw new Error("the source broke");
    }
    await assert.rejects(writeFileAtomic(path, failing()), /^Error: the source broke$/);
    assert.equal(await readFile(path, "utf8"), "old");
    assert.deepEqual(await readdir(folder), ["file.txt"]);
  });

  it("shows a reader the old content until the new is complete", async () => {
    await writeFile(path, "old");
    async function* watched(): AsyncGenerator<Uint8Array> {
      yield* chunks("new ");
      assert.equal(await readFile(path, "utf8"), "old");
      yield* chunks("content");
    }
    await writeFileAtomic(path, watched());
    assert.equal(await readFile(path, "utf8"), "new content");
    assert.deepEqual(await readdir(folder), ["file.txt"]);
  });

  it("leaves nothing behind if the path is a folder", async () => {
    await mkdir(path);
    await assert.rejects(writeFileAtomic(path, "x"), { code: /^(EISDIR|EPERM)$/ });
    assert.deepEqual(await readdir(folder), ["file.txt"]);
  });

  it("fails if a file is in the place of a parent folder", async () => {
    await writeFile(path, "old");
    await assert.rejects(writeFileAtomic(join(path, "below"), "x"), { code: /^(ENOTDIR|EEXIST)$/ });
    assert.equal(await readFile(path, "utf8"), "old");
  });

  it("leaves the complete content of one of two concurrent writers", async () => {
    const contents = ["a".repeat(100_000), "b".repeat(50_000)];
    await Promise.all(contents.map((content) => writeFileAtomic(path, content)));
    assert.ok(contents.includes(await readFile(path, "utf8")));
    assert.deepEqual(await readdir(folder), ["file.txt"]);
  });
});

describe("makeFolder", () => {
  it("tolerates concurrent creation and names a path that cannot be created", async () => {
    const deep = join(folder, "a", "b", "c");
    await Promise.all(
      ["c", "c/d", "c/d/e", "c"].flatMap((end) =>
        Array.from({ length: 8 }, () => makeFolder(join(folder, "a", "b", end))),
      ),
    );
    await makeFolder(deep);
    assert.deepEqual(await readdir(join(folder, "a", "b")), ["c"]);
    await writeFile(path, "x");
    await assert.rejects(makeFolder(path), /EEXIST.*file\.txt/);
    await assert.rejects(makeFolder(join(path, "below")), /ENOTDIR.*below/);
    // Node's own recursive mkdir never returns for this path.
    if (process.platform === "linux") await assert.rejects(makeFolder("/proc/x/y"), /(ENOENT|EACCES).*\/proc/);
  });
});

describe("naming", () => {
  const failing = (error: Error) => naming("run/metrics.jsonl", () => Promise.reject(error));

  it("adds the file to a system error that does not name it, and leaves other errors unchanged", async () => {
    const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    await assert.rejects(failing(full), {
      message: "run/metrics.jsonl: ENOSPC: no space left on device, write",
      code: "ENOSPC",
      cause: full,
    });
    const named = Object.assign(new Error("ENOENT: no such file, open 'x'"), { code: "ENOENT", path: "x" });
    await assert.rejects(failing(named), (error) => error === named);
    const own = new Error("the source broke");
    await assert.rejects(failing(own), (error) => error === own);
    assert.equal(await naming("x", async () => 7), 7);
  });
});

describe("writeJson", () => {
  it("writes indented JSON with a final newline", async () => {
    await writeJson(path, { a: [1, null], ß: "✓" });
    assert.equal(await readFile(path, "utf8"), '{\n  "a": [\n    1,\n    null\n  ],\n  "ß": "✓"\n}\n');
  });
});
