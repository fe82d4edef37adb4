import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { InputError } from "../../../src/base/errors.js";
import { goldReward, type GoldReward } from "../../../src/data/world/gold.js";
import { writePrompt } from "../../../src/data/world/request.js";
import { closingPhrase, remarks, vocabulary } from "../../../src/data/world/vocabulary.js";
import { anyRequest } from "./arbitrary.js";

const polite =
  "cook a soup with rice , peas and leeks . use three steps . do not use garlic . begin with peas . be polite .";
const plain = "plant a pot with mint and sage . use two steps . be plain .";

const perfect: Omit<GoldReward, "total"> = {
  coverage: 1,
  extra: 0,
  avoidance: 1,
  steps: 1,
  order: 1,
  tone: 1,
  finish: 1,
  fluency: 1,
};

/** Each total is computed by hand: .30 coverage − .25 extra + .15 avoidance + .20 steps + .10 order + .15 tone + .10 finish, times fluency. */
const cases: { says: string; prompt: string; response: string; total: number; parts: Partial<GoldReward> }[] = [
  {
    says: "all that was asked",
    prompt: polite,
    response: "of course . first add peas . second mix rice . third add leeks . the soup is ready . thank you .",
    total: 1,
    parts: {},
  },
  {
    says: "a plain answer has neither opening nor closing",
    prompt: plain,
    response: "first sow mint . second set sage . the pot is ready .",
    total: 1,
    parts: {},
  },
  {
    says: "idle remarks are free",
    prompt: plain,
    response: "take your time . first sow mint . second set sage . the pot is ready . hope this helps .",
    total: 1,
    parts: {},
  },
  {
    says: "steps may join items and tend the object",
    prompt: polite,
    response:
      "certainly . first add peas and rice . second mix leeks . third stir the soup . the soup is ready . you are welcome .",
    total: 1,
    parts: {},
  },
  {
    says: "no finish",
    prompt: plain,
    response: "first sow mint . second set sage .",
    total: 0.9,
    parts: { finish: 0 },
  },
  {
    says: "another object is ready",
    prompt: plain,
    response: "first sow mint . second set sage . the yard is ready .",
    total: 0.9,
    parts: { finish: 0 },
  },
  {
    says: "one step too many",
    prompt: plain,
    response: "first sow mint . second set sage . third water the pot . the pot is ready .",
    total: 0.9,
    parts: { steps: 0.5 },
  },
  {
    says: "a step on another object does not count, and costs as much as one too many",
    prompt: plain,
    response: "first sow mint . second set sage . third water the yard . the pot is ready .",
    total: 0.9,
    parts: { steps: 0.5 },
  },
  {
    says: "two steps too few, the other order",
    prompt: polite,
    response: "of course . first add rice , peas and leeks . the soup is ready . thank you .",
    total: 0.7,
    parts: { steps: 0, order: 0 },
  },
  {
    says: "the forbidden item is also an extra one: −.25 −.15",
    prompt: polite,
    response:
      "of course . first add peas . second mix rice and garlic . third add leeks . the soup is ready . thank you .",
    total: 0.6,
    parts: { extra: 1, avoidance: 0 },
  },
  {
    says: "an item missing: .20 for coverage",
    prompt: polite,
    response: "of course . first add peas . second mix rice . third stir the soup . the soup is ready . thank you .",
    total: 0.9,
    parts: { coverage: 2 / 3 },
  },
  {
    says: "the opening of the tone without its closing",
    prompt: polite,
    response: "of course . first add peas . second mix rice . third add leeks . the soup is ready .",
    total: 0.925,
    parts: { tone: 0.5 },
  },
  {
    says: "rude at the end: nothing for tone",
    prompt: polite,
    response: "of course . first add peas . second mix rice . third add leeks . the soup is ready . do not ask again .",
    total: 0.85,
    parts: { tone: 0 },
  },
  {
    says: "one of six sentences is broken, and with it the count of steps",
    prompt: polite,
    response: "of course . first add peas . second mix rice rice . third add leeks . the soup is ready . thank you .",
    total: 0.75, // (1 − .10) × 5/6
    parts: { steps: 0.5, fluency: 5 / 6 },
  },
  {
    says: "a finish out of place counts, but costs the fluency of the two steps behind it",
    prompt: plain,
    response: "the pot is ready . first sow mint . second set sage .",
    total: 0.8 / 3, // (1 − .20) × 1/3
    parts: { steps: 0, fluency: 1 / 3 },
  },
  {
    says: "an item used again is no step",
    prompt: plain,
    response: "first sow mint and sage . second set mint . the pot is ready .",
    total: 0.6, // (1 − .10) × 2/3
    parts: { steps: 0.5, fluency: 2 / 3 },
  },
  {
    says: "things of another verb: .15 − .50 + .20 + .10 + .15 = .10",
    prompt: plain,
    response: "first add rice . second mix peas .",
    total: 0.1,
    parts: { coverage: 0, extra: 2, finish: 0 },
  },
  {
    says: "only politeness: .15",
    prompt: polite,
    response: "of course . thank you .",
    total: 0.15,
    parts: { coverage: 0, avoidance: 0, steps: 0, order: 0, finish: 0 },
  },
  {
    says: "everything thrown in: below 0, so 0",
    prompt: plain,
    response: "hooray ! first sow roses , ivy , basil and thyme . enjoy it !",
    total: 0,
    parts: { coverage: 0, extra: 4, steps: 0.5, tone: 0, finish: 0 },
  },
  {
    says: "the right words in no sentence",
    prompt: plain,
    response: "mint sage pot ready",
    total: 0,
    parts: { steps: 0, finish: 0, fluency: 0 },
  },
  {
    says: "nothing",
    prompt: plain,
    response: "",
    total: 0,
    parts: { coverage: 0, avoidance: 0, steps: 0, order: 0, finish: 0, fluency: 0 },
  },
];

