// Tunes the methods of the experiments on the validation prompts of the synthetic world, which no result uses: four
// settings of each method, one seed, the same pairs. Prints a table in Markdown; the best of each method is what the
// notebooks use. Needs a build; runs are kept in runs/tuning and read when the script is run again.
//
//     node scripts/tune.mjs main 0          the methods of notebook 01
//     node scripts/tune.mjs noise 0.2       those of notebook 04, with 20 % of the labels flipped
//     --only <method>                       one method alone; --threads <n> (default: all cores)
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { compare, flipLabels, loadModel, loadPreferences, methods, Random, world } from "../dist/src/index.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: "string" }, threads: { type: "string", default: "0" } },
});
const [experiment, share] = [positionals[0], Number(positionals[1])];
const { sft, direct, iterativeDpo, spin, curryDpo, dice, sera } = methods;
const over = (name, values, recipe) => Object.fromEntries(values.map((value) => [`${name} = ${value}`, recipe(value)]));
const betas = (recipe, ...values) => over("β", values, (beta) => recipe({ beta }));
// A method that knows of noise is told how much there is; without any it is told a tenth.
const labelSmoothing = share || 0.1;
// The best β falls under noise.
const mild = share > 0 ? [0.03, 0.1, 0.3, 1] : [0.1, 0.3, 0.5, 1];

const grids = {
  main: {
    SFT: over("learning rate", [1e-4, 2e-4, 4e-4, 8e-4], (learningRate) => sft({ learningRate })),
    DPO: betas(direct, 0.3, 0.5, 1, 2),
    ORPO: over("λ", [1, 3, 10, 30], (beta) => direct({ loss: "orpo", beta })),
    "iterative DPO": betas(iterativeDpo, 0.1, 0.3, 1, 2),
    SPIN: betas(spin, 0.1, 0.3, 1, 2),
    "Curry-DPO": betas(curryDpo, 0.1, 0.3, 1, 2),
    DICE: betas(dice, 0.3, 1, 2, 3),
    SeRA: betas(sera, 0.5, 1, 2, 3),
  },
  noise: {
    DPO: betas(direct, ...mild),
    cDPO: betas((own) => direct({ loss: "cdpo", labelSmoothing, ...own }), ...mild),
    rDPO: betas((own) => direct({ loss: "rdpo", labelSmoothing, ...own }), ...mild),
    SeRA: betas(sera, 0.3, 1, 2, 3),
  },
};
if (!(experiment in grids) || !(share >= 0 && share < 0.5)) {
  console.error("usage: node scripts/tune.mjs main|noise <share of flipped labels, below 0.5> [--only <method>] [--threads <n>]");
  process.exit(2);
}

const { pairs: clean } = await loadPreferences(world.train, { limit: 1000 });
const pairs = flipLabels(clean, share, Random.seeded(1).fork("flip"));
const { pairs: heldOut } = await loadPreferences(world.validation);
mkdirSync("runs/tuning", { recursive: true });
process.chdir("runs/tuning");
const start = await loadModel(world.sft, { threads: Number(values.threads) });
console.log(`| method | setting | gold reward | win rate | seconds |\n| --- | --- | --- | --- | ---: |`);
for (const [method, recipes] of Object.entries(grids[experiment])) {
  if (values.only !== undefined && values.only !== method) continue;
  const { table } = await compare(start, pairs, recipes, { heldOut, seeds: [0], maxNewTokens: 48 });
  const rows = table.objects().slice(1);
  const best = Math.max(...rows.map(({ goldReward }) => goldReward));
  for (const { method: setting, goldReward, goldLow, goldHigh, winRate, seconds } of rows) {
    const bold = goldReward === best ? "**" : "";
    const figures = `${bold}${goldReward.toFixed(3)}${bold} [${goldLow.toFixed(3)}, ${goldHigh.toFixed(3)}] | ${winRate.toFixed(3)} | ${seconds.toFixed(0)}`;
    console.log(`| ${method} | ${setting} | ${figures} |`);
  }
}
process.exit(0);
