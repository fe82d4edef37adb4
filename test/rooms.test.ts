import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, it } from "node:test";

/** The rooms of src/, ground floor first: each imports only from those before it. */
const rooms = [
  ...["base", "graph", "engine", "hub", "progress", "stats", "model", "data", "align", "review", "bootstrap", "run", "sera.ts"],
  ...["methods", "judge", "plot", "notebook", "cells", "kernel", "cli", "index.ts"],
];

const roomOf = (file: string) => file.split("/")[0]!;

function importsOf(file: string): string[] {
  const text = readFileSync(join("src", file), "utf8");
  const found = text.matchAll(/(?:from|import\() ?"(\.[^"]+)"/g);
  return [...found].map(([, path]) => posix.normalize(posix.join(posix.dirname(file), path!)).replace(/\.js$/, ".ts"));
}

describe("the rooms of src/", () => {
  it("import only from rooms below them", () => {
    const files = readdirSync("src", { recursive: true }).map(String).map((name) => name.replaceAll("\\", "/")).filter((name) => name.endsWith(".ts"));
    assert.ok(files.length > 200);
    assert.deepEqual([...new Set(files.map(roomOf))].filter((room) => !rooms.includes(room)), []);
    const upward = files.flatMap((file) =>
      importsOf(file)
        .filter((path) => rooms.indexOf(roomOf(path)) > rooms.indexOf(roomOf(file)))
        .map((path) => `${file} imports ${path}`),
    );
    assert.deepEqual(upward, []);
  });
});
