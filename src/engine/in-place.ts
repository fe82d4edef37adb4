import type { OpName } from "../graph/attributes.js";
import { topologicalOrder, type Value } from "../graph/value.js";
import type { Program } from "./engine.js";

/*
 * Updating a tensor in place is only right if everything else that reads its old content has run
 * before the new content is written. An engine runs ops in any order that respects their inputs,
 * so "before" can only be had from the graph: every other reader must be among the inputs, direct
 * or not, of the update. Clipping by the global norm gives just that for parameters, because the
 * norm depends on every gradient.
 */

/** Ops that write element i of the result after reading only element i of that input. */
const elementwise = new Set<OpName>(["neg", "add", "sub", "mul", "div", "maximum", "where"]);

/**
 * Ops that an engine need not run where they stand, which give what their first input is: a reshape is a view of the same memory, an
 * identity is dropped and a transpose is fused into the product that takes it, which then reads the
 * tensor itself.
 */
const views = new Set<OpName>(["reshape", "stopGradient", "checkpoint", "recomputed", "transpose"]);

/** The names of the program's updates that may be written over the old content while the program runs. */
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

/** Whether each of some values is an input of another, directly or not. */
function areInputsOf(value: Value, inputs: readonly Value[]): boolean {
  const missing = new Set(inputs);
  // Nothing made before the oldest of them has one of them among its inputs.
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

/** The ops that read a tensor, also through a view. */
function readersOf(value: Value, consumers: ReadonlyMap<Value, readonly Value[]>): Value[] {
  return (consumers.get(value) ?? []).flatMap((reader) =>
    views.has(reader.op) && reader.inputs[0] === value ? [reader, ...readersOf(reader, consumers)] : [reader],
  );
}

/** One value written to two states would be written to one buffer and copied to the other at some time unknown. */
function isUpdateOfAnother(leaf: Value, update: Value, program: Program): boolean {
  const { name } = (leaf as Value<"state">).attributes;
  return [...program.updates].some(([other, value]) => other !== name && (value === update || value === leaf));
}
