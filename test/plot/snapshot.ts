import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The tests run from `dist/test/plot`; the snapshots stay in the source tree. */
const folder = join(import.meta.dirname, "../../../test/plot/snapshots");

/**
 * Checks a value against `snapshots/NAME.json`. With UPDATE_SNAPSHOTS=1, it rewrites the
 * file first; review the diff before you commit it.
 */
export function matchesSnapshot(name: string, value: unknown): void {
  const file = join(folder, `${name}.json`);
  const text = `${JSON.stringify(value, null, 1)}\n`;
  if (process.env["UPDATE_SNAPSHOTS"] === "1") {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, text);
  }
  assert.deepEqual(JSON.parse(text), JSON.parse(readFileSync(file, "utf8")));
}
