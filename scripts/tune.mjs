// Tunes methods as docs/protocol.md says: on the validation prompts of a world, which no result uses, with three values each,
// extended if the best is at an end. Prints a table in Markdown; the notebooks use the best value of each method. Needs a build;
// runs are kept in runs/tuning and reused when the script is run again.
//
//     node scripts/tune.mjs 0               clean labels
//     node scripts/tune.mjs 0.2             20 % of the labels flipped
//     --world instructions                  SmolLM2-135M-Instruct with LoRA, which `npm run --silent model:smollm2` downloads, or
//                                           the model in SERA_MODEL, on pairs that it generates first (default: synthetic)
//     --limit <n>                           pairs (default 1000), or prompts of the instructions (default 200)
//     --only <method>                       only one method; --threads <n> (default: all cores)
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import {
  compare,
  flipLabels,
  instructionPairs,
  instructions,
  klFrom,
  loadDemonstrations,
  loadModel,
  loadPreferences,
  loadPrompts,
  methods,
  Random,
  world,
} from "../dist/src/index.js";
import { smollm2Path } from "./smollm2-path.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    world: { type: "string", default: "synthetic" },
    limit: { type: "string" },
    only: { type: "string" },
    threads: { type: "string", default: "0" },
  },
});
const share = Number(positionals[0]);
const threads = Number(values.threads);

/** For each world: its grid of β, its seeds, the options that its runs share, and its start, pairs and validation prompts. */
const worlds = {
  synthetic: {
    betas: [0.3, 1, 3],
    seeds: [101, 102, 103],
    limit: 1000,
    options: {},
    withKl: true,
    async load(limit) {
      const { pairs } = await loadPreferences(world.train, { limit });
      const { pairs: heldOut } = await loadPreferences(world.validation);
      const { demonstrations } = await loadDemonstrations(world.demonstrations, { limit });
      return { start: await loadModel(world.sft, { threads }), pairs, heldOut, demonstrations };
    },
  },
  instructions: {
    betas: [0.1, 0.3, 1],
    seeds: [101],
    limit: 200,
    options: { learningRate: 2e-4, batchSize: 16 },
    // It would take as long as the training.
    withKl: false,
    only: ["SFT", "DPO", "DPO, 8 epochs", "ORPO", "SimPO", "SeRA", "SeRA, labels by likelihood"],
    async load(limit) {
      const start = await loadModel(process.env.SERA_MODEL ?? smollm2Path(), { threads, lora: { rank: 16 } });
      const { prompts } = await loadPrompts(instructions.train, { limit });
      const { prompts: heldOut } = await loadPrompts(instructions.validation);
      return {
        start,
        pairs: await instructionPairs(start, prompts, { seed: 1, folder: "runs/tuning/instructions" }),
        heldOut,
      };
    },
  },
};
const own = Object.hasOwn(worlds, values.world) ? worlds[values.world] : undefined;

const { sft, direct, iterativeDpo, sera, spin, curryDpo, dice, spa, bmc, irepo, aihf, spo, sapo, proxyReward } =
  methods;
const beta = { name: "β", grid: own?.betas };
const lambda = { name: "λ", grid: [1, 3, 10] };
const perToken = { name: "β", grid: [1, 3, 10] };
const rate = { name: "learning rate", grid: [2e-4, 4e-4, 8e-4] };
const smoothing = share > 0 ? { labelSmoothing: share } : {};

/** For each method, the setting that is tuned and the method for a value of it. */
const tuned = {
  SFT: { ...rate, recipe: (learningRate) => sft({ learningRate }) },
  DPO: { ...beta, recipe: (beta) => direct({ beta }) },
  "DPO, 8 epochs": { ...beta, recipe: (beta) => direct({ beta, rounds: 8 }) },
  // ε is the share of flipped labels, which both are given; without flips it is the losses' default.
  cDPO: { ...beta, recipe: (beta) => direct({ loss: "cdpo", beta, ...smoothing }) },
  rDPO: { ...beta, recipe: (beta) => direct({ loss: "rdpo", beta, ...smoothing }) },
  ORPO: { ...lambda, recipe: (beta) => direct({ loss: "orpo", beta }) },
  SimPO: { ...perToken, recipe: (beta) => direct({ loss: "simpo", beta }) },
  IPO: { ...perToken, recipe: (beta) => direct({ loss: "ipo", beta }) },
  "SLiC-HF": { ...beta, recipe: (beta) => direct({ loss: "slic", beta }) },
  "DPO + NLL": { ...beta, recipe: (beta) => direct({ beta, nll: 1 }) },
  "random 70 %": { ...beta, recipe: (beta) => sera({ beta, selectBy: "random", bootstrap: 0 }) },
  "selection only": { ...beta, recipe: (beta) => sera({ beta, bootstrap: 0 }) },
  "middle 70 %": { ...beta, recipe: (beta) => sera({ beta, selectBy: "middle", bootstrap: 0 }) },
  "bottom 70 %": { ...beta, recipe: (beta) => sera({ beta, selectBy: "bottom", bootstrap: 0 }) },
  "oracle 70 %": { ...beta, recipe: (beta) => sera({ beta, selectBy: "score", bootstrap: 0 }) },
  "bootstrapping only": { ...beta, recipe: (beta) => sera({ beta, selectBy: "random" }) },
  SeRA: { ...beta, recipe: (beta) => sera({ beta }) },
  "SeRA, labels by likelihood": { ...beta, recipe: (beta) => sera({ beta, labelBy: "likelihood" }) },
  "SeRA, IPO": { ...perToken, recipe: (beta) => sera({ loss: "ipo", beta }) },
  "SeRA, SLiC-HF": { ...beta, recipe: (beta) => sera({ loss: "slic", beta }) },
  "SeRA, SimPO": { ...perToken, recipe: (beta) => sera({ loss: "simpo", beta }) },
  "SeRA, ORPO": { ...lambda, recipe: (beta) => sera({ loss: "orpo", beta }) },
  "SeRA, DPO + NLL": { ...beta, recipe: (beta) => sera({ beta, nll: 1 }) },
  "self-labelled iterative DPO": {
    ...beta,
    recipe: (beta) => sera({ beta, select: 0, bootstrap: 1, gamma: 0, reference: "previous" }),
  },
  "iterative DPO, judge": { ...beta, recipe: (beta) => iterativeDpo({ beta }) },
  SPIN: { ...beta, recipe: (beta) => spin({ beta }) },
  "Curry-DPO, judge": { ...beta, recipe: (beta) => curryDpo({ beta }) },
  DICE: { ...beta, recipe: (beta) => dice({ beta }) },
  SPA: { ...beta, recipe: (beta) => spa({ beta }) },
  "BMC, editor": { ...beta, recipe: (beta) => bmc({ bridge: "world", beta }) },
  "iREPO, judge": { ...beta, recipe: (beta) => irepo({ beta }) },
  AIHF: { ...beta, demonstrations: true, recipe: (beta) => aihf({ beta }) },
  SPO: { ...beta, recipe: (beta) => spo({ beta }) },
  SAPO: { ...beta, recipe: (beta) => sapo({ beta }) },
  "proxy reward model, judge": { ...beta, recipe: (beta) => proxyReward({ beta }) },
};
const mostExtensions = 2;

