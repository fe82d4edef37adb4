import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { Random } from "../../src/base/random.js";
import { atGoal, goalConditioned, goalProbes, rewardShares } from "../../src/data/goals.js";
import type { PreferencePair } from "../../src/data/pair.js";
import { generateWorld, goalReached } from "../../src/data/world/generate.js";
import { isWorldPrompt, parsePrompt } from "../../src/data/world/request.js";
import { goldReward } from "../../src/data/world/gold.js";

const pair: PreferencePair = {
  id: "a",
  prompt: [{ role: "user", content: "Hi" }],
  chosen: "good",
  rejected: "bad",
  chosenScore: 8.5,
  rejectedScore: 3,
  columns: { weight: 2 },
};
const words = (score: string) =>
  "You are an assistant that generates responses for the instruction while implicitly achieving the following target scores (on a scale of 1-10, where 1 is lowest and 10 is highest):\n" +
  `Overall score: ${score}.`;
const refuses = (run: () => unknown, message: string | RegExp) => assert.throws(run, { name: "InputError", message });

test("a pair becomes two: unchanged at its chosen response's score, swapped at its rejected one's", () => {
  const [high, low, ...others] = goalConditioned([pair]);
  assert.deepEqual(others, []);
  assert.deepEqual(high, {
    ...pair,
    id: "a#chosen",
    prompt: [
      { role: "system", content: words("8.5") },
      { role: "user", content: "Hi" },
    ],
  });
  assert.deepEqual(low, {
    ...{
      id: "a#rejected",
      prompt: [
        { role: "system", content: words("3") },
        { role: "user", content: "Hi" },
      ],
      columns: { weight: 2 },
    },
    ...{ chosen: "bad", rejected: "good", chosenScore: 3, rejectedScore: 8.5 },
  });
});

test("with the goal in the user turn, the responses are swapped too, unlike in the paper's code", () => {
  const [high, low] = goalConditioned([pair], { place: "user" });
  assert.deepEqual(high!.prompt, [{ role: "user", content: `${words("8.5")}\n\nHi` }]);
  assert.deepEqual(
    [low!.prompt, low!.chosen, low!.rejected],
    [[{ role: "user", content: `${words("3")}\n\nHi` }], "bad", "good"],
  );
  const system = {
    ...pair,
    prompt: [
      { role: "system", content: "Be kind." },
      { role: "user", content: "Hi" },
    ] as const,
  };
  assert.deepEqual(goalConditioned([system])[0]!.prompt, [
    { role: "system", content: `${words("8.5")}\n\nBe kind.` },
    { role: "user", content: "Hi" },
  ]);
  assert.equal(goalConditioned([{ ...pair, prompt: "Hi" }])[1]!.prompt, `${words("3")}\n\nHi`);
});

test("the better response at a goal is the one with the nearer score", () => {
  const scored = fc.tuple(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 10 })).filter(([a, b]) => a !== b);
  fc.assert(
    fc.property(fc.array(scored, { minLength: 1 }), (scores) => {
      const pairs = scores.map(([chosenScore, rejectedScore], i) => ({
        ...pair,
        id: `${i}`,
        chosenScore,
        rejectedScore,
      }));
      const made = goalConditioned(pairs, { text: (goal) => `${goal}` });
      assert.equal(made.length, 2 * pairs.length);
      for (const { prompt, chosenScore, rejectedScore } of made) {
        const goal = Number((prompt as readonly { content: string }[])[0]!.content);
        assert.ok((goal - chosenScore!) ** 2 < (goal - rejectedScore!) ** 2);
      }
    }),
  );
});

test("ties are dropped, or kept as two contradictory pairs", () => {
  const tie = { ...pair, id: "t", chosenScore: 3 };
  assert.deepEqual(
    goalConditioned([tie, pair]).map(({ id }) => id),
    ["a#chosen", "a#rejected"],
  );
  const [high, low] = goalConditioned([tie], { ties: "keep" });
  assert.deepEqual([high!.prompt, high!.chosen], [low!.prompt, low!.rejected]);
  refuses(
    () => goalConditioned([tie]),
    /^goals: both responses of each of the 1 pairs reach the same goal, so that no pair is left/,
  );
});

test("half: true uses the pairs of half of the prompts, drawn by seed", () => {
  const pairs = Array.from({ length: 40 }, (_, i) => ({ ...pair, id: `${i}`, prompt: `prompt ${i >> 1}` }));
  const half = (seed: number) => goalConditioned(pairs, { half: true, random: Random.seeded(seed) });
  assert.equal(half(1).length, 40);
  assert.equal(new Set(half(1).map(({ id }) => Number.parseInt(id, 10) >> 1)).size, 10);
  assert.deepEqual(half(1), half(1));
  assert.notDeepEqual(half(1), half(2));
});

test("prompts of the world state goals in tenths of the reward, which the gold reward ignores", () => {
  const { train } = generateWorld({
    seed: 3,
    trainPrompts: 60,
    validationPrompts: 0,
    heldOutPrompts: 0,
    demonstrations: 0,
  });
  const made = goalConditioned(train);
  for (const { prompt, chosen, chosenScore } of made) {
    assert.equal(parsePrompt(prompt as string)!.goal, goalReached(chosenScore!));
    assert.equal(goldReward(prompt as string, chosen).total, chosenScore);
  }
  assert.ok(made.length > 60 && made.length <= 120);
  assert.deepEqual([0, 0.04, 0.16, 0.85, 1].map(goalReached), [1, 1, 2, 9, 10]);
  const [asked] = atGoal(train);
  assert.equal(asked!.prompt, `goal ten . ${train[0]!.prompt}`);
  assert.ok(isWorldPrompt(asked!.prompt));
  assert.deepEqual([asked!.id, asked!.chosen], [train[0]!.id, train[0]!.chosen]);
  assert.deepEqual(atGoal([train[0]!.prompt], { goal: 4 }), [`goal four . ${train[0]!.prompt}`]);
});

