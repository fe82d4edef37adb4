import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { runLayout } from "../../src/run/folder/layout.js";

it("docs/runs.md names every file of a run's folder", () => {
  const { iteration, ...ofRun } = runLayout;
  const { folder, checkpoint, ...ofIteration } = iteration(1);
  const files = [...Object.values(ofRun), ...Object.values(ofIteration), checkpoint(1)].map((file) =>
    typeof file === "string" ? file : file.path,
  );
  const text = readFileSync("docs/runs.md", "utf8");
  const table = text.slice(text.indexOf("## What is in it"), text.indexOf("## Interruptions"));
  const documented = new Set(table.match(/[\w-]+(?:\.\w+)+|[\w-]+(?=\/`)/g));
  const names = files.map((file) => file.replace(`${folder}/`, "").replace("checkpoint-1", "checkpoint-M"));
  assert.deepEqual(
    names.filter((name) => !documented.has(name)),
    [],
  );
});
