import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formats, detectFormat } from "../../../src/data/formats/index.js";

const turns = [
  { role: "user", content: "Hi" },
  { role: "assistant", content: "a" },
];

describe("detectFormat", () => {
  const cases: [string, Record<string, unknown>][] = [
    ["HH-RLHF", { chosen: "\n\nHuman: a\n\nAssistant: b", rejected: "\n\nHuman: a\n\nAssistant: c" }],
    [
      "UltraFeedback-binarized",
      {
        prompt: "Hi",
        prompt_id: "1",
        chosen: turns,
        rejected: turns,
        messages: turns,
        score_chosen: 1,
        score_rejected: 0,
      },
    ],
    ["TL;DR comparisons", { info: {}, summaries: [], choice: 0 }],
    ["TRL explicit prompt", { prompt: turns, chosen: turns, rejected: turns }],
    ["TRL explicit prompt", { prompt: turns, chosen: "b", rejected: "c" }],
    ["TRL conversational, implicit prompt", { chosen: turns, rejected: turns }],
    ["TRL explicit prompt", { prompt: "a", chosen: "b", rejected: "c" }],
    ["TRL implicit prompt", { chosen: "a b", rejected: "a c" }],
    ["question or instruction with two responses", { instruction: "a", input: "", chosen: "b", rejected: "c" }],
    [
      "ShareGPT conversations",
      {
        conversations: [{ from: "human", value: "a" }],
        chosen: { from: "gpt", value: "b" },
        rejected: { from: "gpt", value: "c" },
      },
    ],
    ["UltraFeedback, four completions", { instruction: "a", completions: [{ response: "b", overall_score: 3 }] }],
    ["Nectar", { prompt: "a", answers: [{ answer: "b", rank: 1 }] }],
    ["HelpSteer preferences", { prompt: "a", response_1: "b", response_2: "c", preference_strength: -1 }],
    ["HelpSteer ratings", { prompt: "a", response: "b", helpfulness: 3 }],
    ["a run's bootstrapped pairs", { prompt: "a", chosen: "b", rejected: "c", tokens: {} }],
  ];
  for (const [name, row] of cases) test(name, () => assert.equal(detectFormat(row).name, name));

  test("every format has a case", () =>
    assert.deepEqual([...new Set(cases.map(([name]) => name))].sort(), formats.map(({ name }) => name).sort()));

  test("recognizes a row with a missing field, so that the error can name it", () => {
    assert.equal(detectFormat({ prompt: "a", chosen: "b" }).name, "TRL explicit prompt");
    assert.equal(detectFormat({ prompt: "a", chosen: turns }).name, "UltraFeedback-binarized");
  });

  test("throws an error that lists all formats with their fields if none fits", () => {
    assert.throws(
      () => detectFormat({ title: "a", text: "b" }, { file: "f", line: 2 }),
      (error: Error) => {
        assert.match(
          error.message,
          /^f:2: unknown format: the row has the fields \["title","text"\]; supported formats:\n/,
        );
        return formats.every(({ name, fields }) => error.message.includes(`${name}: ${fields}`));
      },
    );
  });
});
