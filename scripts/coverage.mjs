// Simulates the coverage and width of intervals over seeds and prompts; prints the tables of docs/statistics.md.
// node scripts/coverage.mjs [samples per setting, default 400]
import { Random } from "../dist/src/base/random.js";
import { crossedInterval, crossedVariances } from "../dist/src/stats/crossed.js";
import { studentQuantile } from "../dist/src/stats/student.js";

const samples = Number(process.argv[2] ?? 400);
const known = new Map();
const t = (degrees) => {
  if (!known.has(degrees)) known.set(degrees, studentQuantile(0.05, degrees));
  return known.get(degrees);
};
const candidates = {
  "t on seed means": ({ seeds }) => t(seeds.degrees) * Math.sqrt(seeds.variance),
  "t over prompts": ({ total }) => t(total.degrees) * Math.sqrt(total.variance),
  "the wider of both": (v) => Math.max(candidates["t on seed means"](v), candidates["t over prompts"](v)),
  "crossed, Satterthwaite": ({ seeds, prompts }) => {
    const sum = seeds.variance + prompts.variance;
    return sum === 0
      ? 0
      : t(
          Math.max(
            1,
            Math.floor(sum ** 2 / (seeds.variance ** 2 / seeds.degrees + prompts.variance ** 2 / prompts.degrees)),
          ),
        ) * Math.sqrt(sum);
  },
  "crossed, own quantiles": ({ seeds, prompts }) =>
    Math.sqrt(t(seeds.degrees) ** 2 * seeds.variance + t(prompts.degrees) ** 2 * prompts.variance),
};
const chosen = "the same, on the logit's scale";

/** Half the width of the pigeonhole bootstrap's interval, and whether it contains the true value. */
function pigeonhole(rows, truth, random) {
  const [s, p] = [rows.length, rows[0].length];
  const means = Float64Array.from({ length: 200 }, () => {
    const weights = new Int32Array(s);
    for (let i = 0; i < s; i++) weights[random.integer(s)]++;
    let sum = 0;
    for (let k = 0; k < p; k++) {
      const j = random.integer(p);
      for (let i = 0; i < s; i++) sum += weights[i] * rows[i][j];
    }
    return sum / (s * p);
  }).sort();
  return { held: means[5] <= truth && truth <= means[194], half: (means[194] - means[5]) / 2 };
}

const outcomes = {
  continuous: { truth: 0, range: undefined, of: (seed, prompt, noise) => seed + prompt + noise() },
  "binary, mean 0.5": {
    truth: 0.5,
    range: { low: 0, high: 1 },
    of: (seed, prompt, noise) => Number(seed + prompt + noise() > 0),
  },
  "binary, mean 0.8": {
    truth: 0.8,
    range: { low: 0, high: 1 },
    of: (seed, prompt, noise, sd) => Number(seed + prompt + noise() > -0.8416212 * sd),
  },
  "binary, paired difference": {
    truth: 0,
    range: { low: -1, high: 1 },
    of: (seed, prompt, noise) => Number(seed + prompt + noise() > 0) - Number(prompt - seed + noise() > 0),
  },
};
const names = ["pigeonhole bootstrap", ...Object.keys(candidates), chosen];
const own = names.indexOf(chosen);
/** Standard deviations of the seeds' means: from none to one that dwarfs prompts and noise. */
const spreads = [0, 0.01, 0.02, 0.04, 0.2];
const start = Random.seeded(1);
const settings = [];
for (const s of [2, 3, 5, 10])
  for (const p of [50, 200, 500])
    for (const sa of spreads)
      for (const [sb, se] of [
        [0, 0.25],
        [0.1, 0.25],
        [0.3, 0.1],
      ]) {
        for (const [outcome, { truth, range, of }] of Object.entries(outcomes)) {
          const random = start.fork(s, p, String(sa), String(sb), outcome);
          const noise = () => se * random.normal();
          const sd = Math.hypot(sa, sb, se);
          const held = new Float64Array(names.length),
            half = new Float64Array(names.length);
          // The bootstrap costs a hundred times as much as the others.
          const drawn = p === 200 && sb === 0.1 ? Math.min(samples, 400) : 0;
          for (let k = 0; k < samples; k++) {
            const prompts = Array.from({ length: p }, () => sb * random.normal());
            const rows = Array.from({ length: s }, () => {
              const a = sa * random.normal();
              return prompts.map((b) => of(a, b, noise, sd));
            });
            const v = crossedVariances(rows);
            const columns = prompts.map((_, j) => rows.reduce((sum, row) => sum + row[j], 0) / s);
            v.total = {
              variance: columns.reduce((sum, x) => sum + (x - v.mean) ** 2, 0) / (p - 1) / p,
              degrees: p - 1,
            };
            if (k < drawn) {
              const { held: h, half: w } = pigeonhole(rows, truth, random);
              held[0] += h / drawn;
              half[0] += w / drawn;
            }
            for (const [i, of] of Object.values(candidates).entries()) {
              const w = of(v);
              held[i + 1] += Number(Math.abs(v.mean - truth) <= w + 1e-12) / samples;
              half[i + 1] += w / samples;
            }
            const { low, high } = crossedInterval(rows, range);
            held[own] += Number(low - 1e-12 <= truth && truth <= high + 1e-12) / samples;
            half[own] += (high - low) / 2 / samples;
          }
          settings.push({ outcome, s, p, sa, sb, held, half, drawn });
        }
      }

function table(title, chosen) {
  console.log(
    `\n${title}\n\n| outcome | seeds | ${names.join(" | ")} |\n| --- | --- |${" --- |".repeat(names.length)}`,
  );
  for (const outcome of Object.keys(outcomes))
    for (const s of [2, 3, 5, 10]) {
      const own = chosen.filter((setting) => setting.outcome === outcome && setting.s === s);
      const cells = names.map((_, i) => {
        const counted = own.filter(({ drawn }) => i > 0 || drawn > 0);
        const worst = Math.min(...counted.map(({ held }) => held[i]));
        const width = (2 * counted.reduce((sum, { half }) => sum + half[i], 0)) / counted.length;
        return `${worst.toFixed(3)} (${width.toFixed(3)})`;
      });
      console.log(`| ${outcome} | ${s} | ${cells.join(" | ")} |`);
    }
}

table(
  "Worst coverage and mean width, seed spread up to 0.04",
  settings.filter(({ sa }) => sa <= 0.04),
);
table(
  "Worst coverage and mean width, seed spread 0.2",
  settings.filter(({ sa }) => sa === 0.2),
);
console.log("\nThe ten lowest coverages of the chosen interval:\n");
for (const { outcome, s, p, sa, sb, held } of settings.toSorted((a, b) => a.held[own] - b.held[own]).slice(0, 10)) {
  console.log(
    `- ${held[own].toFixed(3)}: ${outcome}, ${s} seeds, ${p} prompts, spread of seeds ${sa}, of prompts ${sb}`,
  );
}
