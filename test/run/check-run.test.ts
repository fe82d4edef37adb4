import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Random } from "../../src/base/random.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import * as methods from "../../src/methods/index.js";
import { checkPairColumns } from "../../src/run/check-run.js";
import type { RunInput } from "../../src/run/input.js";
import type { Method } from "../../src/run/method.js";
import { prepareMethod } from "../../src/run/open-run.js";
import { tokenDifference } from "../../src/run/token-difference.js";
import { randomPairs } from "../support/tiny-model.js";
import { textJudge, tinyInput } from "../support/tiny-run.js";

const programs = new ProgramCache(new OnnxEngine({ threads: 1 }));
after(() => programs.engine.close());

const judge = {
  ...textJudge("paid", () => 0),
  score: async () => assert.fail("the judge was asked"),
};
const judged = { judge };
const others = randomPairs(3, Random.seeded(9));
const targets = randomPairs(8, Random.seeded(2)).map((pair) => ({ ...pair, columns: { target: 0.5 } }));
/** A target that pairs of any origin can have. */
const lengthTarget = {
  ...{ name: "target of lengths", version: "1" },
  of: ({ chosen, rejected }: { chosen: Int32Array; rejected: Int32Array }) => ({
    columns: { target: chosen.length - rejected.length },
  }),
};

/** Checks a run as before it begins, without training, sampling or judging. */
async function check(method: Method, changed: Partial<RunInput> = {}): Promise<void> {
  const { input } = await prepareMethod(method, await tinyInput(programs, changed), {});
  checkPairColumns(method, input);
}

async function refused(method: Method, changed: Partial<RunInput>, message: RegExp): Promise<void> {
  await assert.rejects(check(method, changed), { name: "InputError", message });
}

