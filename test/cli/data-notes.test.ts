import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dataNotes, templateNotes } from "../../src/cli/data-notes.js";
import { loadTokenizer } from "../../src/model/tokenizer/load-tokenizer.js";

const whole = { prompts: 0, promptTokens: 0, responses: 0, responseTokens: 0 };

describe("dataNotes", () => {
  it("returns no notes for a file that is used unchanged", () => {
    assert.deepEqual(dataNotes("x.jsonl", { skipped: [], truncation: whole, identical: 0 }), []);
  });

  it("counts what was skipped, truncated, identical, or left out by the chat template", () => {
    const skipped = [{ reason: "x.jsonl:3: found an empty response" }, { reason: "another" }];
    const truncation = { prompts: 1, promptTokens: 12, responses: 3, responseTokens: 1 };
    const unwritten = { '"tool_calls"': 1, 'a turn of role "system"': 2 };
    assert.deepEqual(dataNotes("x.jsonl", { skipped, truncation, identical: 1, unwritten }), [
      "x.jsonl: skipped 2 bad rows; the first: x.jsonl:3: found an empty response\n",
      "x.jsonl: cut the beginning of 1 prompt to fit the context, 12 tokens in all\n",
      "x.jsonl: cut the end of 3 responses to fit the context, 1 token in all\n",
      "x.jsonl: 1 pair with responses that are the same in tokens, which teach nothing\n",
      'x.jsonl: 1 prompt with "tool_calls", which the chat template leaves out\n',
      'x.jsonl: 2 prompts with a turn of role "system", which the chat template leaves out\n',
    ]);
  });
});

describe("templateNotes", () => {
  const message = [{ role: "user" as const, content: "hi" }];

  it("count the prompts that are texts if there is a chat template, and say how to apply it", async () => {
    const tokenizer = await loadTokenizer("test/fixtures/checkpoints/tiny");
    const how = `to which the model's chat template is not applied; it is applied to messages: {"prompt": [{"role": "user", "content": "…"}], …}`;
    assert.deepEqual(templateNotes(["a", message, "b"], tokenizer), [`2 of 3 prompts are texts, ${how}`]);
    assert.deepEqual(templateNotes(["a", "b"], tokenizer), [`the prompts are texts, ${how}`]);
    assert.deepEqual(templateNotes(["a"], tokenizer), [`the prompt is text, ${how}`]);
    assert.deepEqual(templateNotes([message], tokenizer), []);
  });

  it("are empty without a chat template", async () => {
    assert.deepEqual(templateNotes(["a"], await loadTokenizer("data/world/tokenizer")), []);
  });
});