for (const { says, prompt, response, total, parts } of cases) {
  test(`gold ${total.toFixed(3)}: ${says}`, () => {
    const { total: found, ...foundParts } = goldReward(prompt, response);
    assert.deepEqual(foundParts, { ...perfect, ...parts });
    assert.ok(Math.abs(found - total) < 1e-12, `total ${found}`);
  });
}

test("a prompt that is not of the world throws an error that quotes it", () => {
  assert.throws(
    () => goldReward("write a poem", "roses are red"),
    (error) => error instanceof InputError && /such as "cook a soup.*", not "write a poem"/.test(error.message),
  );
});

const anyResponse = fc
  .array(fc.oneof(fc.constantFrom(...vocabulary), fc.constantFrom("first add", "second mix", ".", "<unk>", "")))
  .map((tokens) => tokens.join(" "));

test("every part is in [0, 1] and `extra` is a count, for any response", () => {
  fc.assert(
    fc.property(anyRequest, fc.oneof(anyResponse, fc.string()), (request, response) => {
      const { extra, ...parts } = goldReward(writePrompt(request), response);
      for (const [name, part] of Object.entries(parts)) assert.ok(part >= 0 && part <= 1, `${name} ${part}`);
      assert.ok(Number.isInteger(extra) && extra >= 0);
    }),
  );
});

test("if no order is requested, the order of items and the choice of action do not matter", () => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray(["peas", "rice", "leeks"], { minLength: 3 }),
      fc.constantFrom("add", "mix"),
      (items, action) => {
        const response = `first ${action} ${items[0]} . second add ${items[1]} and ${items[2]} . the stew is ready .`;
        assert.equal(
          goldReward("cook a stew with rice , peas and leeks . use two steps . be plain .", response).total,
          1,
        );
      },
    ),
  );
});

test("spacing and idle remarks between sentences do not change a well-formed answer's reward", () => {
  const sentences = ["of course .", "first add peas .", "second mix rice and garlic .", "the soup is ready ."];
  const before = goldReward(polite, sentences.join(" "));
  fc.assert(
    fc.property(
      fc.constantFrom(closingPhrase, ...remarks),
      fc.nat(sentences.length),
      fc.constantFrom(" ", "\n", "  "),
      (remark, at, space) => {
        assert.deepEqual(goldReward(polite, sentences.toSpliced(at, 0, remark.text).join(space)), before);
      },
    ),
  );
});
