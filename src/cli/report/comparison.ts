import { join } from "node:path";
import { z } from "zod";
import type { TopLevelSpec } from "vega-lite";
import { writeFileAtomic } from "../../base/files.js";
import { html, type Html } from "../../base/html.js";
import type { Interval } from "../../stats/interval.js";
import * as plot from "../../plot/index.js";
import { clock } from "../../progress/duration.js";
import { readJsonFile, readJsonLinesFile } from "./json-file.js";
import { page } from "./page.js";
import { decimals, figures, labelledText, meanWithInterval, nothing, percent, table } from "./parts.js";
import { withIntervals, type JudgedIntervals } from "./intervals.js";
import { readSteps } from "./run-tables.js";

/** Maximum number of samples on the page, which also states their total number. */
const MOST_SAMPLES = 6;

const bounds = z.tuple([z.number(), z.number()]).exactOptional();

const method = z
  .object({
    ...{
      goldReward: z.number().exactOptional(),
      goldRewardInterval: bounds,
      winRate: z.number().exactOptional(),
      winRateInterval: bounds,
    },
    /** Wall-clock time from the SFT model on; for SFT, the time of its own training. */
    seconds: z.number().nullish(),
  })
  .transform(withIntervals);

const summary = z.object({
  methods: z.object({ sft: method, dpo: method, sera: method }),
  seeds: z.array(z.number()).optional(),
});

const sample = z.object({
  prompt: z.string(),
  sft: z.string(),
  dpo: z.string(),
  sera: z.string(),
  goldSft: z.number(),
  goldDpo: z.number(),
  goldSera: z.number(),
});

type Sample = z.output<typeof sample>;
type Method = z.output<typeof method>;

/**
 * Writes the comparison of SFT, DPO and SeRA to `report.html` in its folder.
 *
 * @returns the path of the report
 * @throws {InputError} as {@link renderComparison}
 */
export async function writeComparison(folder: string): Promise<string> {
  const path = join(folder, "report.html");
  await writeFileAtomic(path, await renderComparison(folder));
  return path;
}

/**
 * Renders the comparison of SFT, DPO and SeRA as a self-contained page: a sentence with the result, a table, plots with
 * the curves of both runs superimposed, and answers side by side.
 *
 * @param folder folder with `summary.json`, the run folders `dpo` and `sera`, and `samples.jsonl` if there are samples
 * @throws {InputError} if `summary.json` is missing or a file is invalid
 */
export async function renderComparison(folder: string): Promise<string> {
  const { methods, seeds } = await readJsonFile(join(folder, "summary.json"), summary);
  const samples = (await readJsonLinesFile(join(folder, "samples.jsonl"), sample)) ?? [];
  const runs = { DPO: await readSteps(join(folder, "dpo")), SeRA: await readSteps(join(folder, "sera")) };
  const rows = [
    { name: "SFT", ...methods.sft },
    { name: "DPO", ...methods.dpo },
    { name: "SeRA", ...methods.sera },
  ];
  const title = "SFT, DPO and SeRA on the same pairs";
  return page(
    title,
    html`<header>
<h1>${title}</h1>
<p class="lead">${conclusion(methods)}</p>
${seeds?.length ? html`<p class="note">${seeds.length === 1 ? "Seed" : "Seeds"} ${seeds.join(", ")}.</p>` : null}
</header>
${table(
  "method",
  (row) => row.name,
  [
    {
      heading: "gold reward",
      cell: (row) => meanWithInterval(row.goldReward, (value) => decimals(value, 3)),
      has: (row) => row.goldReward != null,
    },
    {
      heading: "win rate against SFT",
      cell: (row) => (row.name === "SFT" ? nothing : meanWithInterval(row.winRate, percent)),
      has: (row) => row.winRate != null,
    },
    {
      heading: "time",
      cell: (row) => (row.seconds == null ? nothing : clock(row.seconds)),
      has: (row) => row.seconds != null,
    },
  ],
  rows,
)}
<p class="note">Gold reward (0 to 1) and win rate (a tie counts half) are of responses to held-out prompts, with 95 % intervals; training never sees them. The time of DPO and of SeRA starts from the SFT model.</p>
<h2>Curves</h2>
${await figures(plots(rows, runs))}
${sampleAnswers(samples)}`,
  );
}

/** The result in words that claim no more than the intervals support. */
export function conclusion({ sft, dpo, sera }: Readonly<Record<"sft" | "dpo" | "sera", JudgedIntervals>>): string {
  const sentences = [];
  if (sft.goldReward && dpo.goldReward && sera.goldReward) {
    const [before, withDpo, withSera] = [sft, dpo, sera].map(({ goldReward }) => decimals(goldReward!.mean, 3));
    sentences.push(`The mean gold reward is ${before} for SFT, ${withDpo} for DPO and ${withSera} for SeRA.`);
    sentences.push(`${compareWith("DPO", dpo.goldReward, sera.goldReward)}.`);
  }
  if (dpo.winRate && sera.winRate) {
    sentences.push(
      `Against the SFT model's, DPO's responses win ${percent(dpo.winRate.mean)} of the time and SeRA's ${percent(sera.winRate.mean)}; a tie counts half.`,
    );
  }
  return sentences.join(" ");
}

function compareWith(other: string, theirs: Interval, ours: Interval): string {
  if (ours.low > theirs.high) return `SeRA is above ${other}, and their 95 % intervals do not meet`;
  if (ours.high < theirs.low) return `SeRA is below ${other}, and their 95 % intervals do not meet`;
  return `The 95 % intervals of SeRA and ${other} overlap, so this run does not by itself tell which is better`;
}

function plots(
  rows: readonly (Method & { readonly name: string })[],
  runs: Readonly<Record<string, Awaited<ReturnType<typeof readSteps>>>>,
): TopLevelSpec[] {
  const gold = rows.flatMap(({ name, goldReward }) => (goldReward ? [{ name, ...goldReward }] : []));
  const wins = rows.flatMap(({ name, winRate }) => (winRate && name !== "SFT" ? [{ name, ...winRate }] : []));
  return [
    ...(gold.length > 0 ? [plot.goldRewards(gold)] : []),
    ...(wins.length > 0 ? [plot.winRates(wins)] : []),
    ...(Object.values(runs).some((steps) => steps.length > 0) ? [plot.loss(runs), plot.rewardMargins(runs)] : []),
  ];
}

function sampleAnswers(samples: readonly Sample[]): Html {
  if (samples.length === 0) return html``;
  const shown = samples.slice(0, MOST_SAMPLES);
  return html`<h2>Answers side by side</h2>
<p class="note">The first ${shown.length} of ${samples.length} held-out prompts.</p>
${shown.map(
  (row) => html`<section class="example">
${labelledText("prompt", row.prompt)}
<div class="answers">
${labelledText(`SFT · gold ${decimals(row.goldSft, 2)}`, row.sft)}
${labelledText(`DPO · gold ${decimals(row.goldDpo, 2)}`, row.dpo)}
${labelledText(`SeRA · gold ${decimals(row.goldSera, 2)}`, row.sera)}
</div>
</section>
`,
)}`;
}
