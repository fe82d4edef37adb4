import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { inspect } from "node:util";
import { compare } from "../../src/cells/compare.js";
import { comparison } from "../../src/cells/comparison.js";
import { loadPreferences as loadInCell } from "../../src/cells/load-data.js";
import { loadModel } from "../../src/cells/load-model.js";
import { respond } from "../../src/cells/respond.js";
import { flippedShares, marginAgreement, review, type ReviewedRow } from "../../src/cells/review.js";
import { Run } from "../../src/cells/run.js";
import { align, sera, type RunOptions } from "../../src/cells/sera.js";
import { tableOf } from "../../src/cells/table-of.js";
import { flipLabels, world } from "../../src/data/index.js";
import { loadPreferences } from "../../src/data/load-preferences.js";
import { loadPrompts } from "../../src/data/load-prompts.js";
import type { PreferencePair } from "../../src/data/pair.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { Random } from "../../src/base/random.js";
import { bundleOf } from "../../src/notebook/bundle.js";
import * as methods from "../../src/methods/index.js";
import { offerHost, type Host } from "../../src/notebook/host.js";
import * as plot from "../../src/plot/index.js";
import { inEmptyFolder } from "../support/folder.js";
import { listeningHost } from "../notebook/listening-host.js";
import { worldPolicy } from "../support/world-policy.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());
let abort = new AbortController();
const host: Host = {
  get signal() {
    return abort.signal;
  },
  show() {},
};
offerHost(host);

const start = await worldPolicy(programs);
const { pairs } = await loadPreferences(world.train, { limit: 24 });
const { pairs: heldOut } = await loadPreferences(world.heldOut, { limit: 6 });
const shared = { beta: 0.5, batchSize: 4, learningRate: 1e-2, maxNewTokens: 8, heldOut, seed: 3 };
const options: RunOptions = { ...shared, iterations: 2, responses: 2 };

