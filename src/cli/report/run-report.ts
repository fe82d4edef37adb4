import { join } from "node:path";
import type { TopLevelSpec } from "vega-lite";
import { writeFileAtomic } from "../../base/files.js";
import { html, type Html } from "../../base/html.js";
import type { BootstrappedRow } from "../../bootstrap/index.js";
import * as plot from "../../plot/index.js";
import { clock } from "../../progress/duration.js";
import type { IterationSummary, Judged } from "../../run/summary.js";
import { page } from "./page.js";
import {
  count,
  decimals,
  figures,
  labelledText,
  meanWithInterval,
  nothing,
  percent,
  table,
  type Column,
} from "./parts.js";
import { withIntervals, type JudgedIntervals } from "./intervals.js";
import { readRunTables, type RunTables } from "./run-tables.js";

/** Options that characterize a run, in the header's order. */
const telling = [
  "loss",
  "beta",
  "iterations",
  "epochs",
  "reference",
  "select",
  "bootstrap",
  "labelBy",
  "responses",
  "gamma",
  "seed",
];

/**
 * Writes a run's report to `report.html` in its folder.
 *
 * @returns the path of the report
 * @throws {InputError} as {@link renderReport}
 */
export async function writeReport(folder: string): Promise<string> {
  const path = join(folder, "report.html");
  await writeFileAtomic(path, await renderReport(folder));
  return path;
}

/**
 * Renders the report of a run as a self-contained page: what was run, the summary of each iteration, plots, some of the
 * bootstrapped pairs, and every option.
 *
 * @param folder a run folder
 * @throws InputError as {@link readRunTables}
 */
export async function renderReport(folder: string): Promise<string> {
  const run = await readRunTables(folder);
  const { method, loss, seed } = run.summary;
  const iterations = run.summary.iterations.map(withIntervals);
  const config = configOf(run);
  const trained = iterations.filter(({ iteration }) => iteration > 0).length;
  const title = `${methodName(method, trained)} with the ${loss} loss`;
  return page(
    title,
    html`<header>
<h1>${title}</h1>
<p class="lead">${trained} ${trained === 1 ? "iteration" : "iterations"} of preference training, seed ${seed}; ${clock(totalSeconds(iterations))} of wall-clock in all.</p>
${facts(config)}
</header>
${summaryTable(iterations)}
<h2>Curves</h2>
${await figures(plots(run, iterations))}
${bootstrappedExamples(run.bootstrapped, run.summary.labelledBy)}
<h2>Configuration</h2>
${configTable(config)}`,
  );
}

/** A single iteration of SeRA neither selects nor bootstraps pairs: it is plain training on the given pairs. */
function methodName(method: string, trained: number): string {
  if (method !== "sera") return method;
  return trained > 1 ? "SeRA" : "Preference training";
}

type Iteration = Omit<IterationSummary, keyof Judged> & JudgedIntervals;

type Config = Readonly<Record<string, unknown>>;

/** The run's options that have an effect, followed by the other facts that identify it. */
function configOf({ facts: { options, ...others } }: RunTables): Config {
  const { labelBy } = options as Config;
  // Only the implicit reward, which a labeller of the user's own may also ask for, has a reference.
  const hasNoReference = labelBy === "likelihood" || labelBy === "judge";
  const effective = Object.entries(options as object).filter(([name]) => !(hasNoReference && name === "rewardAgainst"));
  return { ...Object.fromEntries(effective), ...others };
}

function totalSeconds(iterations: readonly Iteration[]): number {
  return iterations.flatMap(({ seconds }) => Object.values(seconds)).reduce((sum, part) => sum + part, 0);
}

function facts(config: Config): Html {
  const known = telling.filter((name) => config[name] != null);
  return html`<dl class="facts">${known.map((name) => html`<div><dt>${name}</dt><dd>${optionText(config[name])}</dd></div>`)}</dl>`;
}

