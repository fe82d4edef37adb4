import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { unknownNotes } from "../../src/data/unknown-tokens.js";
import { loadTokenizer } from "../../src/model/tokenizer/load-tokenizer.js";

const same = "the model reads each as the same unknown token";
const prompt = (unknown: number, known: number) => [
  ...Array.from({ length: known }, () => 7),
  ...Array.from({ length: unknown }, () => 3),
];

describe("a note on unknown tokens", () => {
  test("counts those of one prompt, from a tenth on", () => {
    assert.deepEqual(unknownNotes([prompt(1, 9)], { unkId: 3 }), [
      `the tokenizer's vocabulary lacks 1 of the prompt's 10 tokens; ${same}`,
    ]);
    assert.deepEqual(unknownNotes([prompt(1, 10)], { unkId: 3 }), []);
  });

  test("counts the prompts, if there are several", () => {
    assert.deepEqual(unknownNotes([prompt(1, 2), prompt(1, 99), prompt(2, 0), prompt(0, 4)], { unkId: 3 }), [
      `the tokenizer's vocabulary lacks a tenth or more of the tokens of 2 of 4 prompts; ${same}`,
    ]);
    assert.deepEqual(unknownNotes([prompt(0, 3), []], { unkId: 3 }), []);
  });

  test("is empty for a tokenizer that knows every text", async () => {
    assert.deepEqual(unknownNotes([prompt(4, 0)], {}), []);
    assert.deepEqual(unknownNotes([prompt(4, 0)], await loadTokenizer("test/fixtures/checkpoints/tiny")), []);
  });

  test("uses the unknown token of the vocabulary", async () => {
    const tokenizer = await loadTokenizer("data/world/tokenizer");
    assert.deepEqual(unknownNotes([tokenizer.encode("Who are you ?")], tokenizer), [
      `the tokenizer's vocabulary lacks 2 of the prompt's 4 tokens; ${same}`,
    ]);
    assert.deepEqual(unknownNotes([tokenizer.encode("cook a soup with rice .")], tokenizer), []);
  });
});
