import { type Html, html } from "../../base/html.js";
import type { Prompt } from "../../data/pair.js";
import type { Rows } from "../../plot/rows.js";
import { rowsOf } from "../../plot/source.js";
import { edge, faint } from "../look.js";
import { displaySymbol, type Displayable } from "../../base/mime.js";
import { excerpt, type ExcerptOptions } from "./excerpt.js";
import { factsText, type Fact } from "./facts.js";
import { promptHtml, promptText, prose } from "./prompt.js";

/** A response to display; further fields with numbers, strings or booleans are shown above it (`reward 0.71`). */
export interface ShownResponse {
  readonly prompt?: Prompt;
  readonly response: string;
}

/**
 * Displays responses in a cell, each below its prompt; the prompt of several consecutive responses is shown once.
 *
 * @throws InputError if `limit` is not a whole number of at least 1
 * @param responses rows, or a table of them
 * @example showResponses(await respond(policy, prompts))
 */
export function showResponses(responses: Rows<ShownResponse>, options: ExcerptOptions = {}): Displayable {
  const { shown, note } = excerpt(rowsOf(responses), options, "responses", "showResponses");
  const rows = shown.map((row, i) => ({
    row,
    promptIsNew: row.prompt !== undefined && !samePrompt(row.prompt, shown[i - 1]?.prompt),
  }));
  return {
    [displaySymbol]: () => ({
      "text/html": html`<div style="max-width:820px">${rows.map(
        ({ row, promptIsNew }) => html`${promptIsNew ? promptHtml(row.prompt!) : null}${responseHtml(row)}`,
      )}<div style="${faint}">${note}</div></div>`.markup,
      "text/plain": [
        ...rows.map(({ row, promptIsNew }) => responseText(row, promptIsNew)),
        ...(note ? [note] : []),
      ].join("\n\n"),
    }),
  };
}

function samePrompt(a: Prompt, b: Prompt | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function factsOf(row: ShownResponse): string {
  const facts = Object.entries(row).filter(
    ([name, value]) =>
      name !== "prompt" && name !== "response" && ["number", "string", "boolean"].includes(typeof value),
  );
  return factsText(facts satisfies Fact[]);
}

function responseHtml(row: ShownResponse): Html {
  const head = ["response", factsOf(row)].filter(Boolean).join(" · ");
  return html`<div style="border-top:1px solid ${edge};margin:0 0 12px;padding:4px 0 0"><div style="${faint}">${head}</div><div style="${prose}">${row.response}</div></div>`;
}

function responseText(row: ShownResponse, withPrompt: boolean): string {
  const head = ["response", factsOf(row)].filter(Boolean).join(" · ");
  return [...(withPrompt ? [promptText(row.prompt!)] : []), `${head}: ${row.response}`].join("\n");
}
