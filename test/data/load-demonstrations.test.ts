import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadDemonstrations } from "../../src/data/load-demonstrations.js";
import { fileOf, jsonLines } from "./files.js";

describe("loadDemonstrations", () => {
  test("reads responses or completions, and prompts as text or messages", async () => {
    const conversation = [{ role: "user", content: "Hi" }];
    const file = fileOf(
      "a.jsonl",
      jsonLines({ id: "x", prompt: "p", response: "r" }, { prompt: conversation, completion: "c" }),
    );
    const { demonstrations, skipped } = await loadDemonstrations(file);
    assert.deepEqual(demonstrations, [
      { id: "x", prompt: "p", response: "r" },
      { id: "2", prompt: conversation, response: "c" },
    ]);
    assert.deepEqual(skipped, []);
  });

  test("notes repeated ids and blank responses with their lines", async () => {
    const rows = [
      { id: "a", prompt: "p", response: "r" },
      { id: "a", prompt: "another", response: " " },
      { id: "b", prompt: "p", response: "r" },
      { id: "b", prompt: "p", response: "s" },
    ];
    const { demonstrations, reading } = await loadDemonstrations(fileOf("noted.jsonl", jsonLines(...rows)));
    assert.deepEqual(
      demonstrations.map(({ id }) => id),
      ["a", "a#2", "b", "b#2"],
    );
    assert.deepEqual(reading.notes, [
      "1 row (line 2): the response is blank (white space only); training imitates it as any other",
      '1 row (line 2): the id is that of an earlier row with another prompt; "#2", "#3", … is added to it',
    ]);
  });

  test("throws at the first bad row, or skips and lists all of them", async () => {
    const rows = [
      { prompt: "p" },
      { response: "r" },
      { prompt: "p", completion: 3 },
      { prompt: "p", response: "" },
      { prompt: [], response: "r" },
      { prompt: "p", response: "r" },
    ];
    const file = fileOf("b.jsonl", jsonLines(...rows));
    await assert.rejects(loadDemonstrations(file), /b\.jsonl:1: field "response" is missing; expected text/);
    const { demonstrations, skipped } = await loadDemonstrations(file, { skipBadRows: true });
    assert.deepEqual(
      demonstrations.map(({ id }) => id),
      ["6"],
    );
    const reasons = skipped.map(({ reason }) => reason.replace(/^.*b\.jsonl:/, ""));
    assert.deepEqual(reasons, [
      '1: field "response" is missing; expected text',
      '2: field "prompt" is missing; expected text',
      '3: field "completion" is 3; expected text',
      "4: the response is empty",
      '5: found a prompt of turns [] in field "prompt", expected a prompt that ends with a user turn',
    ]);
  });
});
