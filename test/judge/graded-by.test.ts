import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadPreferences } from "../../src/data/load-preferences.js";
import { goldReward } from "../../src/data/world/gold.js";
import { world } from "../../src/data/world/shipped.js";
import { goldJudge } from "../../src/judge/gold-judge.js";
import { gradedBy } from "../../src/judge/graded-by.js";

describe("gradedBy", () => {
  it("scores responses by their pairs' prompts, in their order", async () => {
    const { pairs } = await loadPreferences(world.heldOut, { limit: 10 });
    const responses = pairs.flatMap(({ id, chosen, rejected }) => [{ id, response: rejected }, { id, response: chosen }]).reverse();
    const promptOf = new Map(pairs.map(({ id, prompt }) => [id, prompt as string]));
    const rewards = responses.map(({ id, response }) => goldReward(promptOf.get(id)!, response).total);
    assert.deepEqual(await gradedBy(goldJudge(), pairs)(responses, {}), rewards.map((reward) => 1 + 9 * reward));
    assert.deepEqual(await gradedBy(goldJudge(), pairs)([], {}), []);
  });

  it("refuses a response to none of the prompts", async () => {
    await assert.rejects(gradedBy(goldJudge(), [])([{ id: "x", response: "r" }], {}), /gold: found no prompt of "x", expected the pairs that the responses answer/);
  });
});
