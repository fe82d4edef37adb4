import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

/** A folder for the files of a test file, removed after its tests. */
const folder = mkdtempSync(join(tmpdir(), "sera-data-"));
after(() => rmSync(folder, { recursive: true }));

/** Writes a file and returns its path. */
export function fileOf(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Returns rows as JSON Lines. */
export function jsonLines(...rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

/** Returns the path of a file that `make.py` wrote. */
export function fixture(name: string): string {
  return join("test/fixtures/data", name);
}
