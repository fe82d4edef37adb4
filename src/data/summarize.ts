import { op, table, type ColumnTable } from "arquero";
import type { Tokenizer } from "../model/tokenizer/tokenizer.js";
import { isBlank, type PreferencePair, type Prompt } from "./pair.js";
import { promptKey } from "./split-pairs.js";
import { encodePrompt, encodeResponse } from "./tokenize.js";

/**
 * Computes summary statistics of a set of pairs: a table with one row per measure.
 *
 * Columns: `measure`, `unit`, `count` (the number of values), `mean`, `min`, `p5`, `median`, `p95`, `max`. The measures:
 * - pairs per prompt (its `count` is the number of different prompts);
 * - lengths of prompt, chosen and rejected in characters (code points) and, given a tokenizer, in tokens as the
 *   model reads them (prompts with their BOS and the chat template, responses with the token that ends them);
 * - scores of chosen and rejected and their difference, over the pairs that have them;
 * - shares (values are 0 or 1, so the mean is the share): chosen longer than rejected, chosen or rejected blank (white
 *   space only), label flipped.
 */
export function summarize(pairs: readonly PreferencePair[], tokenizer?: Tokenizer): ColumnTable {
  const measures = [
    { measure: "pairs per prompt", unit: "pairs", values: pairsPerPrompt(pairs) },
    ...lengths(
      pairs,
      "characters",
      ({ prompt }) => promptCharacters(prompt),
      (pair, side) => characters(pair[side]),
    ),
    ...(tokenizer
      ? lengths(
          pairs,
          "tokens",
          ({ prompt, tokens }) => tokens?.prompt.length ?? encodePrompt(prompt, tokenizer).length,
          (pair, side) => pair.tokens?.[side].length ?? encodeResponse(pair.prompt, pair[side], tokenizer).length,
        )
      : []),
    measure(pairs, "chosen score", "score", ({ chosenScore }) => chosenScore),
    measure(pairs, "rejected score", "score", ({ rejectedScore }) => rejectedScore),
    measure(pairs, "score difference", "score", ({ chosenScore, rejectedScore }) =>
      chosenScore === undefined || rejectedScore === undefined ? undefined : chosenScore - rejectedScore,
    ),
    measure(pairs, "chosen blank", "share", ({ chosen }) => Number(isBlank(chosen))),
    measure(pairs, "rejected blank", "share", ({ rejected }) => Number(isBlank(rejected))),
    measure(pairs, "flipped", "share", ({ flipped }) => Number(flipped === true)),
  ];
  return table({
    measure: measures.flatMap(({ measure, values }) => values.map(() => measure)),
    unit: measures.flatMap(({ unit, values }) => values.map(() => unit)),
    value: measures.flatMap(({ values }) => values),
  })
    .groupby("measure", "unit")
    .rollup({
      count: op.count(),
      mean: op.mean("value"),
      min: op.min("value"),
      p5: op.quantile("value", 0.05),
      median: op.median("value"),
      p95: op.quantile("value", 0.95),
      max: op.max("value"),
    });
}

interface Measure {
  readonly measure: string;
  readonly unit: string;
  readonly values: readonly number[];
}

/** A measure of each pair, over the pairs that have it. */
function measure(
  pairs: readonly PreferencePair[],
  name: string,
  unit: string,
  valueOf: (pair: PreferencePair) => number | undefined,
): Measure {
  return { measure: name, unit, values: pairs.map(valueOf).filter((value) => value !== undefined) };
}

function lengths(
  pairs: readonly PreferencePair[],
  unit: string,
  promptLength: (pair: PreferencePair) => number,
  length: (pair: PreferencePair, side: "chosen" | "rejected") => number,
): Measure[] {
  const prompt = measure(pairs, "prompt length", unit, promptLength);
  const chosen = measure(pairs, "chosen length", unit, (pair) => length(pair, "chosen"));
  const rejected = measure(pairs, "rejected length", unit, (pair) => length(pair, "rejected"));
  const longer = chosen.values.map((value, index) => Number(value > rejected.values[index]!));
  return [prompt, chosen, rejected, { measure: `chosen longer in ${unit}`, unit: "share", values: longer }];
}

function pairsPerPrompt(pairs: readonly PreferencePair[]): number[] {
  const counts = new Map<string, number>();
  for (const pair of pairs) counts.set(promptKey(pair), (counts.get(promptKey(pair)) ?? 0) + 1);
  return [...counts.values()];
}

function promptCharacters(prompt: Prompt): number {
  return typeof prompt === "string"
    ? characters(prompt)
    : prompt.reduce((sum, { content }) => sum + characters(content), 0);
}

/** Code points. */
function characters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
