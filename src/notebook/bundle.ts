import { inspect } from "node:util";
import { displaySymbol, type Displayable, type MimeBundle } from "./mime.js";

/** What a value looks like in a cell. */
export async function bundleOf(value: unknown): Promise<MimeBundle> {
  if (typeof value === "object" && value !== null && displaySymbol in value) return (value as Displayable)[displaySymbol]();
  return { "text/plain": inspect(value, { depth: 4, breakLength: 100 }) };
}
