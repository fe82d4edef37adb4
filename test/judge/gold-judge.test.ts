import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadPreferences } from "../../src/data/load-preferences.js";
import { goldReward } from "../../src/data/world/gold.js";
import { world } from "../../src/data/world/shipped.js";
import { goldJudge } from "../../src/judge/gold-judge.js";
import { gradeResponses, judgePairs } from "../../src/judge/judge-rows.js";

describe("goldJudge", () => {
  it("compares and grades by the gold reward", async () => {
    const { pairs } = await loadPreferences(world.heldOut, { limit: 30 });
    const rewards = pairs.map(
      ({ prompt, chosen, rejected }) =>
        [goldReward(prompt as string, chosen).total, goldReward(prompt as string, rejected).total] as const,
    );
    const verdicts = await judgePairs(
      goldJudge(),
      pairs.map(({ id, prompt, chosen, rejected }) => ({ id, prompt, a: chosen, b: rejected })),
    );
    assert.deepEqual(
      verdicts.map(({ choice }) => choice),
      rewards.map(([a, b]) => (a > b ? "a" : a < b ? "b" : "tie")),
    );
    const grades = await gradeResponses(
      goldJudge(),
      pairs.map(({ prompt, chosen }) => ({ prompt, response: chosen })),
    );
    assert.deepEqual(
      grades.map(({ grade }) => grade),
      rewards.map(([a]) => 1 + 9 * a),
    );
    assert.equal((await goldJudge().compare(pairs[0]!.prompt, "no .", "no .")).choice, "tie");
  });

  it("names a row with a prompt that has no gold reward", async () => {
    await assert.rejects(
      judgePairs(goldJudge(), [{ id: "x", prompt: "Who was Ada Lovelace?", a: "a", b: "b" }]),
      /^InputError: row "x": there is no gold reward for "Who was Ada Lovelace\?"; it applies only to prompts of the synthetic world/,
    );
  });
});

describe("judgePairs and gradeResponses", () => {
  it("refuse an empty list, and rows without a response or a prompt", async () => {
    const broken = (row: object) => [{ prompt: "p", a: "a", b: "b" }, row] as never;
    await assert.rejects(judgePairs(goldJudge(), []), /gold: no rows to judge$/);
    await assert.rejects(
      judgePairs(goldJudge(), broken({ prompt: "p", a: "a" })),
      /^InputError: row 1: "b" is missing; expected the text of a response$/,
    );
    await assert.rejects(
      judgePairs(goldJudge(), broken({ id: "x", prompt: "p", a: 3, b: "b" })),
      /^InputError: row "x": "a" is 3, expected the text of a response$/,
    );
    await assert.rejects(
      gradeResponses(goldJudge(), [{ response: "b" }] as never),
      /^InputError: row 0: "prompt" is missing; expected text or a list of messages$/,
    );
  });
});
