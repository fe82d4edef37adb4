import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** Creates an empty folder that is removed after the test. */
export function emptyFolder(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "sera-test-"));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Makes an empty folder the working directory of the test, as for a notebook. */
export function inEmptyFolder(test: TestContext): string {
  const folder = emptyFolder(test);
  const before = process.cwd();
  process.chdir(folder);
  test.after(() => process.chdir(before));
  return folder;
}
