import { checkpoint } from "./build.js";
import { topologicalOrder, type Value } from "./value.js";

/** The copy of what a `recomputed` value was made of. */
interface ComputedAgain {
  readonly result: Value;
  /** What the copy is made of: the value's own sources, the first held back. */
  readonly sources: readonly Value[];
}

/**
 * What a `recomputed` value was made of, once more, from where it depends on the first of its sources.
 *
 * @param after what must be known before it is computed again, or it would be as good as kept
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
