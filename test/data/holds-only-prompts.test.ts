import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { holdsOnlyPrompts } from "../../src/data/holds-only-prompts.js";
import { fileOf, fixture, jsonLines } from "./files.js";

const asked = (...rows: object[]) => holdsOnlyPrompts(fileOf("first.jsonl", jsonLines(...rows)), {});

describe("a source of prompts without responses", () => {
  test("is recognized from its first row, by any name of the prompt", async () => {
    assert.equal(await asked({ id: "a", prompt: "Q" }), true);
    assert.equal(await asked({ question: "Q" }), true);
    assert.equal(await asked({ prompt: [{ role: "user", content: "Q" }] }), true);
    assert.equal(await holdsOnlyPrompts(fileOf("broken.jsonl", `{\n${jsonLines({ prompt: "Q" })}`), {}), true);
  });

  test("is neither pairs, of whole or broken rows, nor something else", async () => {
    const pair = { prompt: "Q", chosen: "a", rejected: "b" };
    assert.equal(await asked(pair, { prompt: "Q" }), false);
    assert.equal(await asked({ prompt: "Q", chosen: "a" }), false);
    assert.equal(await asked({ prompt: "Q", response: "a", helpfulness: 1 }), false);
    assert.equal(await asked({ title: "?" }), false);
    assert.equal(await holdsOnlyPrompts(fixture("ultrafeedback.parquet"), {}), false);
  });
});