const names = own?.only ?? Object.keys(tuned);
if (!own || !(share >= 0 && share < 0.5) || !names.includes(values.only ?? names[0])) {
  console.error(
    `usage: node scripts/tune.mjs <share of flipped labels, below 0.5> [--world <world>] [--limit <n>] [--only <method>] [--threads <n>]
worlds: ${Object.keys(worlds).join(", ")}\nmethods: ${names.join(", ")}`,
  );
  process.exit(2);
}

mkdirSync("runs/tuning", { recursive: true });
const { seeds, options } = own;
const { start, pairs: clean, heldOut, demonstrations } = await own.load(Number(values.limit ?? own.limit));
const pairs = flipLabels(clean, share, Random.seeded(1).fork("flip"));
process.chdir("runs/tuning");
const prompts = heldOut.map(({ prompt }) => prompt);
const evaluate = own.withKl ? await klFrom(start, prompts, { maxNewTokens: 48 }) : undefined;

/** Gold reward of a value on the validation prompts, and KL from the start if measured, averaged over the seeds. */
async function evaluated(name, value, recipe, withDemonstrations) {
  const result = await compare(
    start,
    pairs,
    { [`${name} ${value}`]: recipe(value) },
    {
      ...options,
      heldOut,
      seeds,
      maxNewTokens: 48,
      ...(evaluate && { evaluate }),
      ...(withDemonstrations && { demonstrations }),
    },
  );
  const { goldReward, goldSeedDeviation, seconds } = result.rows.at(-1);
  const ends = Object.values(result.runs)[0].map(({ iterations }) => iterations.at(-1).metrics?.kl ?? NaN);
  return { value, goldReward, goldSeedDeviation, seconds, kl: ends.reduce((sum, kl) => sum + kl, 0) / ends.length };
}

/** The value that extends a grid beyond its end, rounded like the grid. */
function beyond(grid, best) {
  const [end, next] = best === grid[0] ? [grid[0], grid[1]] : [grid.at(-1), grid.at(-2)];
  return Number(((end * end) / next).toPrecision(1));
}

console.log(
  `| method | tuned | gold reward on validation prompts, ${seeds.length > 1 ? "mean of seeds" : "seed"} ${seeds.join(", ")} | runs | KL of the best | seconds |\n| --- | --- | --- | --- | --- | --- |`,
);
for (const method of values.only === undefined ? names : [values.only]) {
  const { name, grid, recipe, demonstrations } = tuned[method];
  const rows = [];
  for (const value of grid) rows.push(await evaluated(name, value, recipe, demonstrations));
  const best = () => rows.reduce((a, b) => (b.goldReward > a.goldReward ? b : a));
  const sorted = () => rows.map(({ value }) => value).sort((a, b) => a - b);
  for (
    let extension = 0;
    extension < mostExtensions && [sorted()[0], sorted().at(-1)].includes(best().value);
    extension++
  ) {
    rows.push(await evaluated(name, beyond(sorted(), best().value), recipe, demonstrations));
  }
  rows.sort((a, b) => a.value - b.value);
  const figures = rows.map(
    (row) =>
      `${row.value}: ${row === best() ? "**" : ""}${row.goldReward.toFixed(3)}${row === best() ? "**" : ""}${seeds.length > 1 ? ` ± ${row.goldSeedDeviation.toFixed(3)}` : ""}`,
  );
  console.log(
    `| ${method} | ${name} | ${figures.join(", ")} | ${rows.length * seeds.length} | ${own.withKl ? best().kl.toFixed(1) : "–"} | ${best().seconds.toFixed(0)} |`,
  );
}
process.exit(0);
