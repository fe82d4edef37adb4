import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { readHead } from "../../src/align/head-files.js";
import { meanHidden, responseMeanFeed } from "../../src/align/head.js";
import { losses, type PreferenceLoss } from "../../src/align/losses/index.js";
import type { PairObjective } from "../../src/align/pair-objective.js";
import { preference } from "../../src/align/preference.js";
import { Random } from "../../src/base/random.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { add, matmul, mul, reshape, sub, sum } from "../../src/graph/index.js";
import { direct } from "../../src/methods/index.js";
import { runLayout } from "../../src/run/folder/layout.js";
import { RunFolder } from "../../src/run/folder/run-folder.js";
import { openRun } from "../../src/run/open-run.js";
import type { ColumnRule, ColumnedPair } from "../../src/run/options/index.js";
import { assertClose } from "../support/compare.js";
import { emptyFolder } from "../support/folder.js";
import { byteTokenizer, randomPairs } from "../support/tiny-model.js";
import { resultsIn, tinyInput, tinySera } from "../support/tiny-run.js";

/* Columns, token weights, token-level objectives and heads, in runs. */

const programs = new ProgramCache(new OnnxEngine({ threads: 1 }));
after(() => programs.engine.close());

const quick = { batchSize: 4, learningRate: 1e-2, maxNewTokens: 4, rounds: 1, seed: 1 };
const pairs = randomPairs(8, Random.seeded(2));

const stepsOf = async (folder: string) => (await RunFolder.open(folder)).readRows(runLayout.metrics);
const lossesOf = async (folder: string) => (await stepsOf(folder)).map(({ loss }) => Number(loss));

/** DPO over the sums of token log-ratios, which it adds up itself. */
const tokenDpo: PreferenceLoss = {
  ...{ name: "token-dpo", version: "1", beta: 0.1, reward: losses.dpo({ beta: 0.1 }).reward },
  tokens: { reference: true, columns: { scale: { default: 1 } } },
  perPair: ({ tokens: { policy, reference, columns, sums }, pairWeight: _, ...pair }) => {
    const { chosen, rejected } = sums(mul(columns.scale!, sub(policy, reference)));
    const zero = mul(pair.policyChosen, 0);
    const asDpo = {
      ...pair,
      policyChosen: chosen,
      policyRejected: rejected,
      referenceChosen: zero,
      referenceRejected: zero,
    };
    return losses.dpo({ beta: 0.1 }).perPair(asDpo as Parameters<PreferenceLoss["perPair"]>[0]);
  },
};

/** DPO with a head that learns to predict 1 from the mean hidden state of every response. */
const base = preference(losses.dpo({ beta: 0.1 }));
const withHead: PairObjective = {
  ...base,
  ...{ name: "dpo-with-head", version: "1", beta: 0.1, reward: losses.dpo({ beta: 0.1 }).reward },
  head: { shapes: (hiddenSize) => ({ weight: [hiddenSize, 1] }) },
  build(batch) {
    const { loss, ...rest } = base.build(batch);
    const error = sub(reshape(matmul(meanHidden(batch), batch.head("weight")), [batch.responses]), 1);
    const share = loss.graph.input("share", "float32", [batch.responses]);
    return { ...rest, loss: add(loss, sum(mul(mul(error, error), share))) };
  },
  feed(some, sizes) {
    const { tokenWeight, feeds } = base.feed(some, sizes);
    const share = Float32Array.from({ length: 2 * sizes.slots }, (_, i) =>
      i < 2 * some.length ? 1 / (2 * sizes.step.length) : 0,
    );
    return { tokenWeight, feeds: { ...feeds, ...responseMeanFeed(some.flatMap(base.sequences), sizes.tokens), share } };
  },
};

