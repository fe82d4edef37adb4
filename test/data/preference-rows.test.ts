import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { loadPreferences } from "../../src/data/load-preferences.js";
import type { PreferencePair } from "../../src/data/pair.js";
import { preferenceRow } from "../../src/data/preference-rows.js";
import { writeLines } from "../support/command.js";
import { emptyFolder } from "../support/folder.js";

test("pairs are read back unchanged from their rows", async (test) => {
  const folder = emptyFolder(test);
  const texts: PreferencePair[] = [
    { id: "a", prompt: "p", chosen: "one", rejected: "two", chosenScore: 3, rejectedScore: 1, columns: { weight: 2 } },
    { id: "b", prompt: "q", chosen: "one", rejected: "two", columns: { weight: 1 } },
  ];
  const talks: PreferencePair[] = [
    {
      id: "c",
      prompt: [{ role: "user", content: "Hi" }],
      chosen: "Hello",
      rejected: "No",
      rejectedScore: 2,
      columns: { weight: 1 },
    },
  ];
  for (const pairs of [texts, talks]) {
    const file = writeLines(
      join(folder, "pairs.jsonl"),
      pairs.map((pair) => JSON.stringify(preferenceRow(pair))),
    );
    assert.deepEqual((await loadPreferences(file, { columns: { weight: "weight" } })).pairs, pairs);
  }
});
