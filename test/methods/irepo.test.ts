import assert from "node:assert/strict";
import { after, describe, it, type TestContext } from "node:test";
import { Random } from "../../src/base/random.js";
import { drawVotes, rankedDistinct } from "../../src/bootstrap/index.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import type { Judge } from "../../src/judge/judge.js";
import { labellingJudge } from "../../src/judge/response-judge.js";
import * as methods from "../../src/methods/index.js";
import { runLayout } from "../../src/run/folder/layout.js";
import { RunFolder } from "../../src/run/folder/run-folder.js";
import { openRun } from "../../src/run/open-run.js";
import { zermelo } from "../../src/stats/zermelo.js";
import { assertClose } from "../support/compare.js";
import { emptyFolder } from "../support/folder.js";
import { byteTokenizer, randomPairs } from "../support/tiny-model.js";
import { resultsIn, textJudge, tinyInput } from "../support/tiny-run.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

const pairs = randomPairs(8, Random.seeded(2));
const judge = textJudge("letters", (response) => response.length / 4);
const shared = { batchSize: 4, learningRate: 1e-2, maxNewTokens: 6, seed: 1, rounds: 2, beta: 0.5 };

async function run(test: TestContext, own: Parameters<typeof methods.irepo>[0] = {}) {
  const method = methods.irepo(own)(shared);
  const { folder: path, summary } = await openRun(method, await tinyInput(programs, { judge }), {
    folder: emptyFolder(test),
  });
  const folder = await RunFolder.open(path);
  return { method, summary, path, folder, made: (t: number) => folder.readRows(runLayout.iteration(t).bootstrapped) };
}

