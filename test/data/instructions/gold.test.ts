import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { InputError } from "../../../src/base/errors.js";
import { goldRewardOf } from "../../../src/data/gold.js";
import { generateInstructions } from "../../../src/data/instructions/generate.js";
import { instructionReward, type InstructionReward } from "../../../src/data/instructions/gold.js";

/** Each worked out by hand: the mean of the constraints, times fluency. */
const cases: readonly {
  asks: string;
  answer: string;
  total: number;
  constraints: InstructionReward["constraints"];
  fluency?: number;
}[] = [
  {
    asks: "Write one sentence about coffee. Use at most 9 words. End with a question mark.",
    answer: "Why does coffee taste so good on cold days?",
    total: 1,
    constraints: { length: 1, end: 1 },
  },
  {
    asks: "Write one sentence about coffee. Use at most 10 words. End with a question mark.",
    answer: "Every day, for as long as I can remember, coffee has woken me.",
    // 13 words are 3 too many of 10.
    total: 0.35,
    constraints: { length: 0.7, end: 0 },
  },
  {
    asks: 'Write one sentence about bees. Use the word "warm". Do not use the word "the".',
    answer: "Bees keep their hive warm, and THE hive keeps them.",
    total: 0.5,
    constraints: { use: 1, avoid: 0 },
  },
  {
    asks: 'Write one sentence about bees. Begin with the word "Every". Write everything in lower case.',
    answer: '"every bee in a Hive',
    total: 0.9,
    constraints: { begin: 1, lowerCase: 0.8 },
  },
  {
    asks: "Write about a river. Write exactly two sentences. End with an exclamation mark.",
    answer: "A river runs. It never stops. It is 3.5 miles long!",
    total: 0.75,
    constraints: { sentences: 0.5, end: 1 },
  },
  {
    asks: 'Write about a river. Write exactly three sentences. Use the word "old".',
    answer: "Six words of an old-fashioned river",
    // "old-fashioned" is one word; one sentence of three.
    total: 1 / 6,
    constraints: { sentences: 1 / 3, use: 0 },
  },
  {
    asks: "Write one sentence about rain. Use at most 8 words. End with an exclamation mark.",
    answer: "Rain falls now!",
    total: 0,
    constraints: { length: 1, end: 1 },
    fluency: 0,
  },
  {
    asks: 'Write one sentence about rain. Do not use the word "and". End with an exclamation mark.',
    answer: "rain rain rain rain rain rain!",
    // Five pairs of neighbouring words, one of them distinct: 1 / (.8 × 5).
    total: 0.25,
    constraints: { avoid: 1, end: 1 },
    fluency: 0.25,
  },
];

describe("instructionReward", () => {
  for (const { asks, answer, total, constraints, fluency = 1 } of cases) {
    it(`${asks} – ${answer}`, () => {
      const found = instructionReward(asks, answer);
      const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-12, `${a}, expected ${b}`);
      near(found.total, total);
      near(found.fluency, fluency);
      assert.deepEqual(Object.keys(found.constraints), Object.keys(constraints));
      for (const [kind, score] of Object.entries(constraints))
        near(found.constraints[kind as keyof typeof constraints]!, score!);
    });
  }

  it("stays in [0, 1] for any text", () => {
    const prompts = generateInstructions({ seed: 2, train: 60, validation: 0, heldOut: 0 }).train.map(
      ({ prompt: [{ content }] }) => content,
    );
    const anyText = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc
        .array(fc.constantFrom("the", "Every", "warm", ".", "!", "?", "\n"), { maxLength: 40 })
        .map((words) => words.join(" ")),
    );
    fc.assert(
      fc.property(fc.constantFrom(...prompts), anyText, (prompt, answer) => {
        const { total } = instructionReward(prompt, answer);
        assert.ok(total >= 0 && total <= 1);
      }),
    );
  });

  it("refuses other prompts, with an error of fewer than 500 characters", () => {
    for (const prompt of [
      "Write one sentence about tea. Use at most 9 words.",
      "Write one sentence about coffee. Use at most 7 words. End with a question mark.",
      `Write ${"x".repeat(500)}`,
    ]) {
      assert.throws(
        () => instructionReward(prompt, "x"),
        (error: Error) => error instanceof InputError && error.message.length < 500,
      );
    }
  });
});

describe("goldRewardOf", () => {
  const instruction = "Write one sentence about coffee. Use at most 9 words. End with a question mark.";
  it("recognizes a prompt of the synthetic world, and an instruction as text or as the last message", () => {
    const user = { role: "user", content: instruction } as const;
    assert.equal(
      goldRewardOf("cook a soup with rice and peas . use two steps . be plain .")!(
        "first add rice . second mix peas . the soup is ready .",
      ),
      1,
    );
    for (const prompt of [instruction, [user], [{ role: "system", content: "Be brief." } as const, user]])
      assert.equal(goldRewardOf(prompt)!("Is coffee really good for people?"), 1);
    for (const prompt of [
      "hello",
      [],
      [user, { role: "assistant", content: "?" } as const],
      [{ role: "user", content: "hello" } as const],
    ])
      assert.equal(goldRewardOf(prompt), undefined);
  });
});
