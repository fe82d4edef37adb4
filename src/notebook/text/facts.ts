import { numberFormat } from "../table/number-format.js";

/** A short fact about a text: a word (`flipped`), or a name and a value (`margin`, 0.31). */
export type Fact = string | readonly [name: string, value: unknown];

/** Facts in one line: `margin 0.31 · flipped`. */
export function factsText(facts: readonly Fact[]): string {
  return facts.map((fact) => (typeof fact === "string" ? fact : `${fact[0]} ${valueText(fact[1])}`)).join(" · ");
}

function valueText(value: unknown): string {
  return typeof value === "number" ? numberFormat([value])(value) : String(value);
}
