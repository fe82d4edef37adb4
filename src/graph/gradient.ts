import { add } from "./build.js";
import type { OpName } from "./attributes.js";
import { computedAgain } from "./computed-again.js";
import type { OpDefinition } from "./definition.js";
import { definitions } from "./ops/index.js";
import { Recomputation } from "./recomputation.js";
import { topologicalOrder, type Value } from "./value.js";

/**
 * Reverse-mode differentiation: extends the graph by the gradient of a scalar.
 *
 * @param loss a float scalar, shape []
 * @param parameters to differentiate with respect to
 * @param options.recompute whether to recompute values between checkpoints (see {@link checkpoint}) for the gradient instead of
 *   keeping them: costs nearly one more forward pass and saves far more memory. The result is the same. Default false
 * @returns a value of each parameter's shape; zeros if `loss` does not depend on it
 * @throws Error if `loss` is not a float scalar, or a parameter belongs to another graph
 */
export function gradients(
  loss: Value,
  parameters: readonly Value[],
  { recompute = false }: { readonly recompute?: boolean } = {},
): Value[] {
  if (loss.shape.length !== 0 || loss.dtype !== "float32") {
    throw new Error(`gradients: needs a float scalar, got ${loss.op} ${loss.dtype}[${loss.shape}]`);
  }
  if (parameters.some(({ graph }) => graph !== loss.graph))
    throw new Error("gradients: a parameter belongs to another graph");
  const order = topologicalOrder([loss]);
  const checkpoints = recompute ? order.filter(({ op, inputs }) => op === "checkpoint" && inputs.length === 1) : [];
  const flowing = pullBack(order, loss.graph.constant(1), new Set(parameters), new Recomputation(checkpoints));
  return parameters.map((parameter) => flowing.get(parameter) ?? parameter.graph.full(parameter.shape, 0));
}

/**
 * Computes the gradients of values, given that of the last one.
 *
 * @param order values in the order of their creation
 */
function pullBack(
  order: readonly Value[],
  dLast: Value,
  wanted: ReadonlySet<Value>,
  recomputation: Recomputation,
): Map<Value, Value> {
  const reached = dependents(order, wanted);
  const flowing = new Map<Value, Value>([[order.at(-1)!, dLast]]);
  /** Parameters with a new gradient since the last checkpoint. */
  const fresh = new Set<Value>();
  /** The gradients of the last `recomputed` value; the next one is recomputed only after them. */
  let before: readonly Value[] = [];
  for (const value of order.toReversed()) {
    const dy = flowing.get(value);
    if (dy === undefined || !reached.has(value)) continue;
    if (recomputation.enter(value, () => [dy, ...[...fresh].map((parameter) => flowing.get(parameter)!)]))
      fresh.clear();
    const local = recomputation.of(value);
    const slopes = value.op === "recomputed" ? againSlopes(local, dy, before) : slopesOf(local, dy);
    const flows = slopes.map((dx, i) => (reached.has(value.inputs[i]!) ? dx : undefined));
    flows.forEach((dx, i) => {
      if (dx === undefined) return;
      const input = value.inputs[i]!;
      const sofar = flowing.get(input);
      flowing.set(input, sofar ? add(sofar, dx) : dx);
      if (wanted.has(input)) fresh.add(input);
    });
    if (value.op === "recomputed") before = flows.filter((dx) => dx !== undefined);
  }
  return flowing;
}

function slopesOf(value: Value, dy: Value): readonly (Value | undefined)[] {
  const { gradient } = definitions[value.op] as OpDefinition<OpName>;
  return gradient(value, dy);
}

/**
 * The gradients of a `recomputed` value, which flow through copies of the values it was computed from, not through the originals.
 */
function againSlopes(value: Value, dy: Value, before: readonly Value[]): (Value | undefined)[] {
  // Also waits for the value itself: an update of anything that both computations read then waits for both.
  const { result, sources } = computedAgain(value, [value, dy, ...before]);
  const ends = new Set(sources);
  const flowing = pullBack(topologicalOrder([result], ends), dy, ends, new Recomputation([]));
  return [undefined, ...sources.map((source) => flowing.get(source))];
}

/** The values that depend on one of `roots`, the roots included. */
function dependents(order: readonly Value[], roots: ReadonlySet<Value>): Set<Value> {
  const reached = new Set<Value>();
  for (const value of order) {
    if (roots.has(value) || value.inputs.some((input) => reached.has(input))) reached.add(value);
  }
  return reached;
}
