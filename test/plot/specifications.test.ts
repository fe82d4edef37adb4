import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compile, type TopLevelSpec } from "vega-lite";
import * as plot from "../../src/plot/index.js";
import type { Reviewed } from "../../src/review/index.js";
import type { IterationSummary } from "../../src/run/summary.js";
import { alignSteps, measured, reviewed, sftSteps } from "./rows.js";
import { matchesSnapshot } from "./snapshot.js";

const named = [
  { name: "DPO", mean: 0.64, low: 0.61, high: 0.67 },
  { name: "SeRA", mean: 0.69, low: 0.66, high: 0.72 },
];
const runs = { DPO: alignSteps(1, 12, 0.1), SeRA: alignSteps(3, 4, 0.05) };
const margins = [...reviewed(2, 100), ...reviewed(3, 100)];
const iterations: plot.IterationRow[] = [
  {
    iteration: 0,
    ...{ goldReward: 0.61, goldRewardInterval: [0.59, 0.63], winRate: 0.5, winRateInterval: [0.5, 0.5] },
    seconds: { training: 70, scoring: null, evaluation: 12 },
  },
  {
    iteration: 1,
    ...{ goldReward: 0.7, goldRewardInterval: [0.68, 0.72], winRate: 0.6, winRateInterval: [0.57, 0.63] },
    seconds: { training: 30, scoring: 9, sampling: 26, evaluation: 12 },
  },
];
const run: plot.RunTables = { steps: alignSteps(2, 6, 0.1), margins, iterations };
/** Enough pairs to be counted in cells, but few enough cells for a readable snapshot. */
const crowded = measured(2, 1600).map((row) => ({ ...row, ensemble: Math.round(row.ensemble), chosenScore: 0.6 }));
const judged = (seed: number) =>
  Array.from({ length: 12 }, (_, at) => ({ id: `p${at}`, gold: ((at * seed) % 11) / 10 }));
const written = (seed: number) => Array.from({ length: 40 }, (_, at) => ({ length: 12 + ((at * seed) % 17) }));

const swept = [0, 0.4].flatMap((x) => named.map(({ name: series, ...interval }) => ({ series, x, ...interval })));

