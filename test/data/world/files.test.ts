import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { Tokenizer } from "@huggingface/tokenizers";
import { worldFiles } from "../../../src/data/world/files.js";
import { generateWorld, shippedWorld } from "../../../src/data/world/generate.js";
import { specialTokens } from "../../../src/data/world/tokenizer.js";
import { vocabulary } from "../../../src/data/world/vocabulary.js";

const shipped = (path: string) => readFile(new URL(`../../../../data/world/${path}`, import.meta.url), "utf8");
const json = async (path: string) => JSON.parse(await shipped(path)) as object;

test("the shipped files are those that the shipped seed gives, byte for byte", async () => {
  for (const [path, text] of worldFiles(generateWorld(shippedWorld))) {
    assert.ok((await shipped(path)) === text, `data/world/${path} differs: run scripts/make-world.mjs after a build`);
  }
});

test("a flipped pair says so in its row", () => {
  const options = { seed: 1, trainPrompts: 2, validationPrompts: 0, heldOutPrompts: 0, demonstrations: 0, flipShare: 0.5 };
  const rows = worldFiles(generateWorld(options)).get("train.jsonl")!.trim().split("\n").map((line) => JSON.parse(line) as { flipped?: boolean });
  assert.equal(rows.filter(({ flipped }) => flipped === true).length, 1);
});

test("the shipped tokenizer gives every shipped text back", async () => {
  const tokenizer = new Tokenizer(await json("tokenizer/tokenizer.json"), await json("tokenizer/tokenizer_config.json"));
  for (const file of ["train", "validation", "heldout", "demonstrations"]) {
    const rows = (await shipped(`${file}.jsonl`)).trim().split("\n");
    for (const row of rows) {
      const { id: _, ...fields } = JSON.parse(row) as Record<string, unknown>;
      for (const text of Object.values(fields).filter((field) => typeof field === "string")) {
        const { ids } = tokenizer.encode(text, { add_special_tokens: false });
        assert.ok(!ids.includes(3), text);
        assert.equal(tokenizer.decode(ids), text);
      }
    }
  }
});

test("special tokens have the first ids, and a text begins with one where that is asked for", async () => {
  const tokenizer = new Tokenizer(await json("tokenizer/tokenizer.json"), await json("tokenizer/tokenizer_config.json"));
  assert.deepEqual(specialTokens.map((token) => tokenizer.token_to_id(token)), [0, 1, 2, 3]);
  const [cook, soup] = ["cook", "soup"].map((word) => specialTokens.length + vocabulary.indexOf(word));
  assert.deepEqual(tokenizer.encode("cook soup whale").ids, [1, cook, soup, 3]);
  assert.equal(tokenizer.decode([1, cook!, soup!, 2], { skip_special_tokens: true }), "cook soup");
});
