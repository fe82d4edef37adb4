import { from, op } from "arquero";
import type { TopLevelSpec } from "vega-lite";
import { InputError, quote } from "../base/errors.js";
import { schema } from "./frame.js";
import { reviewName, reviewsFrom } from "./reviewed.js";
import type { MarginRow, Rows } from "./rows.js";
import { isRows, rowsOf, type Source } from "./source.js";
import { linesOf, textWidth } from "./text-width.js";
import { lightTheme } from "./theme.js";

/** Maximum number of rows; with more prompts, neighbours in rank are averaged. */
const MOST_ROWS = 250;
/** Maximum number of rows with labels. */
const MOST_NAMED = 30;
/** Width in pixels that the title and subtitle need. */
const LEAST_WIDTH = 270;

/** The gold reward of a policy's response to a prompt (a row of `responses.jsonl`). */
export interface GoldRow {
  /** Id of the prompt. */
  readonly id: string;
  readonly gold: number;
}

/**
 * Heat map of prompts (rows, highest mean on top) by policies (columns): gold rewards of the policies' responses, or, for
 * a run, the margins of its pairs at each review. More than 250 prompts are averaged in groups of neighbouring rank.
 *
 * @param source judged responses by policy name, or a run (or its reviewed pairs, with ids)
 * @throws InputError if there is nothing to draw, or a pair has no id
 * @example promptHeatMap({ SFT: before, SeRA: after }) // rows { id, gold }
 */
export function promptHeatMap(source: Source<"margins"> | Readonly<Record<string, Rows<GoldRow>>>): TopLevelSpec {
  return isRows(source) || "margins" in source ? marginMap(source as Source<"margins">) : goldMap(source);
}

interface Value {
  readonly prompt: string;
  readonly policy: string;
  readonly value: number;
}

function goldMap(policies: Readonly<Record<string, Rows<GoldRow>>>): TopLevelSpec {
  const values = Object.entries(policies).flatMap(([policy, rows]) =>
    rowsOf(rows).map(({ id, gold }) => {
      if (Number.isFinite(gold)) return { prompt: id, policy, value: gold };
      throw new InputError(
        `plot.promptHeatMap: \`gold\` of ${quote(policy)} for ${quote(id)} is ${quote(gold)}, expected a finite number`,
      );
    }),
  );
  if (values.length === 0)
    throw new InputError("plot.promptHeatMap: no responses; pass rows { id, gold } by policy name");
  const [least, greatest] = extentOf(values);
  return heatMap(values, {
    title: "Gold reward by prompt",
    things: "prompts",
    measure: "gold reward",
    // Use [0, 1] if all rewards are in it, so that maps are comparable.
    scale: { domain: least >= 0 && greatest <= 1 ? [0, 1] : [least, greatest] },
  });
}

function marginMap(source: Source<"margins">): TopLevelSpec {
  const values = reviewsFrom("promptHeatMap", source).flatMap(({ pairs }) =>
    pairs.map((pair) => ({ prompt: idOf(pair), policy: reviewName(pair), value: pair.ensemble })),
  );
  // Symmetric, so that equal strengths are equal margins, and clipped, so that a few outliers do not wash out the rest.
  const reach = from(values.map(({ value }) => ({ size: Math.abs(value) })))
    .rollup({ reach: op.quantile("size", 0.98) })
    .get("reach", 0) as number;
  return heatMap(values, {
    title: "Margin by pair",
    things: "pairs",
    measure: "margin (nats)",
    note: `strongest colours: ±${reach.toFixed(1)} and beyond`,
    scale: { domain: [-reach, reach], domainMid: 0, clamp: true },
  });
}

function idOf(pair: MarginRow): string {
  if (pair.id !== undefined) return pair.id;
  throw new InputError(`plot.promptHeatMap: a pair of the review ${reviewName(pair)} has no \`id\``);
}

function extentOf(values: readonly Value[]): [least: number, greatest: number] {
  const { least, greatest } = from(values)
    .rollup({ least: op.min("value"), greatest: op.max("value") })
    .object() as Record<"least" | "greatest", number>;
  return [least, greatest];
}

interface HeatMap {
  readonly title: string;
  /** What the rows are, as a plural noun. */
  readonly things: string;
  readonly measure: string;
  /** A note for the subtitle. */
  readonly note?: string;
  readonly scale: { readonly domain: [number, number]; readonly domainMid?: number; readonly clamp?: boolean };
}