function optionText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function summaryTable(iterations: readonly Iteration[]): Html {
  const seconds = (phase: keyof Iteration["seconds"]): Column<Iteration> => ({
    heading: `${phase} (s)`,
    cell: (row) => decimals(row.seconds[phase], 1),
    has: (row) => row.seconds[phase] > 0,
  });
  const columns: Column<Iteration>[] = [
    { heading: "pairs kept", cell: (row) => count(row.pairsSelected), has: (row) => row.pairsSelected != null },
    { heading: "pairs made", cell: (row) => count(row.pairsBootstrapped), has: (row) => row.pairsBootstrapped != null },
    {
      heading: "responses cut off",
      cell: ({ bootstrap }) => (bootstrap ? `${bootstrap.incomplete} of ${bootstrap.samples}` : nothing),
      has: ({ bootstrap }) => bootstrap != null,
    },
    { heading: "mean margin", cell: (row) => decimals(row.meanMargin, 3), has: (row) => row.meanMargin != null },
    { heading: "accuracy", cell: (row) => percent(row.accuracy), has: (row) => row.accuracy != null },
    {
      heading: "gold reward",
      cell: (row) => meanWithInterval(row.goldReward, (value) => decimals(value, 3)),
      has: (row) => row.goldReward != null,
    },
    {
      heading: "win rate",
      cell: (row) => (row.iteration === 0 ? nothing : meanWithInterval(row.winRate, percent)),
      has: (row) => row.iteration > 0 && row.winRate != null,
    },
    seconds("training"),
    seconds("scoring"),
    seconds("sampling"),
    seconds("evaluation"),
  ];
  const notes = [
    iterations.some((row) => row.accuracy != null)
      ? "Mean margin (log-ratio of chosen less that of rejected, in nats) and accuracy (share of margins above 0) are of held-out pairs."
      : "",
    iterations.some((row) => row.goldReward)
      ? "Gold reward and win rate (against the start, a tie counting half) are of responses to held-out prompts, with 95 % intervals."
      : "",
  ];
  return html`${table("iteration", nameOf, columns, iterations)}
<p class="note">${notes.filter(Boolean).join(" ")}</p>`;
}

function nameOf({ iteration }: { readonly iteration: number }): string {
  return iteration === 0 ? "start" : String(iteration);
}

/** The plots for which the run has numbers. */
function plots({ steps, margins }: RunTables, iterations: readonly Iteration[]): TopLevelSpec[] {
  const gold = iterations.flatMap(({ iteration, goldReward }) =>
    goldReward
      ? [{ iteration, goldReward: goldReward.mean, goldRewardInterval: [goldReward.low, goldReward.high] as const }]
      : [],
  );
  const wins = iterations.flatMap(({ iteration, winRate }) =>
    winRate && iteration > 0 ? [{ name: `iteration ${iteration}`, ...winRate }] : [],
  );
  const aligned = steps.filter((row) => row.phase === "align");
  const has = (column: "rewards/chosen" | "rewards/rejected" | "rewards/accuracies") =>
    aligned.some((row) => row[column] != null);
  return [
    ...(gold.length > 0 ? [plot.goldByIteration(gold)] : []),
    ...(wins.length > 0 ? [plot.winRates(wins)] : []),
    ...(aligned.length > 0 ? [plot.loss(aligned)] : []),
    // A step may have no pairs, for example one with only demonstrations.
    ...(has("rewards/chosen") || has("rewards/rejected") ? [plot.rewards(aligned)] : []),
    ...(has("rewards/accuracies") ? [plot.accuracy(aligned)] : []),
    ...(margins.length > 0 ? [plot.margins(margins)] : []),
    ...(aligned.length < steps.length ? [plot.loss(steps, "sft")] : []),
    plot.seconds(iterations),
  ];
}

/** The pairs with the largest, median and smallest margin: chosen by a fixed rule, not by appearance. */
function bootstrappedExamples(made: RunTables["bootstrapped"], labelledBy: string | null): Html {
  if (!made) return html``;
  const pairs = [...made.pairs].sort((a, b) => (b.margin ?? 0) - (a.margin ?? 0));
  const places: readonly (readonly [string, number])[] = [
    ["greatest margin", 0],
    ["median margin", Math.floor((pairs.length - 1) / 2)],
    ["least margin", pairs.length - 1],
  ];
  const examples = places.filter(([, at], index) => places.findIndex(([, other]) => other === at) === index);
  return html`<h2>Pairs that the policy made</h2>
<p class="note">Of the ${count(pairs.length)} made before iteration ${made.iteration}; ${labelledBy === null ? "the rejected responses are the policy's own samples" : `both responses are the policy's own samples, labelled by ${labellerText(labelledBy)}`}.</p>
${examples.map(([label, at]) => pairExample(label, pairs[at]!))}`;
}

function labellerText(labelledBy: string): string {
  if (labelledBy === "implicit reward") return "its implicit reward";
  return labelledBy === "likelihood" ? "its likelihood (rewards are in nats per token)" : labelledBy;
}

function pairExample(label: string, pair: BootstrappedRow): Html {
  return html`<section class="example">
${labelledText(`prompt of ${pair.id} · ${label}, ${decimals(pair.margin, 2)}`, pair.prompt)}
<div class="answers">
${labelledText(`chosen · reward ${decimals(pair.chosenReward, 2)}`, pair.chosen)}
${labelledText(`rejected · reward ${decimals(pair.rejectedReward, 2)}`, pair.rejected)}
</div>
</section>
`;
}

function configTable(config: Config): Html {
  return html`<div class="scroll"><table class="config"><tbody>
${Object.entries(config).map(
  ([name, value]) => html`<tr><th>${name}</th><td>${optionText(value)}</td></tr>
`,
)}</tbody></table></div>`;
}
