import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** An empty folder that is gone after the test. */
export function emptyFolder(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "sera-test-"));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Makes an empty folder the working directory of the test, as a notebook lies in one. */
export function inEmptyFolder(test: TestContext): string {
  const folder = emptyFolder(test);
  const before = process.cwd();
  process.chdir(folder);
  test.after(() => process.chdir(before));
  return folder;
}
