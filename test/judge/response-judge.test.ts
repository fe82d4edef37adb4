import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadPreferences } from "../../src/data/load-preferences.js";
import { goldReward } from "../../src/data/world/gold.js";
import { world } from "../../src/data/world/shipped.js";
import { goldJudge } from "../../src/judge/gold-judge.js";
import type { Judge } from "../../src/judge/judge.js";
import { gradeResponses, judgePairs } from "../../src/judge/judge-rows.js";
import { responseJudge, judgeOfGold } from "../../src/judge/response-judge.js";

describe("responseJudge", () => {
  it("scores responses to their pairs' prompts, in order", async () => {
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

  it("refuses a response with the id of no pair", async () => {
    await assert.rejects(
      responseJudge(goldJudge(), [])([{ id: "x", response: "r" }], {}),
      /gold: no pair has the id "x", so the prompt of this response is unknown; pass the pairs/,
    );
  });
});

describe("a custom judge", () => {
  const rows = [
    { id: "7", prompt: "p", response: "r", a: "r", b: "s" },
    { id: "8", prompt: "p", response: "s", a: "s", b: "r" },
  ];
  const own = (answer: () => unknown) =>
    ({ name: "mine", version: "1", grade: answer, compare: answer }) as unknown as Judge;

  it("is named, with the row, if it returns anything but a grade or a verdict", async () => {
    const pairs = rows.map(({ id, prompt }) => ({ id, prompt, chosen: "c", rejected: "d" }));
    for (const [answer, found] of [
      [undefined, "undefined"],
      [null, "null"],
      [7, "7"],
      [{}, "{}"],
      [{ grade: "7", choice: "c" }, '{"grade":"7","choice":"c"}'],
      [{ grade: NaN, choice: "a", orders: ["a"] }, '{"grade":null,"choice":"a","orders":["a"]}'],
    ] as const) {
      for (const judge of [own(() => answer), own(async () => answer)]) {
        const expected = (what: string) => ({
          name: "InputError",
          message: new RegExp(
            `^row "7": the judge "mine" returned ${found.replace(/[[\]{}]/g, "\\$&")}; it must return a ${what}`,
          ),
        });
        await assert.rejects(responseJudge(judge, pairs)(rows, {}), expected("grade, \\{ grade: 7"));
        await assert.rejects(judgePairs(judge, rows), expected("verdict, \\{ choice: "));
      }
    }
  });

  it("is named, with the row, if it throws", async () => {
    const judge = own(() => {
      throw new TypeError("no");
    });
    const error = { name: "InputError", message: 'row "7": the judge "mine" threw TypeError: no' };
    await assert.rejects(gradeResponses(judge, rows), error);
    await assert.rejects(judgePairs(judge, rows), error);
  });

  it("delays neither an abort nor another row's failure if it never answers", async () => {
    const never = new Promise<never>(() => {});
    const abort = new AbortController();
    const judge = own(async () => {
      setImmediate(() => abort.abort(new Error("stopped")));
      return never;
    });
    await assert.rejects(gradeResponses(judge, rows, { signal: abort.signal }), { message: "stopped" });
    let asked = 0;
    const failing = own(async () => (asked++ === 0 ? never : null));
    await assert.rejects(judgePairs(failing, rows), { message: /^row "8": the judge "mine" returned null/ });
  });
});

describe("judgeOfGold", () => {
  it("returns the gold judge only for prompts of the synthetic world", async () => {
    const { pairs } = await loadPreferences(world.heldOut, { limit: 3 });
    assert.equal(judgeOfGold(pairs)?.name, "gold");
    assert.equal(judgeOfGold([...pairs, { ...pairs[0]!, prompt: "Who was Ada Lovelace?" }]), undefined);
  });
});