/** Each plot with the text that its picture must contain. */
const plots: Readonly<Record<string, { readonly spec: TopLevelSpec; readonly says: readonly string[] }>> = {
  "loss-sft": { spec: plot.loss(sftSteps(20), "sft"), says: ["SFT: training loss", "every logged step"] },
  "loss-align": {
    spec: plot.loss([...sftSteps(9), ...alignSteps(2, 50, 0.02)]),
    says: ["Preference training: loss", "mean of 2 logged steps", "iteration 1", "iteration 2"],
  },
  "loss-runs": { spec: plot.loss(runs), says: ["DPO", "SeRA", "iteration 3"] },
  "loss-many-iterations": { spec: plot.loss(alignSteps(12, 2, 0.02)), says: [">12<", "iteration numbers above"] },
  rewards: { spec: plot.rewards(run), says: ["chosen", "rejected"] },
  "reward-margins": { spec: plot.rewardMargins(runs), says: ["Reward margin in training", "SeRA"] },
  accuracy: { spec: plot.accuracy(alignSteps(1, 6, 0.1)), says: ["chance", "60%"] },
  "accuracy-runs": { spec: plot.accuracy({ DPO: runs.DPO, SeRA: { steps: runs.SeRA } }), says: ["DPO", "SeRA"] },
  margins: {
    spec: plot.margins(run),
    says: ["before iteration 2: 70 of 100 kept, margin ≥", "before iteration 3", "kept", "dropped"],
  },
  "margin-against-length": {
    spec: plot.marginAgainstLength(measured(2, 60)),
    says: ["Pearson's r = ", "length difference (tokens"],
  },
  "margin-against-score": {
    spec: plot.marginAgainstScore(crowded),
    says: ["pairs in a cell", "the stronger the colour"],
  },
  "gold-by-iteration": { spec: plot.goldByIteration(run), says: ["start", "0.700"] },
  "gold-by-iteration-runs": {
    spec: plot.goldByIteration({ DPO: run, SeRA: iterations }),
    says: ["start", "DPO", "SeRA"],
  },
  "gold-rewards": { spec: plot.goldRewards(named), says: ["DPO", "SeRA", "0.690"] },
  "win-rates": { spec: plot.winRates(named), says: ["64.0%", "69.0%", "equal to the start"] },
  "win-rates-run": { spec: plot.winRates(run), says: ["iteration 1", "60.0%"] },
  calibration: {
    spec: plot.calibration(measured(2, 60), 0.5),
    says: ["Calibration of the implicit reward", "before iteration 2", "perfect calibration"],
  },
  differences: {
    spec: plot.differences([{ name: "SeRA", mean: 0.02, low: -0.01, high: 0.05 }], "DPO"),
    says: ["+0.020", "equal to DPO", "relative to DPO"],
  },
  sweep: {
    spec: plot.sweep(swept, { title: "Under noise", xTitle: "flipped", yTitle: "gold", xFormat: ".0%" }),
    says: ["Under noise", "40%", "DPO", "SeRA"],
  },
  lengths: {
    spec: plot.lengths({ SFT: written(3), SeRA: written(5) }),
    says: ["SFT: median", "SeRA: median", "length (tokens)"],
  },
  "prompt-heat-map": {
    spec: plot.promptHeatMap({ SFT: judged(3), SeRA: judged(7) }),
    says: ["12 prompts", "p11", "SeRA", "mean 0.", "gold reward"],
  },
  "prompt-heat-map-margins": {
    spec: plot.promptHeatMap({ margins: measured(2, 300) }),
    says: ["300 pairs", "mean of 2 neighbours", "margin (nats)"],
  },
  seconds: { spec: plot.seconds(run), says: ["training", "sampling", "start", "iteration 1", "seconds"] },
  dashboard: {
    spec: plot.dashboard(run),
    says: ["Preference training: loss", "Accuracy", "Implicit rewards", "Margins of", "Gold reward", "Time by phase"],
  },
  "dashboard-begun": {
    spec: plot.dashboard({ steps: alignSteps(1, 3, 0.1), margins: [], iterations: [] }),
    says: ["Preference training: loss"],
  },
};