describe("columns in a run", () => {
  it("are read from the data's pairs: with weights of 1/2, the first loss is ln 2 / 2", async (test) => {
    const folder = emptyFolder(test);
    await openRun(
      direct(quick)(),
      await tinyInput(programs, { pairs: pairs.map((pair) => ({ ...pair, columns: { weight: 0.5 } })) }),
      { folder },
    );
    assertClose([(await lossesOf(folder))[0]!], [Math.LN2 / 2], 1e-6);
    await assert.rejects(
      async () => openRun(direct(quick)(), await tinyInput(programs), { folder }),
      /data\.pairs\.sha256/,
    );
  });

  it("are refused if the loss does not use them", async (test) => {
    const odd = pairs.map((pair) => ({ ...pair, columns: { targetMargin: 1 } }));
    await assert.rejects(
      async () => openRun(direct(quick)(), await tinyInput(programs, { pairs: odd }), { folder: emptyFolder(test) }),
      {
        name: "InputError",
        message: /pair 1: the loss dpo does not use the column "targetMargin"/,
      },
    );
  });

  it("are refused with their pair's id if they are not numbers", async (test) => {
    for (const columns of [{ weight: "1" }, { foo: NaN }, 5, [1]]) {
      const odd = pairs.map((pair, i) => (i === 3 ? { ...pair, columns: columns as never } : pair));
      await assert.rejects(
        async () => openRun(direct(quick)(), await tinyInput(programs, { pairs: odd }), { folder: emptyFolder(test) }),
        { name: "InputError", message: /^pair "pair 3": its columns are / },
      );
    }
  });

  it("from a rule are given to the data's pairs, in place of their own, and to bootstrapped pairs", async (test) => {
    const folder = emptyFolder(test);
    const seen: ColumnedPair[] = [];
    const columns: ColumnRule = {
      ...{ name: "half", version: "1" },
      of(pair) {
        seen.push(pair);
        return { columns: { weight: 0.5 } };
      },
    };
    const given = await tinyInput(programs, {
      pairs: pairs.map((pair) => ({ ...pair, columns: { weight: 3 } })),
      columns,
    });
    await openRun(tinySera({ rounds: 2 }), given, { folder });
    const first = (await stepsOf(folder)).find(({ iteration, step }) => iteration === 1 && step === 1)!;
    assertClose([Number(first.loss)], [Math.LN2 / 2], 1e-6);
    const own = new Set(pairs.map(({ chosen }) => byteTokenizer.decode([...chosen])));
    const [data, made] = [seen.filter((pair) => pair.columns), seen.filter((pair) => !pair.columns)];
    assert.ok(data.every(({ columns: before, chosen, text }) => before!.weight === 3 && own.has(text(chosen))));
    // Before the run, the data's pairs without their columns stand for those that it will bootstrap.
    const bootstrapped = await (await RunFolder.open(folder)).readRows(runLayout.iteration(2).bootstrapped);
    assert.equal(made.length, pairs.length + bootstrapped.length);
    await assert.rejects(
      async () => openRun(tinySera({ rounds: 2 }), { ...given, columns: { ...columns, version: "2" } }, { folder }),
      /columns\.version: "1" there, "2" now/,
    );
  });

  it("from a rule are refused by the rule's name if it does not return them under columns", async (test) => {
    const columns = { name: "bare", version: "1", of: () => ({ weight: 1 }) } as ColumnRule;
    await assert.rejects(
      async () => openRun(direct(quick)(), await tinyInput(programs, { columns }), { folder: emptyFolder(test) }),
      {
        name: "InputError",
        message: /columns: the rule "bare" returned "weight"; return \{ columns: \{ weight: 1 \} \}/,
      },
    );
  });

  it("from a rule are refused if they are malformed, and a rule that modifies its pair changes nothing", async (test) => {
    const run = async (of: unknown, settings?: object) => {
      const folder = emptyFolder(test);
      const columns = {
        name: "odd",
        version: `${Math.random()}`,
        of,
        ...(settings && { settings }),
      } as unknown as ColumnRule;
      await openRun(direct(quick)(), await tinyInput(programs, { columns }), { folder });
      return lossesOf(folder);
    };
    const weight = [1, 2];
    for (const returned of [
      5,
      undefined,
      [1],
      { columns: [1] },
      { columns: { weight: "1" } },
      { columns: { weight: null } },
      { tokens: "x" },
      { tokens: { choosen: { weight } } },
      { tokens: { weight } },
      { tokens: { chosen: { weight: 3 } } },
    ]) {
      await assert.rejects(
        run(() => returned),
        { name: "InputError", message: /columns: the rule "odd" returned / },
        JSON.stringify(returned),
      );
    }
    await assert.rejects(
      run(async () => ({})),
      { name: "InputError", message: /returned a promise; it has to answer at once/ },
    );
    const spoil = ({ prompt }: ColumnedPair) => (prompt.fill(7), {});
    assert.deepEqual(await run(spoil), await run(() => ({})));
  });

  it("from a rule with other settings belong to another run", async (test) => {
    const folder = emptyFolder(test);
    const weighing = (w: number) => ({
      name: "set",
      version: "1",
      settings: { w },
      of: () => ({ columns: { weight: w } }),
    });
    await openRun(direct(quick)(), await tinyInput(programs, { columns: weighing(1) }), { folder });
    const other = { ...weighing(1), settings: { w: 3 } };
    await assert.rejects(
      async () => openRun(direct(quick)(), await tinyInput(programs, { columns: other }), { folder }),
      /columns\.settings\.w: 1 there, 3 now/,
    );
  });

  it("of tokens: weights of 1 change nothing, and weights of 0 give a loss of ln 2", async (test) => {
    const weighing = (weight: number): ColumnRule => ({
      ...{ name: `all ${weight}`, version: "1" },
      of: ({ chosen, rejected }) => ({
        tokens: {
          chosen: { weight: Array.from(chosen, () => weight) },
          rejected: { weight: Array.from(rejected, () => weight) },
        },
      }),
    });
    const validation = randomPairs(3, Random.seeded(5));
    const options = { ...quick, evaluateEvery: 1 };
    const run = async (columns?: ColumnRule) => {
      const folder = emptyFolder(test);
      await openRun(direct(options)(), await tinyInput(programs, { validation, ...(columns && { columns }) }), {
        folder,
      });
      return (await stepsOf(folder)).flatMap(({ loss, eval_loss }) => [Number(loss), Number(eval_loss)]);
    };
    const plain = await run();
    assertClose(await run(weighing(1)), plain, 1e-5);
    assert.ok(Math.abs(plain.at(-1)! - Math.LN2) > 1e-3, "the run learns something");
    assertClose(
      await run(weighing(0)),
      plain.map(() => Math.LN2),
      1e-6,
    );
  });
});

