import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { Tokenizer } from "@huggingface/tokenizers";
import { worldFiles } from "../../../src/data/world/files.js";
import { generateWorld, goalReached, shippedWorld } from "../../../src/data/world/generate.js";
import { specialTokens } from "../../../src/data/world/tokenizer.js";
import { goldReward } from "../../../src/data/world/gold.js";
import { parsePrompt } from "../../../src/data/world/request.js";
import { vocabulary, words } from "../../../src/data/world/vocabulary.js";

const shipped = (path: string) => readFile(new URL(`../../../../data/world/${path}`, import.meta.url), "utf8");
const json = async (path: string) => JSON.parse(await shipped(path)) as object;

test("the shipped files match those generated from the shipped seed, byte for byte", async () => {
  for (const [path, text] of worldFiles(generateWorld(shippedWorld))) {
    assert.ok((await shipped(path)) === text, `data/world/${path} differs: run scripts/make-world.mjs after a build`);
  }
});

test("a flipped pair is marked in its row", () => {
  const options = {
    seed: 1,
    trainPrompts: 2,
    validationPrompts: 0,
    heldOutPrompts: 0,
    demonstrations: 0,
    flipShare: 0.5,
  };
  const rows = worldFiles(generateWorld(options))
    .get("train.jsonl")!
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { flipped?: boolean });
  assert.equal(rows.filter(({ flipped }) => flipped === true).length, 1);
});

test("a world with goals in its demonstrations has the goal words after all others", () => {
  const options = { seed: 1, trainPrompts: 2, validationPrompts: 0, heldOutPrompts: 0, demonstrations: 30 };
  const plain = generateWorld(options);
  const [gold, random] = [generateWorld({ ...options, goals: "gold" }), generateWorld({ ...options, goals: "random" })];
  const vocabOf = (files: ReadonlyMap<string, string>) =>
    (JSON.parse(files.get("tokenizer/tokenizer.json")!) as { model: { vocab: Record<string, number> } }).model.vocab;
  const [before, after] = [vocabOf(worldFiles(plain)), vocabOf(worldFiles(gold))];
  assert.deepEqual(Object.entries(after).slice(0, Object.keys(before).length), Object.entries(before));
  assert.deepEqual(Object.keys(after).slice(Object.keys(before).length), [
    "goal",
    "one",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
  ]);
  assert.deepEqual(gold.train, plain.train);
  for (const [i, { prompt, response }] of gold.demonstrations.entries()) {
    assert.equal(response, plain.demonstrations[i]!.response);
    assert.equal(parsePrompt(prompt)!.goal, goalReached(goldReward(plain.demonstrations[i]!.prompt, response).total));
    assert.ok(words(prompt).every((word) => word in after));
  }
  assert.ok(new Set(random.demonstrations.map(({ prompt }) => parsePrompt(prompt)!.goal)).size > 6);
  assert.throws(() => generateWorld({ ...options, goals: "best" as "gold" }), {
    name: "InputError",
    message: 'goals: found "best", expected "gold" or "random"',
  });
});

test("the shipped tokenizer decodes every shipped text to itself", async () => {
  const tokenizer = new Tokenizer(
    await json("tokenizer/tokenizer.json"),
    await json("tokenizer/tokenizer_config.json"),
  );
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

test("special tokens have the first ids, and an encoded text begins with BOS by default", async () => {
  const tokenizer = new Tokenizer(
    await json("tokenizer/tokenizer.json"),
    await json("tokenizer/tokenizer_config.json"),
  );
  assert.deepEqual(
    specialTokens.map((token) => tokenizer.token_to_id(token)),
    [0, 1, 2, 3],
  );
  const [cook, soup] = ["cook", "soup"].map((word) => specialTokens.length + vocabulary.indexOf(word));
  assert.deepEqual(tokenizer.encode("cook soup whale").ids, [1, cook, soup, 3]);
  assert.equal(tokenizer.decode([1, cook!, soup!, 2], { skip_special_tokens: true }), "cook soup");
});