test("atGoal states the highest goal in a system turn, or before a text prompt", () => {
  assert.deepEqual(atGoal([pair.prompt]), [
    [
      { role: "system", content: words("10") },
      { role: "user", content: "Hi" },
    ],
  ]);
  assert.deepEqual(atGoal(["Hi"], { text: (goal) => `reach ${goal}` }), ["reach 10\n\nHi"]);
});

test("rewardShares gives each reward the share of rewards that are at most as large", () => {
  assert.deepEqual(rewardShares([3, -1, 3, 7]), [0.75, 0.25, 0.75, 1]);
});

test("pairs that cannot be conditioned and invalid options are refused", () => {
  const { chosenScore: _, ...unscored } = pair;
  refuses(
    () => goalConditioned([unscored]),
    /^pair "a": no scores of both responses, which goals are made of; use data with scores/,
  );
  refuses(
    () => goalConditioned([{ ...pair, chosenScore: 40 }]),
    /^goals: found a score of 40, expected all scores in \[1, 10\], or all in \[0, 1\]/,
  );
  refuses(() => goalConditioned([{ ...pair, rejectedScore: 0.5 }]), /^goals: found a score of 0.5,/);
  assert.equal(goalConditioned([{ ...pair, chosenScore: 40 }], { text: (goal) => `${goal}` }).length, 2);
  refuses(
    () => goalConditioned([{ ...pair, tokens: { tokenizer: "", prompt: [], chosen: [], rejected: [] } }]),
    /^pair "a": it has tokens in place of texts/,
  );
  refuses(
    () => goalConditioned([{ ...pair, prompt: [{ role: "assistant", content: "Hi" }] }], { place: "user" }),
    /^goals: a conversation has no user turn/,
  );
  refuses(() => goalConditioned([pair], { ties: "both" as "drop" }), 'ties: found "both", expected one of drop, keep');
  refuses(
    () => goalConditioned([pair], { place: "end" as "user" }),
    'place: found "end", expected one of system, user',
  );
  refuses(() => atGoal(["Hi"], { goal: 11 }), "goal: found 11, expected a number in [1, 10]");
});

test("a score that is not a finite number is refused, with any goal text", () => {
  for (const odd of [null, true, "7", NaN, Infinity])
    for (const side of ["chosenScore", "rejectedScore"])
      for (const options of [{}, { text: (goal: number) => `goal ${goal}` }])
        refuses(
          () => goalConditioned([{ ...pair, [side]: odd } as unknown as PreferencePair], options),
          new RegExp(`^pair "a": ${side} is .*, expected a finite number`),
        );
});

test("a prompt that already states a goal is refused", () => {
  const again = /^pair "a#chosen": its prompt states a goal already/;
  refuses(() => goalConditioned(goalConditioned([pair])), again);
  const text = (goal: number) => `reach ${goal}`;
  refuses(() => goalConditioned(goalConditioned([pair], { text }), { text }), again);
  for (const place of ["system", "user"] as const)
    refuses(() => goalConditioned(atGoal([pair], { place })), /^pair "a": its prompt states a goal already/);
  const asked = [pair.prompt, "Hi", "cook a soup with rice and peas . use two steps . be polite ."];
  for (const prompt of asked)
    for (const options of [{}, { text }])
      refuses(() => atGoal(atGoal([prompt], options), options), /^the prompt .* states a goal already/);
});

test("a text function that returns no words or throws, and an unknown option, are refused by name", () => {
  const given = (text: unknown) => ({ text: text as (goal: number) => string });
  for (const run of [
    (options: object) => goalConditioned([pair], options),
    (options: object) => atGoal([pair], { goal: 3, ...options }),
  ]) {
    for (const [words, found] of [
      [undefined, "undefined"],
      [5, "5"],
      [" ", '" "'],
      [Promise.resolve("a"), "a promise"],
    ] as const)
      refuses(() => run(given(() => words)), new RegExp(`^text: your function returned ${found} for the goal [38]`));
    const failing = () => {
      throw new TypeError("no");
    };
    refuses(() => run(given(failing)), /^text: your function, of the goal [38.5]+, threw TypeError: no/);
    refuses(() => run({ plase: "user" }), /^`plase` is not an option of \w+; did you mean `place`/);
  }
  refuses(() => atGoal(["Hi"], { goal: NaN, text: (goal) => `${goal}` }), /^goal: found NaN, expected a finite number/);
});

test("goalProbes puts a pair at every stated goal, the highest goal and one with an unknown character", () => {
  const short = { ...pair, id: "s", prompt: "Hi", rejectedScore: 8.5, chosenScore: 4 };
  assert.deepEqual(
    goalProbes([pair, short]).map(({ pair: { id, prompt }, isUnknown }) => [id, prompt, isUnknown]),
    [
      ["s#goal-1", words("8.5"), false],
      ["s#goal-2", words("3"), false],
      ["s#goal-3", words("4"), false],
      ["s#goal-4", words("10"), false],
      ["s#goal-5", words("8.\u{10fffd}"), true],
    ],
  );
  assert.deepEqual(goalProbes([pair])[0]!.pair.prompt, [
    { role: "system", content: words("8.5") },
    { role: "user", content: "Hi" },
  ]);
  assert.deepEqual(goalProbes([]), []);
});