describe("irepo", () => {
  it("votes on the data's responses in the first round and chooses the stronger one, whatever the label", async (test) => {
    const { made, summary } = await run(test);
    const rows = await made(1);
    for (const [i, { id, chosen, rejected, margin, chosenReward, rejectedReward }] of rows.entries()) {
      const { chosen: a, rejected: b } = pairs[i]!;
      const texts = [a, b].map((tokens) => byteTokenizer.decode(tokens));
      const wins = drawVotes(
        texts.map((text) => text.length / 4),
        9,
        0.81,
        Random.seeded(1).fork("votes", 1, id),
      );
      const votes = wins[0]![1]!;
      assertClose([margin!], [Math.abs(Math.log((votes + 0.5) / (9 - votes + 0.5)))], 1e-9);
      assert.deepEqual([chosen, rejected], votes > 4 ? texts : texts.toReversed());
      assertClose([chosenReward! - rejectedReward!], [margin!], 1e-12);
    }
    assert.ok(
      new Set(rows.map(({ chosen }, i) => chosen === byteTokenizer.decode(pairs[i]!.chosen))).size === 2,
      "votes and labels differ for some pairs",
    );
    assert.deepEqual([summary.method, summary.loss, summary.labelledBy], ["irepo", "irepo", "letters"]);
    assert.deepEqual(
      summary.iterations.map(({ pairsSelected, pairsBootstrapped }) => [pairsSelected, pairsBootstrapped]),
      [
        [null, null],
        [8, 0],
        [0, (await made(2)).length],
      ],
    );
  });

  it("stops on abort even if its judge never answers", async (test) => {
    const abort = new AbortController();
    const grade = async () => {
      setImmediate(() => abort.abort(new Error("stopped")));
      return new Promise<never>(() => {});
    };
    const texts = pairs.map(({ id }) => ({ id, prompt: "p", chosen: "c", rejected: "r" }));
    const never = labellingJudge({ name: "never", version: "1", grade, compare: grade }, texts);
    await assert.rejects(
      openRun(
        methods.irepo()(shared),
        await tinyInput(programs, { judge: never }),
        { folder: emptyFolder(test) },
        { signal: abort.signal },
      ),
      { message: "stopped" },
    );
  });

  it("votes on the policy's responses in later rounds and pairs the strongest with the weakest", async (test) => {
    const { made, folder } = await run(test, { responses: 3, votes: 5, pseudoCounts: 1, voteTemperature: 2 });
    const samples = await folder.readRows(runLayout.iteration(2).labelledSamples);
    for (const { id, chosen, rejected, margin } of await made(2)) {
      const responses = rankedDistinct(
        samples.filter(
          (sample) => sample.id === id && sample.tokens.some((token) => !byteTokenizer.stopIds.includes(token)),
        ),
      );
      const logs = zermelo(
        drawVotes(
          responses.map(({ reward }) => reward),
          5,
          2,
          Random.seeded(1).fork("votes", 2, id),
        ),
        1,
      ).map(Math.log);
      assertClose([margin!], [Math.max(...logs) - Math.min(...logs)], 1e-9);
      const texts = responses.map(({ tokens }) => byteTokenizer.decode(tokens));
      assert.deepEqual(
        [chosen, rejected],
        [texts[logs.indexOf(Math.max(...logs))], texts[logs.lastIndexOf(Math.min(...logs))]],
      );
    }
  });

  it("keeps a pair of equal strengths in the data's order, with a target of 0", async (test) => {
    const { made } = await run(test, { votes: 2, rounds: 1, voteTemperature: 1e3 });
    const rows = await made(1);
    const ties = rows.filter(({ margin }) => Math.abs(margin!) < 1e-12);
    assert.ok(ties.length > 0 && ties.length < 8);
    for (const { id, chosen, rejected } of ties) {
      const own = pairs.find((pair) => pair.id === id)!;
      assert.deepEqual(
        [chosen, rejected],
        [own.chosen, own.rejected].map((tokens) => byteTokenizer.decode(tokens)),
      );
    }
  });

  it("notes that the judge gives all responses of a later round the same grade", async (test) => {
    const notes: string[] = [];
    const reporter = { start: () => ({ update() {}, finish() {} }), note: (text: string) => void notes.push(text) };
    let round = 0;
    const score: typeof judge.score = async (responses, task) =>
      round++ === 0 ? judge.score(responses, task) : responses.map(() => 5);
    const input = await tinyInput(programs, { judge: { ...judge, score } });
    await openRun(methods.irepo()(shared), input, { folder: emptyFolder(test) }, { reporter });
    assert.ok(
      notes.some((note) => /round 2: the judge gives all responses of each prompt the same grade/.test(note)),
      notes.join("\n"),
    );
  });

  it("begins each round with the mean squared target as its loss, since the policy is the reference", async (test) => {
    const { made, folder } = await run(test, { batchSize: 8 });
    const steps = await folder.readRows(runLayout.metrics);
    for (const t of [1, 2]) {
      const targets = (await made(t)).map(({ margin }) => margin!);
      const first = steps.find(({ iteration, step }) => iteration === t && step === 1)!;
      assertClose([Number(first.loss)], [targets.reduce((sum, target) => sum + target ** 2, 0) / targets.length], 1e-4);
    }
  });

  it("ends with the same bytes after an interruption in either round", async (test) => {
    const whole = await run(test);
    for (const round of ["1", "2"]) {
      const folder = emptyFolder(test);
      const abort = new AbortController();
      const reporter = {
        start: (label: string) => (
          label.startsWith(`align ${round}`) && abort.abort(new Error("stopped")), { update() {}, finish() {} }
        ),
      };
      await assert.rejects(
        openRun(whole.method, await tinyInput(programs, { judge }), { folder }, { signal: abort.signal, reporter }),
        { message: "stopped" },
      );
      // A judge of the same identity would be asked again if its grades were not saved.
      const silent = { ...judge, score: async () => assert.fail("the judge was asked again") };
      await openRun(whole.method, await tinyInput(programs, { judge: round === "2" ? silent : judge }), { folder });
      assert.deepEqual(resultsIn(folder), resultsIn(whole.path));
    }
  });

  it("refuses an unfit judge, unanimous annotators, other losses and invalid options before anything is trained", async (test) => {
    const open = async (own: object, given: object) =>
      openRun(
        methods.irepo(own)(shared),
        await tinyInput(programs, given),
        { folder: emptyFolder(test) },
        { onStep: () => assert.fail("a step was taken") },
      );
    await assert.rejects(open({}, {}), { name: "InputError", message: /^this method labels responses with a judge/ });
    const distinct = textJudge("distinct", (response) =>
      [...response].reduce((sum, letter, i) => sum + letter.codePointAt(0)! / (i + 1), 0),
    );
    await assert.rejects(open({ voteTemperature: 1e-4 }, { judge: distinct }), {
      name: "InputError",
      message:
        "all 9 annotators agree on each of the 8 pairs, so that votes say no more than labels; raise `voteTemperature` (0.0001) or `votes`",
    });
    await assert.rejects(open({ votes: 1 }, { judge }), { message: /^all 1 annotators agree/ });
    await assert.rejects(open({}, { judge: textJudge("flat", () => 5) }), {
      name: "InputError",
      message:
        'the judge "flat" gives both responses of each of the 8 pairs the same grade, so that votes are noise; give pairs whose responses differ, or a judge that tells them apart',
    });
    const texts = pairs.map(({ id }) => ({ id, prompt: "p", chosen: "c", rejected: "r" }));
    let version = 0;
    const own = (grade: () => unknown) =>
      open(
        {},
        {
          judge: labellingJudge(
            { name: "mine", version: `${++version}`, grade, compare: grade } as unknown as Judge,
            texts,
          ),
        },
      );
    await assert.rejects(
      own(() => undefined),
      { name: "InputError", message: /^row "pair \d+": the judge "mine" returned undefined; it must return a grade/ },
    );
    await assert.rejects(
      own(() => {
        throw new TypeError("no");
      }),
      { name: "InputError", message: /^row "pair \d+": the judge "mine" threw TypeError: no/ },
    );
    const late = { ...judge, score: async () => null as unknown as number[] };
    await assert.rejects(open({}, { judge: late }), { message: /^judge: found null for 16 responses/ });
    assert.throws(() => methods.irepo({ votes: 3e8 })(), {
      message: "votes: found 300000000, expected a whole number in [1, 10000]",
    });
    assert.throws(() => methods.irepo({ pseudoCounts: 1e-300 })(), {
      message: "pseudoCounts: found 1e-300, expected a number in [1e-9, 1000]",
    });
    assert.throws(() => methods.irepo({ loss: "dpo" } as object)(), { message: /^`loss` is not an option of irepo/ });
    assert.throws(() => methods.irepo({ pseudoCounts: 0 })(), {
      message: "pseudoCounts: found 0, expected a number in [1e-9, 1000]",
    });
  });
});
