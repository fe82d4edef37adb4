import { from, op } from "arquero";
import type { TopLevelSpec } from "vega-lite";
import { InputError, quote } from "../base/errors.js";
import { schema } from "./frame.js";
import { reviewName, reviewsFrom } from "./reviewed.js";
import type { MarginRow, Rows } from "./rows.js";
import { isRows, rowsOf, type Source } from "./source.js";
import { linesOf, textWidth } from "./text-width.js";
import { lightTheme } from "./theme.js";

/** Most rows of the map; of more prompts, those next to each other in rank are averaged. */
const MOST_ROWS = 250;
/** Most rows that have room for their names. */
const MOST_NAMED = 30;
/** Pixels that the title and the lines below it need. */
const LEAST_WIDTH = 270;

/** A response of a policy to a prompt, with its gold reward (a line of `responses.jsonl`). */
export interface GoldRow {
  /** Of the prompt. */
  readonly id: string;
  readonly gold: number;
}

/**
 * A map of prompts (rows, the greatest mean on top) by policies (columns): the gold rewards of the
 * policies' responses, or of a run the margins of its pairs at each review. More than 250 prompts
 * are averaged in groups of neighbouring rank.
 *
 * @param source judged responses by the name of their policy, or a run (or its reviewed pairs, with their ids)
 * @throws InputError where there is nothing to draw, or a pair has no id
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
        `plot.promptHeatMap: found ${quote(gold)} as \`gold\` of ${quote(policy)} for ${quote(id)}, expected a gold reward`,
      );
    }),
  );
  if (values.length === 0) throw new InputError("plot.promptHeatMap: found no response, expected rows { id, gold } by policy");
  const [least, greatest] = extentOf(values);
  return heatMap(values, {
    title: "Gold reward by prompt",
    things: "prompts",
    measure: "gold reward",
    // The scale of a share, so that maps compare; of another reward, its own.
    scale: { domain: least >= 0 && greatest <= 1 ? [0, 1] : [least, greatest] },
  });
}

function marginMap(source: Source<"margins">): TopLevelSpec {
  const values = reviewsFrom("promptHeatMap", source).flatMap(({ pairs }) =>
    pairs.map((pair) => ({ prompt: idOf(pair), policy: reviewName(pair.iteration), value: pair.ensemble })),
  );
  // To the same strength on either side, so that equal strengths are equal margins; and not to the
  // few outermost, beside which all others would look like none.
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

function idOf({ id, iteration }: MarginRow): string {
  if (id !== undefined) return id;
  throw new InputError(`plot.promptHeatMap: found a pair without \`id\` ${reviewName(iteration)}, expected each to have one`);
}

function extentOf(values: readonly Value[]): [least: number, greatest: number] {
  const { least, greatest } = from(values)
    .rollup({ least: op.min("value"), greatest: op.max("value") })
    .object() as Record<"least" | "greatest", number>;
  return [least, greatest];
}

interface HeatMap {
  readonly title: string;
  /** What the rows are, in the plural. */
  readonly things: string;
  readonly measure: string;
  /** What else the reader has to know. */
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
    `${prompts.toLocaleString("en-US")} ${things}, the greatest mean on top`,
    ...(perRow > 1 ? [`a row: mean of ${perRow} neighbours in rank`] : []),
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
          // Vega sets the first of the lines where a single one would be; the second needs its room.
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

/** A policy's name with the mean of its values below. */
function columnLabel(policy: string, values: readonly Value[]): string {
  const own = from(values.filter((value) => value.policy === policy));
  const mean = own.rollup({ mean: op.mean("value") }).get("mean", 0) as number;
  return `${policy}\nmean ${mean.toFixed(3).replace("-", "−")}`;
}

/**
 * The cells from the prompt of the greatest mean down, each named by its prompt, or by its ranks
 * where prompts are averaged. A policy's several responses to a prompt count as their mean.
 */
function rankedCells(values: readonly Value[]) {
  const ofPrompts = from(values).groupby("prompt", "policy").rollup({ value: op.mean("value") });
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
  const ranked = (ofPrompts.objects() as Value[]).map((cell) => ({ ...cell, index: Math.floor(rankOf.get(cell.prompt)! / perRow) }));
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
