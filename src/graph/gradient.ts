import { add } from "./build.js";
import type { OpName } from "./attributes.js";
import type { OpDefinition } from "./definition.js";
import { definitions } from "./ops/index.js";
import { Recomputation } from "./recomputation.js";
import { topologicalOrder, type Value } from "./value.js";

/**
 * Reverse-mode differentiation: extends the graph by the gradient of a scalar.
 *
 * @param loss a float scalar, shape []
 * @param parameters what to differentiate with respect to
 * @param options.recompute whether what lies between two checkpoints (see {@link checkpoint}) is computed again for the
 *   gradient, instead of being kept until then: nearly a forward pass more, for far less memory. The numbers are the
 *   same. Default false
 * @returns a value of each parameter's shape; zeros where `loss` does not depend on it
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
  if (parameters.some(({ graph }) => graph !== loss.graph)) throw new Error("gradients: a parameter belongs to another graph");
  const order = topologicalOrder([loss]);
  const wanted = new Set(parameters);
  const reached = dependents(order, wanted);
  const flowing = new Map<Value, Value>([[loss, loss.graph.constant(1)]]);
  const recomputation = new Recomputation(recompute ? order.filter(({ op, inputs }) => op === "checkpoint" && inputs.length === 1) : []);
  /** Parameters with a new gradient since the last checkpoint. */
  const fresh = new Set<Value>();
  for (const value of order.reverse()) {
    const dy = flowing.get(value);
    if (dy === undefined || !reached.has(value)) continue;
    if (recomputation.enter(value, () => [dy, ...[...fresh].map((parameter) => flowing.get(parameter)!)])) fresh.clear();
    const { gradient } = definitions[value.op] as OpDefinition<OpName>;
    gradient(recomputation.of(value), dy).forEach((dx, i) => {
      const input = value.inputs[i]!;
      if (dx === undefined || !reached.has(input)) return;
      const sofar = flowing.get(input);
      flowing.set(input, sofar ? add(sofar, dx) : dx);
      if (wanted.has(input)) fresh.add(input);
    });
  }
  return parameters.map((parameter) => flowing.get(parameter) ?? parameter.graph.full(parameter.shape, 0));
}

/** The values that depend on one of `roots`, the roots included. */
function dependents(order: readonly Value[], roots: ReadonlySet<Value>): Set<Value> {
  const reached = new Set<Value>();
  for (const value of order) {
    if (roots.has(value) || value.inputs.some((input) => reached.has(input))) reached.add(value);
  }
  return reached;
}