function heatMap(values: readonly Value[], { title, things, measure, note, scale }: HeatMap): TopLevelSpec {
  const { cells, prompts, perRow } = rankedCells(values);
  const policies = [...new Set(values.map(({ policy }) => policy))];
  const labelOf = new Map(policies.map((policy) => [policy, columnLabel(policy, values)]));
  const labels = [...labelOf.values()];
  const widest = Math.max(...labels.flatMap((label) => label.split("\n").map((line) => textWidth({}, line))));
  const columnWidth = Math.ceil(Math.max(widest + 16, LEAST_WIDTH / labels.length));
  const rowHeight = Math.min(16, Math.max(2, Math.floor(480 / Math.ceil(prompts / perRow))));
  const says = [
    `${prompts.toLocaleString("en-US")} ${things}, highest mean on top`,
    ...(perRow > 1 ? [`each row: mean of ${perRow} neighbours in rank`] : []),
    ...(note ? [note] : []),
  ];
  return {
    $schema: schema,
    description: title,
    title: { text: title, subtitle: says.flatMap((line) => linesOf(line, columnWidth * labels.length)) },
    width: { step: columnWidth },
    height: { step: rowHeight },
    data: { values: cells.map((cell) => ({ ...cell, column: labelOf.get(cell.policy)! })) },
    mark: { type: "rect", aria: false },
    encoding: {
      x: {
        field: "column",
        type: "ordinal",
        title: null,
        scale: { domain: labels, paddingInner: 0.03 },
        axis: {
          orient: "top",
          labelAngle: 0,
          labelExpr: "split(datum.label, '\\n')",
          // Vega places the first line where a single line would be; the second needs extra room.
          labelPadding: 18,
          labelOpacity: 1,
          domain: false,
          ticks: false,
        },
      },
      y: {
        field: "row",
        type: "ordinal",
        title: null,
        sort: null,
        axis: prompts <= MOST_NAMED ? { ticks: false } : null,
      },
      color: {
        field: "value",
        type: "quantitative",
        scale,
        legend: { orient: "right", direction: "vertical", title: measure, gradientLength: 160 },
      },
      tooltip: [
        { field: "row", type: "nominal", title: things },
        { field: "policy", type: "nominal", title: "policy" },
        { field: "value", type: "quantitative", title: measure, format: ".3f" },
      ],
    },
    config: lightTheme,
  };
}

/** A policy's name, with the mean of its values on a second line. */
function columnLabel(policy: string, values: readonly Value[]): string {
  const own = from(values.filter((value) => value.policy === policy));
  const mean = own.rollup({ mean: op.mean("value") }).get("mean", 0) as number;
  return `${policy}\nmean ${mean.toFixed(3).replace("-", "−")}`;
}

/**
 * The cells in order of decreasing prompt mean, each named by its prompt, or by its ranks if prompts are averaged. Several
 * responses of a policy to a prompt are averaged.
 */
function rankedCells(values: readonly Value[]) {
  const ofPrompts = from(values)
    .groupby("prompt", "policy")
    .rollup({ value: op.mean("value") });
  const ranking = ofPrompts
    .groupby("prompt")
    .rollup({ mean: op.mean("value") })
    .objects() as { prompt: string; mean: number }[];
  ranking.sort((a, b) => b.mean - a.mean);
  const rankOf = new Map(ranking.map(({ prompt }, rank) => [prompt, rank]));
  const perRow = Math.ceil(ranking.length / MOST_ROWS);
  const nameOf = (row: number) => {
    if (perRow === 1) return ranking[row]!.prompt;
    return `ranks ${row * perRow + 1} to ${Math.min((row + 1) * perRow, ranking.length)}`;
  };
  const ranked = (ofPrompts.objects() as Value[]).map((cell) => ({
    ...cell,
    index: Math.floor(rankOf.get(cell.prompt)! / perRow),
  }));
  const cells = from(ranked)
    .groupby("index", "policy")
    .rollup({ value: op.mean("value") })
    .orderby("index")
    .objects() as { index: number; policy: string; value: number }[];
  return {
    prompts: ranking.length,
    perRow,
    cells: cells.map(({ index, policy, value }) => ({ row: nameOf(index), policy, value })),
  };
}
