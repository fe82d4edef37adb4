import type { OpName } from "../graph/attributes.js";
import { topologicalOrder, type Value } from "../graph/value.js";
import type { Program } from "./engine.js";

/*
 * Updating a tensor in place is only correct if everything else that reads its old content has run before the new content is
 * written. An engine runs ops in any order that respects their inputs, so only the graph can guarantee "before": every other
 * reader must be a direct or indirect input of the update. Clipping by the global norm guarantees this for parameters, because
 * the norm depends on every gradient.
 */

/** Ops that write element i of the result after reading only element i of that input. */
const elementwise = new Set<OpName>(["neg", "add", "sub", "mul", "div", "maximum", "where"]);

/**
 * Ops that an engine need not run as separate steps, and whose result is their first input: a reshape is a view of the same
 * memory, an identity is dropped and a transpose is fused into the product that uses it, which then reads the tensor itself.
 */
const views = new Set<OpName>(["reshape", "stopGradient", "checkpoint", "recomputed", "transpose"]);

/** The names of the program's updates that may overwrite the old content while the program runs. */
export function updatesInPlace(program: Program): Set<string> {
  const values = topologicalOrder([...Object.values(program.outputs), ...program.updates.values()]);
  const consumers = new Map<Value, Value[]>();
  for (const value of values) {
    for (const input of new Set(value.inputs)) {
      const known = consumers.get(input);
      if (known) known.push(value);
      else consumers.set(input, [value]);
    }
  }
  const fetched = new Set(Object.values(program.outputs));
  const safe = new Set<string>();
  for (const leaf of values) {
    if (leaf.op !== "state") continue;
    const { name } = (leaf as Value<"state">).attributes;
    const update = program.updates.get(name);
    if (update === undefined || update === leaf || fetched.has(leaf)) continue;
    const readers = readersOf(leaf, consumers);
    const others = readers.filter((reader) => reader !== update);
    const overwritesItsInput = others.length === readers.length || elementwise.has(update.op);
    const ordered = overwritesItsInput && areInputsOf(update, others);
    if (ordered && !isUpdateOfAnother(leaf, update, program)) safe.add(name);
  }
  return safe;
}

/** Whether each of some values is a direct or indirect input of another. */
function areInputsOf(value: Value, inputs: readonly Value[]): boolean {
  const missing = new Set(inputs);
  // No value created before the oldest of them can have one of them among its inputs.
  const oldest = Math.min(...inputs.map(({ id }) => id));
  const seen = new Set<Value>();
  const open = [value];
  for (let next = open.pop(); next && missing.size > 0; next = open.pop()) {
    if (next.id < oldest || seen.has(next)) continue;
    seen.add(next);
    missing.delete(next);
    open.push(...next.inputs);
  }
  return missing.size === 0;
}

/** The ops that read a tensor, directly or through a view. */
function readersOf(value: Value, consumers: ReadonlyMap<Value, readonly Value[]>): Value[] {
  return (consumers.get(value) ?? []).flatMap((reader) =>
    views.has(reader.op) && reader.inputs[0] === value ? [reader, ...readersOf(reader, consumers)] : [reader],
  );
}

/** A value that updates two states would be written to one buffer and copied to the other at an unknown time. */
function isUpdateOfAnother(leaf: Value, update: Value, program: Program): boolean {
  const { name } = (leaf as Value<"state">).attributes;
  return [...program.updates].some(([other, value]) => other !== name && (value === update || value === leaf));
}
