import { createHash } from "node:crypto";
import { describeAttributes, topologicalOrder, type Value } from "../graph/value.js";
import type { Program } from "./engine.js";

/**
 * Identifies a program: a SHA-256 of everything that a run computes (operations, attributes, constants, leaves, names of outputs
 * and updates). Programs with the same digest compute the same; the order in which results are named does not matter.
 */
export function programDigest({ outputs, updates }: Program): string {
  const results = [
    ...Object.entries(outputs).map(([name, value]) => ({ as: `output ${JSON.stringify(name)}`, value })),
    ...[...updates].map(([name, value]) => ({ as: `update ${JSON.stringify(name)}`, value })),
  ].sort((a, b) => (a.as < b.as ? -1 : 1));
  const hash = createHash("sha256");
  const place = new Map<Value, number>();
  for (const value of topologicalOrder(results.map((result) => result.value))) {
    const inputs = value.inputs.map((input) => place.get(input));
    hash.update(`${value.op}(${inputs})${describeAttributes(value.attributes)}\n`);
    place.set(value, place.size);
  }
  for (const { as, value } of results) hash.update(`${as} ${place.get(value)}\n`);
  return hash.digest("hex");
}
