import { type Html, html } from "../../base/html.js";
import type { PreferencePair } from "../../data/pair.js";
import type { Rows } from "../../plot/rows.js";
import { rowsOf } from "../../plot/source.js";
import { palette } from "../../plot/theme.js";
import { faint } from "../look.js";
import { displaySymbol, type Displayable } from "../../base/mime.js";
import { excerpt, type ExcerptOptions } from "./excerpt.js";
import { factsText, type Fact } from "./facts.js";
import { promptHtml, promptText, prose } from "./prompt.js";
import { wordDiff, type Piece } from "./word-diff.js";

/** A pair to display; missing fields are omitted. */
export type ShownPair = Pick<PreferencePair, "prompt" | "chosen" | "rejected"> &
  Partial<PreferencePair> & {
    /** Implicit reward margin, chosen minus rejected. */
    readonly margin?: number;
  };

/**
 * Displays a pair in a cell: the prompt, and the two responses side by side with differing words marked, unless they share
 * less than a third of their words.
 *
 * @example showPair({ ...pairs[0], margin: found[0].margin })
 */
export function showPair(pair: ShownPair): Displayable {
  return showPairs([pair]);
}

/**
 * Displays pairs in a cell, one below the other.
 *
 * @param pairs rows, or a table of them
 * @example showPairs(run.iteration(2).bootstrapped)
 * @throws InputError if `limit` is not a whole number of at least 1
 */
export function showPairs(pairs: Rows<ShownPair>, options: ExcerptOptions = {}): Displayable {
  const { shown, note } = excerpt(rowsOf(pairs), options, "pairs", "showPairs");
  return {
    [displaySymbol]: () => ({
      "text/html": html`<div style="max-width:1100px">${shown.map(pairHtml)}<div style="${faint}">${note}</div></div>`
        .markup,
      "text/plain": [...shown.map(pairText), ...(note ? [note] : [])].join("\n\n"),
    }),
  };
}

function factsOf({ id, source, flipped, margin }: ShownPair): string {
  const facts: Fact[] = [];
  if (id !== undefined) facts.push(["pair", id]);
  if (source !== undefined) facts.push(source);
  if (margin !== undefined) facts.push(["margin", margin]);
  if (flipped) facts.push("⇄ label flipped");
  return factsText(facts);
}

function sideFacts(score: number | undefined): string {
  return factsText(score === undefined ? [] : [["score", score]]);
}

function pairHtml(pair: ShownPair): Html {
  const { prompt, chosen, rejected, chosenScore, rejectedScore } = pair;
  const diff = wordDiff(rejected, chosen);
  const whole = (text: string): Piece[] => [{ text, shared: true }];
  return html`<div style="margin:0 0 16px"><div style="${faint};margin:0 0 4px">${factsOf(pair)}</div>${promptHtml(prompt)}
<div style="display:flex;flex-wrap:wrap;gap:16px">${sideHtml("✓ chosen", "blue", diff?.chosen ?? whole(chosen), chosenScore)}${sideHtml(
    "✗ rejected",
    "vermillion",
    diff?.rejected ?? whole(rejected),
    rejectedScore,
  )}</div></div>`;
}

const tints = { blue: "rgba(0,114,178,0.25)", vermillion: "rgba(213,94,0,0.25)" } as const;

function sideHtml(name: string, color: keyof typeof tints, pieces: readonly Piece[], score: number | undefined): Html {
  const marked = pieces.map(({ text, shared }) => (shared ? text : mark(text, tints[color])));
  return html`<div style="flex:1 1 280px;min-width:0;border-top:3px solid ${palette[color]};padding:4px 0 0"><div style="margin:0 0 2px"><b>${name}</b> <span style="${faint}">${sideFacts(
    score,
  )}</span></div><div style="${prose}">${marked}</div></div>`;
}

/**
 * Marks text with an underline as well as a tint, so that the mark is visible without colours; white space after a word
 * is left unmarked.
 */
function mark(text: string, tint: string): Html {
  const word = text.trimEnd();
  return html`<u style="background-color:${tint};border-radius:2px">${word}</u>${text.slice(word.length)}`;
}

function pairText(pair: ShownPair): string {
  const { prompt, chosen, rejected, chosenScore, rejectedScore } = pair;
  const diff = wordDiff(rejected, chosen);
  const head = (name: string, score: number | undefined) => [name, sideFacts(score)].filter(Boolean).join(" · ");
  const signs = { both: ["", ""], rejected: ["[-", "-]"], chosen: ["{+", "+}"] } as const;
  const responses = diff
    ? [
        `[-${head("rejected", rejectedScore)}-] {+${head("chosen", chosenScore)}+}:`,
        diff.merged.map(({ text, side }) => signed(text, signs[side])).join(""),
      ]
    : [`${head("chosen", chosenScore)}: ${chosen}`, `${head("rejected", rejectedScore)}: ${rejected}`];
  return [...[factsOf(pair)].filter(Boolean), promptText(prompt), ...responses].join("\n");
}

function signed(text: string, [open, close]: readonly [string, string]): string {
  const word = text.trimEnd();
  return `${open}${word}${close}${text.slice(word.length)}`;
}
