import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { repositoryName } from "../../src/hub/repository-name.js";
import { emptyFolder } from "../support/folder.js";

describe("repositoryName", () => {
  test("parses org/name with main or the given revision", async () => {
    const named = { type: "model", name: "org/my_model-1.5" };
    assert.deepEqual(await repositoryName("org/my_model-1.5", "model"), { ...named, revision: "main" });
    assert.deepEqual(await repositoryName("org/my_model-1.5@v1.0", "model"), { ...named, revision: "v1.0" });
    assert.deepEqual(await repositoryName("org/my_model-1.5", "model", "refs/pr/4"), {
      ...named,
      revision: "refs/pr/4",
    });
    assert.deepEqual(await repositoryName("org/my_model-1.5@a/b", "model", "a/b"), { ...named, revision: "a/b" });
  });

  test("returns undefined for text that can only be a path", async () => {
    const paths = [
      "model",
      "./org/name",
      "../name",
      "/org/name",
      "~/model",
      "a/b/c",
      "org/",
      "a\\b/c",
      "runs/rows.jsonl",
      "runs/rows.jsonl.gz",
      "runs/rows.parquet",
      "",
    ];
    for (const path of paths) assert.equal(await repositoryName(path, "dataset"), undefined, path);
  });

  test("prefers a local path to a repository on the hub", async (t) => {
    const folder = emptyFolder(t);
    mkdirSync(join(folder, "org/name@v1"), { recursive: true });
    const before = process.cwd();
    process.chdir(folder);
    t.after(() => process.chdir(before));
    assert.equal(await repositoryName("org/name@v1", "model"), undefined);
    assert.equal((await repositoryName("org/name", "model"))?.name, "org/name");
    mkdirSync("org/name");
    assert.equal(await repositoryName("org/name", "model"), undefined);
    await assert.rejects(repositoryName("org/name", "model", "main"), {
      message: "org/name: this is a local path; revision applies only to repositories on the hub (org/name)",
    });
  });

  test("rejects names that the hub does not allow", async () => {
    const names = [
      "org/na me",
      "org/a..b",
      "org/a--b",
      "-org/name",
      "org/name-",
      "org/.name",
      "org/name.git",
      `org/${"x".repeat(93)}`,
      "org/näme",
      "org/a%2e",
    ];
    for (const name of names) {
      await assert.rejects(
        repositoryName(name, "model"),
        {
          message: new RegExp(
            `^no such path: .*${name.slice(-3)}.*; it is not a repository on the hub \\(org/name\\) either: `,
          ),
        },
        name,
      );
    }
  });

  test("rejects invalid revisions, revisions that lead outside the cache, and two revisions", async () => {
    for (const revision of [
      "",
      "../../x",
      "a/../b",
      "/a",
      "a/",
      "a//b",
      "a b",
      "a\\b",
      "C:x",
      ".hidden",
      "a/.b",
      "-x",
      "a\0",
    ]) {
      await assert.rejects(
        repositoryName("org/name", "model", revision),
        /found revision ".*", expected a branch, tag or commit/,
        revision,
      );
    }
    await assert.rejects(repositoryName("org/name@a", "model", "b"), {
      message: 'org/name@a: two revisions, "a" in the name and "b" in the options; give one',
    });
  });
});
