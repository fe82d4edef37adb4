import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compile, type TopLevelSpec } from "vega-lite";
import { accuracyOverSteps } from "../../src/plot/accuracy-over-steps.js";
import { goldByIteration } from "../../src/plot/gold-by-iteration.js";
import { goldRewards } from "../../src/plot/gold-rewards.js";
import { lossCurve } from "../../src/plot/loss-curve.js";
import { marginHistogram } from "../../src/plot/margin-histogram.js";
import { marginOverSteps } from "../../src/plot/margin-over-steps.js";
import { renderSvg } from "../../src/plot/render-svg.js";
import { rewardsOverSteps } from "../../src/plot/rewards-over-steps.js";
import { secondsByPhase } from "../../src/plot/seconds-by-phase.js";
import { theme } from "../../src/plot/theme.js";
import { winRates } from "../../src/plot/win-rates.js";
import { alignSteps, reviewed, sftSteps } from "./rows.js";
import { matchesSnapshot } from "./snapshot.js";

const gold = [
  { iteration: 0, mean: 0.61, low: 0.59, high: 0.63 },
  { iteration: 1, mean: 0.7, low: 0.68, high: 0.72 },
];
const named = [
  { name: "DPO", mean: 0.64, low: 0.61, high: 0.67 },
  { name: "SeRA", mean: 0.69, low: 0.66, high: 0.72 },
];
const runs = { DPO: alignSteps(1, 12, 0.1), SeRA: alignSteps(3, 4, 0.05) };
const margins = [...reviewed(2, 100), ...reviewed(3, 100)];
const seconds = [
  { iteration: 0, training: 70, scoring: null, sampling: null, evaluation: 12 },
  { iteration: 2, training: 30, scoring: 9, sampling: 26, evaluation: 12 },
];

/** Each plot with what its picture must say. */
const plots: Readonly<Record<string, { readonly spec: TopLevelSpec; readonly says: readonly string[] }>> = {
  "loss-sft": { spec: lossCurve(sftSteps(20), "sft"), says: ["SFT: training loss", "every logged step"] },
  "loss-align": {
    spec: lossCurve([...sftSteps(9), ...alignSteps(2, 50, 0.02)]),
    says: ["Preference training: loss", "mean of 2 logged steps", "iteration 1", "iteration 2"],
  },
  "loss-runs": { spec: lossCurve(runs), says: ["DPO", "SeRA", "iteration 3"] },
  "rewards-over-steps": { spec: rewardsOverSteps(alignSteps(2, 6, 0.1)), says: ["chosen", "rejected"] },
  "margin-over-steps": { spec: marginOverSteps(runs), says: ["Reward margin in training", "SeRA"] },
  "accuracy-over-steps": { spec: accuracyOverSteps(alignSteps(1, 6, 0.1)), says: ["chance", "60%"] },
  "margin-histogram": {
    spec: marginHistogram(margins),
    says: ["before iteration 2", "before iteration 3", "kept", "dropped"],
  },
  "gold-by-iteration": { spec: goldByIteration(gold), says: ["SFT", "iteration 1", "0.700"] },
  "gold-rewards": { spec: goldRewards(named), says: ["DPO", "SeRA", "0.690"] },
  "win-rates": { spec: winRates(named), says: ["64.0%", "69.0%", "as good as SFT"] },
  "seconds-by-phase": { spec: secondsByPhase(seconds), says: ["training", "sampling", "SFT", "iteration 2", "seconds"] },
};

describe("specifications", () => {
  for (const [name, { spec, says }] of Object.entries(plots)) {
    it(`${name} is what it was`, () => {
      matchesSnapshot(name, spec);
    });

    it(`${name} compiles without a warning, in JSON alone`, () => {
      assert.deepEqual(warningsOf(JSON.parse(JSON.stringify(spec)) as TopLevelSpec), []);
    });

    it(`${name} draws what it has to say`, async () => {
      const svg = await renderSvg(spec);
      for (const text of says) assert.ok(svg.includes(text), `no “${text}” in the picture`);
      assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
    });

    it(`${name} takes another theme`, async () => {
      const svg = await renderSvg({ ...spec, config: theme("#fafafa", "#101010") });
      assert.match(svg, /#101010/);
      assert.doesNotMatch(svg, /#1f2328|#ffffff/i);
    });
  }
});

describe("specifications of nothing", () => {
  for (const [name, spec] of Object.entries({
    lossCurve: lossCurve([]),
    marginHistogram: marginHistogram([]),
    goldByIteration: goldByIteration([]),
    winRates: winRates([]),
    secondsByPhase: secondsByPhase([]),
  })) {
    it(`${name} draws an empty plot`, async () => {
      assert.match(await renderSvg(spec), /^<svg/);
    });
  }
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