describe("specifications", () => {
  for (const [name, { spec, says }] of Object.entries(plots)) {
    it(`${name} matches its snapshot`, () => {
      matchesSnapshot(name, spec);
    });

    it(`${name} compiles from plain JSON without a warning`, () => {
      assert.deepEqual(warningsOf(JSON.parse(JSON.stringify(spec)) as TopLevelSpec), []);
    });

    it(`${name} renders its text`, async () => {
      const svg = await plot.renderSvg(spec);
      for (const text of says) assert.ok(svg.includes(text), `no “${text}” in the picture`);
      assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
    });

    it(`${name} is drawn in another theme`, async () => {
      const svg = await plot.renderSvg(plot.withTheme(spec, plot.theme("#fafafa", "#101010")));
      assert.match(svg, /#101010/);
      assert.doesNotMatch(svg, /#1f2328|#ffffff/i);
    });
  }
});

it("a dashboard fits a notebook in a 1,280-pixel window, next to JupyterLab's sidebar and the plot's menu", async () => {
  const svg = await plot.renderSvg(plots["dashboard"]!.spec);
  assert.ok(Number(/width="(\d+)"/.exec(svg)![1]) <= 840 - 38);
  for (const [, text] of svg.matchAll(/>([^<>]{20,})<\/text>/g)) assert.ok(text!.length < 60, text);
});

it("pairs that were reviewed but not selected are drawn as one series under the policy's name", async () => {
  const reviewed = [1, 2].flatMap((iteration) =>
    [-0.5, 0.25, 1].map((ensemble, i) => ({
      ...{ iteration: iteration + 1, policy: `iteration ${iteration}`, id: `${i}`, ensemble },
      ...{ chosenScore: 1, rejectedScore: i / 4, chosenLength: 4 + i, rejectedLength: 4 },
    })),
  );
  for (const draw of [plot.margins, plot.marginAgainstScore, plot.marginAgainstLength, plot.promptHeatMap]) {
    const svg = await plot.renderSvg(draw(reviewed));
    assert.match(svg, />iteration 2/);
    assert.doesNotMatch(svg, /kept|dropped|before iteration|last two policies/);
  }
  assert.match(await plot.renderSvg(plot.margins(reviewed)), />iteration 1: 2 of 3 margins above 0</);
});

it("a dashboard leaves out plots without data", async () => {
  assert.doesNotMatch(await plot.renderSvg(plots["dashboard-begun"]!.spec), /Margins|Gold|Time/);
});

describe("without data", () => {
  const nothing: plot.RunTables = { steps: [], margins: [], iterations: [] };
  for (const [name, message] of Object.entries({
    loss: /no logged step of preference training has loss/,
    accuracy: /has rewards\/accuracies/,
    rewards: /has rewards\/chosen or rewards\/rejected/,
    rewardMargins: /has rewards\/margins/,
    margins: /no reviewed pairs; the first iteration trains on all pairs, and reviews begin with iteration 2/,
    marginAgainstLength: /no reviewed pair/,
    marginAgainstScore: /no reviewed pair/,
    goldByIteration: /no iteration has goldReward/,
    winRates: /no values with intervals to draw/,
    promptHeatMap: /no reviewed pairs/,
    seconds: /no iteration has seconds/,
    dashboard: /no logged steps and no iterations yet/,
  })) {
    it(`${name} reports what is missing`, () => {
      const draw = plot[name as "dashboard"];
      assert.throws(
        () => draw(nothing),
        (error: Error) => {
          assert.equal(error.name, "InputError");
          assert.ok(error.message.startsWith(`plot.${name}: `), error.message);
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }

  it("plots of policies or methods report what is missing", () => {
    assert.throws(() => plot.goldRewards([]), {
      name: "InputError",
      message: /^plot\.goldRewards: no values with intervals to draw/,
    });
    assert.throws(() => plot.lengths({}), { name: "InputError", message: /^plot\.lengths: no policies/ });
    assert.throws(() => plot.differences([], "DPO"), {
      name: "InputError",
      message: /^plot.differences: no values with intervals to draw/,
    });
    assert.throws(() => plot.sweep([], { title: "", xTitle: "", yTitle: "" }), {
      name: "InputError",
      message: "plot.sweep: no rows to draw",
    });
    assert.throws(() => plot.lengths({ SFT: [] }), { name: "InputError", message: /"SFT" has no responses/ });
    assert.throws(() => plot.promptHeatMap({ SFT: [] }), { name: "InputError", message: /no responses/ });
  });
});

it("a dashboard draws the rows that a run writes", async () => {
  const iteration: IterationSummary = {
    ...{
      iteration: 2,
      pairsSelected: 7,
      pairsBootstrapped: 3,
      pairsSeen: 10,
      bootstrap: null,
      accuracy: 0.75,
      meanMargin: 1,
    },
    seconds: { training: 3, scoring: 2, sampling: 1, evaluation: 0 },
  };
  const lengths = { chosenLength: 3, rejectedLength: 4 };
  const pair: Reviewed = {
    id: "p",
    prompt: "p",
    ...lengths,
    chosenReward: 1,
    rejectedReward: -1,
    margin: 2,
    previousMargin: 0,
    ensemble: 1.4,
    kept: true,
  };
  const spec = plot.dashboard({ steps: [], margins: [{ iteration: 2, ...pair }], iterations: [iteration] });
  const svg = await plot.renderSvg(spec);
  assert.match(svg, /before iteration 2: 1 of 1 kept/);
  assert.match(svg, /Time by phase/);
});

function warningsOf(spec: TopLevelSpec): string[] {
  const warnings: string[] = [];
  const note = (...messages: unknown[]) => {
    warnings.push(messages.join(" "));
    return logger;
  };
  const logger = { level: () => logger, error: note, warn: note, info: () => logger, debug: () => logger };
  compile(spec, { logger: logger as never });
  return warnings;
}
