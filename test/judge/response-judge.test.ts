import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadPreferences } from "../../src/data/load-preferences.js";
import { goldReward } from "../../src/data/world/gold.js";
import { world } from "../../src/data/world/shipped.js";
import { goldJudge } from "../../src/judge/gold-judge.js";
import { responseJudge, judgeOfGold } from "../../src/judge/response-judge.js";

describe("responseJudge", () => {
  it("scores responses by their pairs' prompts, in their order", async () => {
    const { pairs } = await loadPreferences(world.heldOut, { limit: 10 });
    const answers = pairs
      .flatMap(({ id, prompt, chosen, rejected }) => [
        { id, prompt, response: rejected },
        { id, prompt, response: chosen },
      ])
      .reverse();
    const scores = await responseJudge(goldJudge(), pairs)(
      answers.map(({ id, response }) => ({ id, response })),
      {},
    );
    assert.deepEqual(
      scores,
      answers.map(({ prompt, response }) => 1 + 9 * goldReward(prompt as string, response).total),
    );
    assert.deepEqual(await responseJudge(goldJudge(), pairs)([], {}), []);
  });

  it("refuses a response to none of the prompts", async () => {
    await assert.rejects(
      responseJudge(goldJudge(), [])([{ id: "x", response: "r" }], {}),
      /gold: no pair has the id "x", so the prompt of this response is unknown; pass the pairs/,
    );
  });
});

describe("judgeOfGold", () => {
  it("is the gold reward for prompts of the synthetic world alone", async () => {
    const { pairs } = await loadPreferences(world.heldOut, { limit: 3 });
    assert.equal(judgeOfGold(pairs)?.name, "gold");
    assert.equal(judgeOfGold([...pairs, { ...pairs[0]!, prompt: "Who was Ada Lovelace?" }]), undefined);
  });
});