describe("the checks before a run", () => {
  it("refuse a method without the options, pairs, judge or demonstrations that it needs", async () => {
    await refused(methods.aihf()(), {}, /^this method trains on demonstrations beside the pairs/);
    await refused(methods.irepo()(), {}, /^this method labels responses with a judge/);
    await refused(methods.curryDpo()({ rounds: 3 }), {}, /^this method labels responses with a judge/);
    await refused(methods.iterativeDpo()({ rounds: 2 }), {}, /^this method labels responses with a judge/);
    await refused(methods.proxyReward()(), {}, /^this method labels responses with a judge/);
    await refused(methods.proxyReward({ budget: 1000 })(), judged, /^budget: found 1000, expected at most/);
    const direct = methods.proxyReward({ evaluator: "score-head", spend: "direct" });
    await refused(direct(), judged, /^evaluator: `spend: "direct"` trains none/);
    await refused(methods.sapo({ bufferSize: 1 })(), {}, /^bufferSize: found 1, expected at least batchSize/);
    await refused(methods.sapo({ segment: 1e9 })(), {}, /^segment: all 8 chosen responses are too short/);
    const few = { pairs: randomPairs(2, Random.seeded(2)) };
    await refused(methods.spa()(), few, /^shares: .* of 2 prompts leaves round \d without one/);
    await refused(methods.sera({ selectBy: "score" })({ rounds: 2 }), {}, /score/);
  });

  it("refuse held-out data of which nothing is left, as given or as the method rewrites it", async () => {
    const message = /^heldOut: no pair or prompt that fits the context to evaluate on; leave `heldOut` out$/;
    for (const heldOut of [{ pairs: [] }, { pairs: [], gold: () => 0 }, { pairs: [], prompts: [], gold: () => 0 }])
      await refused(methods.direct()(), { heldOut }, message);
    const pairs = [{ id: "1", prompt: "a", chosen: "b", rejected: "c" }];
    const tokenized = () => ({ pairs: others, heldOut: { pairs: [], gold: () => 0 } });
    const method = { ...methods.direct()(), rewrite: () => ({ pairs }) };
    await refused(method, { texts: { pairs, tokenized }, heldOut: { pairs: others } }, message);
  });

  it("refuse data without a column that the loss needs, or with one that it does not use", async () => {
    await refused(methods.direct({ loss: "irepo" })(), {}, /^pair 1 has no column "target", which the loss needs/);
    await check(methods.direct({ loss: "irepo" })(), { pairs: targets });
    await check(methods.direct({ loss: "irepo" })(), { columns: lengthTarget });
    await refused(methods.direct({ loss: "dpo-bmc" })(), {}, /needs the token column "differs"/);
    await check(methods.direct({ loss: "dpo-bmc" })(), { columns: tokenDifference() });
    await refused(methods.direct({ loss: "simpo" })(), { pairs: targets }, /does not use the column "target"/);
    await refused(methods.spo({ loss: "dpo-bmc" })(), {}, /^spo: the loss dpo-bmc .* weighs single tokens/);
    await refused(methods.sapo({ loss: "dpo-bmc" as "dpo" })(), {}, /^sapo: the loss dpo-bmc weighs single tokens/);
  });

  it("refuse a loss that needs a column which the method's own pairs cannot have", async () => {
    const lacks = (name: string, loss: string, column: string) =>
      new RegExp(
        `^${name}: the loss ${loss} needs the ${column} of every pair, and the pairs that the method makes itself have none; choose another loss`,
      );
    const irepo = { loss: "irepo", rounds: 3 } as const;
    const target = 'column "target"';
    const data = { pairs: targets };
    await refused(methods.sera()(irepo), data, lacks("sera", "irepo", target));
    await refused(methods.dice()(irepo), data, lacks("dice", "irepo", target));
    await refused(methods.spa({ shares: [0.5, 0.5], refineShare: 0 })(irepo), data, lacks("spa", "irepo", target));
    await refused(methods.spin()(irepo), data, lacks("spin", "irepo", target));
    await refused(methods.curryDpo()(irepo), { ...data, judge }, lacks("curry dpo", "irepo", target));
    await refused(methods.proxyReward()(irepo), { ...data, judge }, lacks("proxy reward", "irepo", target));
    const bmc = { loss: "dpo-bmc", rounds: 3 } as const;
    await refused(methods.proxyReward()(bmc), judged, lacks("proxy reward", "dpo-bmc", 'token column "differs"'));

    await check(methods.sera()({ ...irepo, rounds: 1 }), data);
    await check(methods.sera({ bootstrap: 0, select: 0.5 })(irepo), data);
    await check(methods.sera()(irepo), { columns: lengthTarget });
    await check(methods.spin()(bmc), { columns: tokenDifference() });
  });

  it("refuse columns, reference updates and metrics that a score head does not support", async () => {
    const head = (own: object = {}) => methods.proxyReward({ evaluator: "score-head", ...own })();
    await check(head(), judged);
    await refused(
      head(),
      { judge, columns: tokenDifference() },
      /^proxy reward: its loss cannot read the pairs that the method makes itself: score-head: token columns/,
    );
    await refused(head({ referenceEvery: 1 }), judged, /no reference to update \(score-head\)/);
    const chosen = { evaluateEvery: 1, keepBestBy: "eval_rewards/accuracies" };
    await refused(
      head(chosen),
      { judge, validation: others },
      /^keepBestBy: a score head .* "eval_rewards\/accuracies" is not known of it; choose "eval_loss"/,
    );
    await check(head({ ...chosen, keepBestBy: "eval_loss" }), { judge, validation: others });
  });

  it("refuse validation and held-out pairs without a column that evaluation during training needs", async () => {
    const every = methods.irepo({ evaluateEvery: 1 })();
    await refused(
      every,
      { judge, validation: others },
      /^evaluateEvery: evaluation during training needs the column "target" of every validation pair for the loss irepo, and pair 1 has none/,
    );
    await refused(every, { judge, heldOut: { pairs: others } }, /of every held-out pair for the loss irepo/);
    await check(every, { judge, validation: others.map((pair) => ({ ...pair, columns: { target: 1 } })) });
  });

  it("refuse rows without a unique string id", async () => {
    const [first, ...rest] = randomPairs(4, Random.seeded(2));
    const unnamed = [first!, ...rest.map((pair) => ({ ...pair, id: undefined as unknown as string }))];
    await refused(methods.direct()(), { pairs: unnamed }, /^pair 2 has no id; give each row one that no other has/);
    await refused(methods.direct()(), { validation: unnamed }, /^validation pair 2 has no id/);
    const numbered = [{ ...first!, id: 7 as unknown as string }];
    await refused(methods.direct()(), { pairs: numbered }, /^pair 1 has the id 7, which is not a string/);
    const twice = [first!, ...rest, { ...first!, chosen: first!.rejected }];
    await refused(methods.direct()(), { pairs: twice }, /^pair 5 has the id "[^"]+", as pair 1 has; give each row one/);
    await refused(methods.direct()(), { heldOut: { pairs: twice } }, /^held-out pair 5 has the id/);
    const demonstrations = unnamed.map(({ id, prompt, chosen: response }) => ({ id, prompt, response }));
    await refused(methods.aihf({ selfPlay: true })(), { demonstrations }, /^demonstration 2 has no id/);
  });

  it("call a column rule only once per pair", async () => {
    let asked = 0;
    const counting = {
      ...lengthTarget,
      name: "counted",
      of: (...given: Parameters<typeof lengthTarget.of>) => (asked++, lengthTarget.of(...given)),
    };
    const method = methods.direct({ loss: "irepo" })();
    const { input } = await prepareMethod(method, await tinyInput(programs, { columns: counting }), {});
    checkPairColumns(method, input);
    checkPairColumns(method, input);
    assert.equal(asked, input.pairs.length);
  });
});