describe("sera in a cell", () => {
  it("returns a run with tables, plots and a text display", async (test) => {
    inEmptyFolder(test);
    const run = await sera(start, pairs, options);
    assert.match(run.folder, /^runs[/\\]sera-[0-9a-f]{16}$/);
    assert.equal(run.iterations.length, 3);
    assert.equal(run.margins.numRows(), 24);
    assert.ok(run.margins.columnNames().includes("promptId") && !run.margins.columnNames().includes("prompt"));
    const { selected, dropped, bootstrapped, responses, margins } = run.iteration(2);
    assert.equal(selected.numRows(), Math.round(0.7 * 24));
    assert.equal(selected.numRows() + dropped.numRows(), 24);
    const shown = selected.objects() as {
      id: string;
      ensemble: number;
      prompt: string;
      chosen: string;
      chosenScore: number;
    }[];
    const first = pairs.find(({ id }) => id === shown[0]!.id)!;
    assert.ok(shown[0]!.prompt.endsWith(first.prompt as string));
    assert.ok(shown[0]!.chosen.startsWith(first.chosen));
    assert.equal(shown[0]!.chosenScore, first.chosenScore);
    assert.ok(shown.every(({ ensemble }, i) => i === 0 || ensemble <= shown[i - 1]!.ensemble));
    assert.equal(bootstrapped.numRows(), run.iterations[2]!.pairsBootstrapped);
    assert.equal(responses.numRows(), 6);
    assert.ok(margins.columnNames().includes("chosenLength"));
    assert.match((await bundleOf(run))["text/plain"] as string, /goldReward/);
    for (const spec of [
      plot.loss(run),
      plot.margins(run),
      plot.marginAgainstScore(run),
      plot.winRates({ run }),
      plot.dashboard(run),
    ]) {
      assert.match(await plot.renderSvg(spec), /<svg/);
    }
    const policy = await run.policy();
    const again = await respond(policy, ["cook a soup with rice ."], { maxNewTokens: 4, responses: 2 });
    assert.deepEqual(again.columnNames(), ["prompt", "response", "tokens"]);
    assert.equal(again.numRows(), 2);
  });

  it("reviews pairs with the run's truncation, and advises only what can be done", async (test) => {
    inEmptyFolder(test);
    const cut = { loss: "dpo", beta: 0.5, batchSize: 4, heldOut, truncatePrompts: true, maxPromptLength: 4 } as const;
    const run = await align(start, pairs.slice(0, 4), cut);
    const margins = (await review(run, heldOut)).array("margin") as number[];
    const mean = margins.reduce((a, b) => a + b, 0) / margins.length;
    assert.ok(Math.abs(mean - run.iterations[1]!.meanMargin!) < 1e-4);
    const long = { ...pairs[0]!, prompt: "cook a soup . ".repeat(start.config.contextLength) };
    assert.equal((await review(run, [long])).numRows(), 1);
    assert.equal((await review(await Run.open(run.folder), [long])).numRows(), 1);

    const { truncatePrompts: _, maxPromptLength: __, ...whole } = cut;
    await assert.rejects(align(start, [long], whole), ({ message }: Error) => {
      assert.match(message, /; set truncatePrompts to keep the ends of long prompts, or leave the example out of the/);
      return !message.includes("skipBadRows");
    });
    await assert.rejects(review(await align(start, pairs.slice(0, 4), whole), [long]), ({ message }: Error) => {
      assert.match(message, /; leave the pair out of the review, or train with truncatePrompts/);
      return !message.includes("skipBadRows");
    });
  });

  it("reviews any pairs by its policies, and measures their agreement with labels and scores", async (test) => {
    inEmptyFolder(test);
    const flipped = flipLabels(pairs, 0.5, Random.seeded(1));
    const run = await sera(start, flipped, options);
    const reviewed = await review(run, heldOut);
    assert.equal(reviewed.numRows(), 2 * heldOut.length);
    assert.deepEqual([...new Set(reviewed.array("policy"))], ["iteration 1", "iteration 2"]);
    assert.ok(!reviewed.columnNames().includes("kept"), "nothing was selected");
    const agreement = marginAgreement(reviewed);
    assert.deepEqual(agreement.array("policy"), ["iteration 1", "iteration 2"]);
    const { accuracy, meanMargin } = run.iterations[1]!;
    assert.ok(Math.abs(agreement.get("agreesWithLabel", 0) - accuracy!) < 1e-9);
    const margins = (reviewed.objects() as ReviewedRow[])
      .filter(({ iteration }) => iteration === 2)
      .map(({ margin }) => margin);
    assert.ok(Math.abs(margins.reduce((a, b) => a + b, 0) / margins.length - meanMargin!) < 1e-4);
    assert.match(await plot.renderSvg(plot.calibration(reviewed, 0.5)), /Calibration/);

    await assert.rejects(review(run, (await loadPreferences(world.heldOut, { limit: 2 })) as never), {
      name: "InputError",
      message: /^pairs: found an object, .* its \.pairs$/,
    });
    const [shares] = flippedShares(run.margins).objects() as {
      pairs: number;
      kept: number;
      flipped: number;
      flippedAmongKept: number;
    }[];
    const kept = run.iteration(2).selected.objects() as { flipped?: boolean }[];
    assert.deepEqual([shares!.pairs, shares!.kept, shares!.flipped], [24, kept.length, 0.5]);
    assert.equal(shares!.flippedAmongKept, kept.filter((row) => row.flipped).length / kept.length);
    const unscored = tableOf([{ iteration: 2, margin: 1 }]);
    assert.throws(() => marginAgreement(unscored), {
      name: "InputError",
      message: /^marginAgreement: no pair has scores/,
    });
  });

  it("is read from its folder if the same cell is run again, and is another run if anything differs", async (test) => {
    inEmptyFolder(test);
    const first = await align(start, pairs, shared);
    const again = await align(start, pairs, shared);
    assert.deepEqual([again.folder, again.summary], [first.folder, first.summary]);
    assert.deepEqual(readdirSync("runs"), [first.folder.slice(5), "reference-cache"]);
    const others = [
      await align(start, pairs, { ...shared, beta: 0.6 }),
      await align(start, pairs.slice(1), shared),
      await align(start, pairs, { ...shared, heldOut: heldOut.slice(1) }),
      await align(await first.policy(), pairs, shared),
    ];
    assert.equal(new Set([first, ...others].map(({ folder }) => folder)).size, 5);
  });

  it("notes its folder and options, and whether it was read from its folder", async (test) => {
    inEmptyFolder(test);
    const shown = listeningHost();
    test.after(() => offerHost(host));
    const runs = [];
    for (const beta of [0.5, 0.6, 0.5]) runs.push(await align(start, pairs, { ...shared, beta }));
    const notes = shown
      .map(({ bundle }) => bundle["text/plain"] as string)
      .filter((text) => / (in|from) runs/.test(text));
    assert.match(
      notes[0]!,
      /^new run in runs.dpo-[0-9a-f]{16}: beta 0\.5, batchSize 4, learningRate 0\.01, maxNewTokens 8, seed 3$/,
    );
    assert.ok(notes[1]!.startsWith(`new run in ${runs[1]!.folder}: beta 0.6,`), notes[1]);
    assert.match(notes[2]!, /^read from runs.dpo-[0-9a-f]{16}, where the run ended on 20\d\d-/);
    assert.equal(notes.length, 3);
  });

  it("resumes after an interrupt with the same bytes as an uninterrupted run", async (test) => {
    const folder = inEmptyFolder(test);
    const whole = await sera(start, pairs, { ...options, folder: "whole" });
    abort = new AbortController();
    const stopping = sera(start, pairs, { ...options, folder: "stopped" });
    const reason = new Error("interrupted");
    setTimeout(() => abort.abort(reason), 150);
    await assert.rejects(stopping, (error) => error === reason);
    abort = new AbortController();
    await sera(start, pairs, { ...options, folder: "stopped" });
    const model = (run: string) => readFileSync(join(folder, run, "iteration-2/model/model.safetensors"));
    assert.ok(model("stopped").equals(model("whole")));
    assert.equal(whole.steps.numRows(), (await Run.open("stopped")).steps.numRows());
  });

  it("prints a run in a few lines, and recognizes a run's folder given as a model or data", async (test) => {
    inEmptyFolder(test);
    const run = await sera(start, pairs, { ...options, folder: "mine" });
    const text = inspect({ run, start });
    assert.match(text, /sera, mine\n/);
    assert.match(text, /accuracy/);
    assert.match(text, /Policy\(/);
    assert.ok(text.split("\n").length < 12, text);
    assert.ok(inspect({ a: { run } }).includes(String(run).split("\n").at(-1)!.trim()), "the iterations");
    assert.equal(
      inspect(run.iteration(2)),
      [
        "iteration 2 of sera, mine",
        "  margins       24 rows",
        "  selected      17 rows",
        "  dropped       7 rows",
        `  bootstrapped  ${run.iteration(2).bootstrapped.numRows()} rows`,
        "  responses     6 rows",
        "run.iteration(2).responses is a table, run.iteration(2).summary its figures; await run.iteration(2).policy() loads its policy",
      ].join("\n"),
    );
    assert.equal((await bundleOf(run.last))["text/plain"], inspect(run.iteration(2)));
    const loaded = inspect(await loadInCell(world.train, { limit: 24 }));
    assert.match(loaded, /^24 preference pairs of .*train\.jsonl \(TRL explicit prompt\)\nfirst: \{ id: /);
    assert.ok(loaded.split("\n").length < 4);
    const model = join("mine", "iteration-2", "model");
    await assert.rejects(loadModel("mine"), {
      name: "InputError",
      message: `mine: this is the folder of a run; the policy that it ended with is ${model}, that of iteration N in iteration-N/model`,
    });
    await assert.rejects(loadModel("./mine/iteration-1"), {
      name: "InputError",
      message: `./mine/iteration-1: this is the folder of an iteration; its policy is ${join("mine", "iteration-1", "model")}`,
    });
    await assert.rejects(loadInCell("mine"), {
      name: "InputError",
      message: /^mine: this is the folder of a run, not a file of examples\. Run\.open\("mine"\) reads it/,
    });
  });

  it("names the callback that threw", async (test) => {
    inEmptyFolder(test);
    const onStep = () => {
      throw new RangeError("no");
    };
    await assert.rejects(align(start, pairs, { ...shared, onStep }), {
      name: "InputError",
      message: "onStep: your function threw RangeError: no",
    });
  });

  it("refuses unknown options, folders without a run, and iterations that do not exist", async (test) => {
    inEmptyFolder(test);
    const wrong = { ...options, betta: 1 } as RunOptions;
    await assert.rejects(sera(start, pairs, wrong), {
      name: "InputError",
      message: "`betta` is not an option of sera; did you mean `beta`?",
    });
    await assert.rejects(Run.open("nowhere"), {
      name: "InputError",
      message: `nowhere: no such folder in ${process.cwd()}; expected that of a run`,
    });
    mkdirSync("other");
    await assert.rejects(Run.open("other"), {
      name: "InputError",
      message: "other: not the folder of a run: it has no run.json",
    });
    const run = await align(start, pairs.slice(0, 4), { ...shared, heldOut: [] });
    assert.throws(() => run.iteration(7), { name: "InputError", message: "found iteration 7, expected one of 0 to 1" });
  });

  it("refuses settings of the wrong type by name", async (test) => {
    inEmptyFolder(test);
    const refuses = (own: object, message: string | RegExp) =>
      assert.rejects(align(start, pairs, { ...shared, ...own } as RunOptions), { name: "InputError", message });
    await refuses(
      { heldOut: "x" },
      'heldOut: found "x", expected a list of pairs {id, prompt, chosen, rejected} or of prompts {id, prompt}',
    );
    await refuses(
      { validation: [heldOut[0], { id: "b", prompt: "a" }] },
      "validation: row 2: chosen is missing; a pair is {id, prompt, chosen, rejected}",
    );
    await refuses(
      { demonstrations: [{ prompt: "a", response: 5 }] },
      "demonstrations: row 1: response: found 5, expected a text",
    );
    const [one, two] = heldOut as [PreferencePair, PreferencePair];
    const unanswered = { id: "c", prompt: "a" };
    await refuses(
      { heldOut: [one, two, unanswered] },
      "heldOut: row 3 is a prompt and row 1 a pair; give only one of the two kinds",
    );
    await refuses(
      { heldOut: [unanswered, one] },
      "heldOut: row 2 is a pair and row 1 a prompt; give only one of the two kinds",
    );
    await refuses({ heldOut: [one, 5] }, "heldOut: row 2: found 5, expected a pair {id, prompt, chosen, rejected}");
    await refuses(
      { heldOut: [unanswered, { id: "d", prompt: 5 }] },
      "heldOut: row 2: prompt: found 5, expected a text or a list of messages { role, content }",
    );
    await refuses(
      { heldOut: await loadPrompts(world.heldOut, { limit: 2 }) },
      "heldOut: found an object, expected a list; pass the list that it has, its .prompts",
    );
    await refuses(
      { validation: await loadPreferences(world.heldOut, { limit: 2 }) },
      "validation: found an object, expected a list; pass the list that it has, its .pairs",
    );
    await refuses({ signal: 5 }, "signal: found 5, expected an AbortSignal, as that of new AbortController()");
    for (const referenceCache of [5, ""])
      await refuses({ referenceCache }, `referenceCache: found ${JSON.stringify(referenceCache)}, expected a path`);
    await refuses({ folder: null }, "folder: found null, expected a path");
    await refuses({ onStep: "print" }, 'onStep: found "print", expected a function of the step');
    for (const judge of ["gpt", null, {}])
      await refuses({ judge }, /^judge: found .*, expected a judge, with its functions compare and grade$/);
    for (const columns of [null, "weight"]) await refuses({ columns }, /^columns: found .*, expected a column rule/);
    await refuses({ evaluate: 0 }, "evaluate: found 0, expected a function, or { name, version, evaluate }");
    await refuses({ quiet: "yes" }, 'quiet: found "yes", expected true or false');
    await assert.rejects(align(start, "pairs.jsonl" as never, shared), {
      name: "InputError",
      message: /^pairs: found "pairs\.jsonl", expected a list of pairs/,
    });
    await assert.rejects(align(start, (await loadPreferences(world.train, { limit: 2 })) as never, shared), {
      name: "InputError",
      message: "pairs: found an object, expected a list; pass the list that it has, its .pairs",
    });
    await assert.rejects(compare(start, pairs, { DPO: methods.direct({}) }, { seeds: 5 as never }), {
      name: "InputError",
      message: "seeds: found 5, expected a list of whole numbers, as in [1, 2, 3]",
    });
    await assert.rejects(compare(start, pairs, null as never), {
      name: "InputError",
      message: /^recipes: found null, expected methods by the names to show/,
    });
    for (const source of [5, null, ""])
      await assert.rejects(loadInCell(source as never), {
        name: "InputError",
        message: `source: found ${JSON.stringify(source)}, expected the path of a file, or org/name on the hub`,
      });
    await assert.rejects(compare(start, pairs, { DPO: methods.direct({}) }, { seeds: [1], heldOut: "x" as never }), {
      name: "InputError",
      message: /^heldOut: found "x"/,
    });
  });

  it("refuses options that the method does not take before anything runs, and accepts those that it takes", async (test) => {
    inEmptyFolder(test);
    const refuses = (call: Promise<unknown>, message: string | RegExp) =>
      assert.rejects(call, { name: "InputError", message });
    // As a cell without types would pass them.
    const given = (own: object) => ({ ...shared, ...own });
    await refuses(
      align(start, pairs, Object.create(given({ beta: 5 })) as RunOptions),
      /^the option "\w+" is inherited from a prototype; give a plain object/,
    );
    await refuses(
      align(start, pairs, given({ evaluate: (() => ({ k: 1 })).bind(null) })),
      /^evaluate: found a bound or built-in function, whose code cannot be seen; give \{ name, version, evaluate \}/,
    );
    await refuses(
      align(start, pairs, given({ select: 0.1, selectBy: "score", bootstrap: 0.9, gamma: 1 })),
      "`select` is not an option of align; it belongs to sera, dice",
    );
    await refuses(
      align(start, pairs, given({ iterations: 5 })),
      "`iterations` is not an option of align; use `epochs`",
    );
    await refuses(sera(start, pairs, given({ gamma: 1 })), "gamma: found 1, expected a share in [0, 1)");
    await refuses(
      sera(start, pairs, given({ select: 0.01, bootstrap: 0.01 })),
      /^select 0\.01 and bootstrap 0\.01 of 24 pairs are both 0 pairs/,
    );
    await refuses(sera(start, pairs, given({ watch: {} })), "`watch` is not an option of sera; use `signal`, `quiet`");
    await refuses(
      sera(start, pairs, given({ adamW: { beta2: 0.95 } })),
      /^`adamW` is not an option of sera; use `beta1`, `beta2`/,
    );
    await refuses(
      sera(start, pairs, given({ loss: { name: "x" } })),
      /^loss: found \{"name":"x"\}, expected one of dpo/,
    );
    await refuses(sera(start, pairs, given({ selectBy: (rows: unknown) => rows })), /^selectBy: a bare function/);
    assert.ok(
      !existsSync("runs") ||
        readdirSync("runs").length === 0 ||
        !readdirSync("runs").some((name) => existsSync(join("runs", name, "iteration-1"))),
    );
    const own = {
      signal: new AbortController().signal,
      minP: 0.1,
      maxGradNorm: 0.5,
      beta2: 0.95,
      evaluate: () => ({ mine: 1 }),
      onStep: () => steps++,
    };
    let steps = 0;
    const run = await align(start, pairs.slice(0, 8), given(own));
    assert.deepEqual([steps, run.iterations[1]!.metrics], [2, { mine: 1 }]);
  });

  it("shows a run's seconds without evaluation", async (test) => {
    inEmptyFolder(test);
    const run = await align(start, pairs.slice(0, 8), shared);
    const lines = String(run).split("\n");
    const columns = lines
      .find((line) => line.includes("iteration"))!
      .trim()
      .split(/ +/);
    const cells = lines
      .find((line) => /^ +1 /.test(line))!
      .trim()
      .split(/ +/);
    const { training, scoring, sampling, evaluation } = run.iterations[1]!.seconds;
    assert.ok(evaluation > 0);
    const shown = Number(cells[columns.indexOf("seconds")]);
    assert.ok(Math.abs(shown / (training + scoring + sampling) - 1) < 0.01, String(run));
  });

  it("compares runs with their start", async (test) => {
    inEmptyFolder(test);
    const dpo = await align(start, pairs, shared);
    const table = comparison({ DPO: dpo });
    assert.deepEqual(table.array("method"), ["start", "DPO"]);
    assert.equal(table.get("winRate", 0), 0.5);
    const { training, scoring } = dpo.iterations[0]!.seconds;
    assert.ok(training === 0 && scoring > 0);
    assert.equal(table.get("seconds", 0), 0);
    assert.equal(table.get("goldReward", 1), dpo.iterations[1]!.goldReward);
  });
});