describe("a loss in a run", () => {
  const dpo = losses.dpo({ beta: 0.1 });

  it("may wrap a built-in loss and change its input", async (test) => {
    const folder = emptyFolder(test);
    const wrapped: PreferenceLoss = {
      ...dpo,
      name: "wrapped",
      version: "1",
      perPair: ({ columns: _, ...pair }) => dpo.perPair({ ...pair, columns: {} }),
    };
    await openRun(direct({ ...quick, loss: wrapped })(), await tinyInput(programs), { folder });
    assertClose([(await lossesOf(folder))[0]!], [Math.LN2], 1e-6);
  });

  it("is refused if it does not return one number per pair", async (test) => {
    const odd = (name: string, perPair: unknown) => ({ ...dpo, name, version: "1", perPair }) as PreferenceLoss;
    for (const [loss, found] of [
      [
        odd("scalar", (pair: Parameters<typeof dpo.perPair>[0]) => sum(dpo.perPair(pair))),
        /the loss scalar: perPair returned a value of shape \[\], expected one number for each pair, \[4\]/,
      ],
      [odd("nothing", () => undefined), /the loss nothing: perPair returned undefined/],
      [odd("number", () => 1), /the loss number: perPair returned 1/],
    ] as const) {
      await assert.rejects(
        async () => openRun(direct({ ...quick, loss })(), await tinyInput(programs), { folder: emptyFolder(test) }),
        { name: "InputError", message: found },
      );
    }
  });

  it("is refused if its metrics are not numbers or have names reserved for training", async (test) => {
    for (const [metrics, found] of [
      [{ loss: 5 }, /the name "loss" in its metrics is training's own/],
      [{ a: "x" }, /the metric "a" is "x", expected a number/],
      [undefined, /metrics returned undefined/],
    ] as const) {
      const loss = {
        ...withHead,
        name: JSON.stringify(metrics) ?? "none",
        metrics: () => metrics,
      } as unknown as PairObjective;
      await assert.rejects(
        async () => openRun(direct({ ...quick, loss })(), await tinyInput(programs), { folder: emptyFolder(test) }),
        { name: "InputError", message: found },
      );
    }
  });
});

describe("a token-level loss in a run", () => {
  it("reads the reference's token log-probabilities, with the start or the previous policy as the reference", async (test) => {
    for (const reference of ["start", "previous"] as const) {
      const [own, builtIn] = [emptyFolder(test), emptyFolder(test)];
      await openRun(tinySera({ rounds: 2, loss: tokenDpo, reference }), await tinyInput(programs), { folder: own });
      await openRun(tinySera({ rounds: 2, loss: "dpo", beta: 0.1, reference }), await tinyInput(programs), {
        folder: builtIn,
      });
      assertClose(await lossesOf(own), await lossesOf(builtIn), 2e-5, reference);
    }
  });

  it("resumes with the same bytes after interruptions", async (test) => {
    const method = () => tinySera({ rounds: 2, loss: tokenDpo });
    const [whole, parts] = [emptyFolder(test), emptyFolder(test)];
    await openRun(method(), await tinyInput(programs), { folder: whole });
    for (let stop = 1; stop <= 2; stop++) {
      const controller = new AbortController();
      const onStep = ({ iteration, step }: { iteration: number; step: number }) =>
        void (iteration === 2 && step === stop && controller.abort(new Error("stop")));
      await assert.rejects(
        async () =>
          openRun(method(), await tinyInput(programs), { folder: parts }, { signal: controller.signal, onStep }),
        /stop/,
      );
    }
    await openRun(method(), await tinyInput(programs), { folder: parts });
    assert.deepEqual(resultsIn(parts), resultsIn(whole));
  });
});

describe("an objective with a head in a run", () => {
  const headOf = async (folder: string, iteration: number) =>
    (await readHead((await RunFolder.open(folder)).file(runLayout.iteration(iteration).model)))!;

  it("trains its head, saves it with each iteration and continues from it in the next", async (test) => {
    const [still, learning] = [emptyFolder(test), emptyFolder(test)];
    await openRun(tinySera({ loss: withHead, learningRate: 1e-6 }), await tinyInput(programs), { folder: still });
    await openRun(tinySera({ loss: withHead }), await tinyInput(programs), { folder: learning });
    const fresh = await headOf(still, 1);
    assert.deepEqual([...fresh.keys()], ["weight"]);
    // A newly initialized head would differ in iteration 2.
    assertClose((await headOf(still, 2)).get("weight")!.data, fresh.get("weight")!.data, 1e-4);
    assert.notDeepEqual((await headOf(learning, 1)).get("weight"), fresh.get("weight"));
    assert.notDeepEqual((await headOf(learning, 2)).get("weight"), (await headOf(learning, 1)).get("weight"));
  });

  it("is refused with emaDecay, which would not average the head", async (test) => {
    await assert.rejects(
      async () =>
        openRun(direct({ ...quick, loss: withHead, emaDecay: 0.9 })(), await tinyInput(programs), {
          folder: emptyFolder(test),
        }),
      {
        name: "InputError",
        message: /emaDecay: the objective dpo-with-head trains a head beside the policy/,
      },
    );
  });

  it("is refused without a reward, beta or version, and with changed code under the same version", () => {
    const { reward: _, ...noReward } = withHead;
    const { beta: __, ...noBeta } = withHead;
    const { version: ___, ...noVersion } = withHead;
    const refused = (loss: object, message: RegExp) =>
      assert.throws(() => direct({ ...quick, loss: loss as PairObjective })(), { name: "InputError", message });
    refused({ ...noReward, name: "a" }, /the objective "a" has no reward/);
    refused({ ...noBeta, name: "b" }, /the objective "b" has no beta/);
    refused({ ...noVersion, name: "c" }, /the objective "c" has no version/);
    refused(
      { ...withHead, build: () => base.build },
      /two different objectives are named "dpo-with-head" with version "1"/,
    );
  });
});
