import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { loadPrompts } from "../../src/data/load-prompts.js";
import { emptyFolder } from "../support/folder.js";

describe("prompts", () => {
  it("are read from rows with a prompt, and from pairs as in training", async (test) => {
    const file = join(emptyFolder(test), "rows.jsonl");
    const rows = [
      { id: "a", prompt: "text" },
      { prompt: [{ role: "user", content: "hello" }] },
      { chosen: "\n\nHuman: hi\n\nAssistant: yes", rejected: "\n\nHuman: hi\n\nAssistant: no" },
    ];
    writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const { prompts } = await loadPrompts(file);
    assert.deepEqual(prompts, [
      { id: "a", prompt: "text" },
      { id: "2", prompt: [{ role: "user", content: "hello" }] },
      { id: "3", prompt: "\n\nHuman: hi\n\nAssistant:" },
    ]);
  });

  it("with repeated ids are noted with their lines", async (test) => {
    const file = join(emptyFolder(test), "rows.jsonl");
    writeFileSync(file, '{"id": "a", "prompt": "one"}\n{"id": "a", "prompt": "two"}\n');
    const { prompts, reading } = await loadPrompts(file);
    assert.deepEqual(
      prompts.map(({ id }) => id),
      ["a", "a#2"],
    );
    assert.deepEqual(reading.notes, [
      '1 row (line 2): the id is that of an earlier row with another prompt; "#2", "#3", … is added to it',
    ]);
  });

  it("that are missing are refused with file, line and field", async (test) => {
    const file = join(emptyFolder(test), "rows.jsonl");
    writeFileSync(file, `${JSON.stringify({ title: "?" })}\n`);
    await assert.rejects(loadPrompts(file), { name: "InputError", message: /rows\.jsonl:1: .*prompt/ });
  });
});
