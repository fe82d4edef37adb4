import type { Json, RunFacts } from "../run/folder/identity.js";

/** What a run is, as texts by path: `options.beta`, `data.pairs.rows`. */
export function flatFacts(facts: RunFacts): Map<string, string> {
  return new Map(entriesOf(facts, ""));
}

function entriesOf(value: Json, path: string): [string, string][] {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return [[path, typeof value === "string" ? value : JSON.stringify(value)]];
  return Object.entries(value).flatMap(([name, part]) => entriesOf(part, path === "" ? name : `${path}.${name}`));
}
