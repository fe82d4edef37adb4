import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

/** A folder for the test file's own files, removed when its tests are over. */
const folder = mkdtempSync(join(tmpdir(), "sera-data-"));
after(() => rmSync(folder, { recursive: true }));

/** Writes a file and gives its path back. */
export function fileOf(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Rows as JSON Lines. */
export function jsonLines(...rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

/** A file that `make.py` wrote. */
export function fixture(name: string): string {
  return join("test/fixtures/data", name);
}
