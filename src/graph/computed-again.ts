import { checkpoint } from "./build.js";
import { topologicalOrder, type Value } from "./value.js";

/** A recomputed copy of a `recomputed` value. */
interface ComputedAgain {
  readonly result: Value;
  /** The inputs of the copy: the value's own sources, the first one delayed. */
  readonly sources: readonly Value[];
}

/**
 * Recomputes a `recomputed` value, as far as it depends on the first of its sources.
 *
 * @param after values that must be known before it is recomputed; without them it could be computed early and kept
 */
export function computedAgain({ inputs }: Value, after: readonly Value[]): ComputedAgain {
  const [result, first, ...others] = inputs as [Value, Value, ...Value[]];
  const held = checkpoint(first, after);
  const copies = new Map([[first, held]]);
  for (const value of topologicalOrder([result], new Set([first, ...others]))) {
    if (copies.has(value) || others.includes(value) || !value.inputs.some((input) => copies.has(input))) continue;
    copies.set(
      value,
      value.graph.value(
        value.op,
        value.inputs.map((input) => copies.get(input) ?? input),
        value.attributes,
      ),
    );
  }
  return { result: copies.get(result) ?? result, sources: [held, ...others] };
}
