import { Command } from "commander";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { TopLevelSpec } from "vega-lite";
import { whole } from "../src/cli/options.js";
import { renderSvg } from "../src/plot/index.js";
import { runForJson } from "./child.js";
import { growths, type GrowthPoint, type GrowthSizes } from "./growth-sizes.js";
import { median } from "./samples.js";

/*
 * Measures how time and memory grow with the pairs, the model and the length of the sequences. Each point runs in its own
 * process; prints the medians of several rounds as a table and a log-log plot.
 *
 * usage: npm run bench:growth -- --rounds 3
 */

const { rounds, out } = new Command("bench:growth")
  .description("Measures how writing, scoring and training grow with pairs, parameters and length.")
  .option("--rounds <n>", "times that each point is measured; shown are medians", whole(1), 3)
  .option("--out <file>", "the plot", "docs/pictures/growth.svg")
  .parse()
  .opts<{ rounds: number; out: string }>();

/** The measures of a point, with their units. */
const figures = {
  "writing, s": ({ writing }: GrowthPoint) => writing.processor,
  "scoring, s": ({ scoring }: GrowthPoint) => scoring.processor,
  "training, s": ({ training }: GrowthPoint) => training.processor,
  "peak, GB": ({ peakBytes }: GrowthPoint) => peakBytes / 1e9,
};
const names = Object.keys(figures) as (keyof typeof figures)[];

const program = fileURLToPath(new URL("./growth-point.js", import.meta.url));
const measured = new Map<string, GrowthPoint[]>();
const keyOf = (sizes: GrowthSizes) => JSON.stringify(sizes);
const points = new Set(growths.flatMap(({ sizes }) => sizes.map(keyOf)));
for (let round = 1; round <= rounds; round++) {
  for (const [i, key] of [...points].entries()) {
    process.stderr.write(`round ${round} of ${rounds}, point ${i + 1} of ${points.size}: ${key}\n`);
    const point = (await runForJson(process.execPath, [program, key])) as GrowthPoint;
    measured.set(key, [...(measured.get(key) ?? []), point]);
  }
}

/** A point's figure: the median over the rounds. */
function medianOf(sizes: GrowthSizes, name: keyof typeof figures): number {
  return median(measured.get(keyOf(sizes))!.map(figures[name]));
}
const multipleOf = (name: string, i: number, sizes: readonly GrowthSizes[]) =>
  name === "parameters"
    ? measured.get(keyOf(sizes[i]!))![0]!.parameters / measured.get(keyOf(sizes[0]!))![0]!.parameters
    : 4 ** i;

console.log(`${cpus()[0]?.model.trim() ?? "unknown CPU"}, ${cpus().length} logical cores, Node ${process.version}\n`);
console.log(`| | × | ${names.join(" | ")} |\n| --- | ---: |${" ---: |".repeat(names.length)}`);
const values = growths.flatMap(({ name: grown, sizes }) =>
  sizes.map((own, i) => {
    const times = multipleOf(grown, i, sizes);
    const row = names.map((name) => medianOf(own, name));
    console.log(
      `| ${i === 0 ? grown : ""} | ${times.toFixed(1)} | ${row.map((value) => value.toFixed(2)).join(" | ")} |`,
    );
    return names.map((name, n) => ({ grown, times, what: name, value: row[n]! }));
  }),
);
const spec: TopLevelSpec = {
  title: "Processor time in seconds, and memory in GB",
  data: { values: values.flat() },
  facet: { field: "grown", type: "nominal", title: null, sort: growths.map(({ name }) => name) },
  spec: {
    width: 170,
    height: 200,
    mark: { type: "line", point: true },
    encoding: {
      x: { field: "times", type: "quantitative", scale: { type: "log", base: 4 }, title: "times the smallest" },
      y: { field: "value", type: "quantitative", scale: { type: "log" }, title: "seconds; GB" },
      color: { field: "what", type: "nominal", title: null, sort: names },
    },
  },
};
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, await renderSvg(spec));
console.log(`\n${out}`);
