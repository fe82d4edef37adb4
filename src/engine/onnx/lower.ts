import type { OpName } from "../../graph/attributes.js";
import type { Shape } from "../../graph/tensor.js";
import { topologicalOrder, type Value } from "../../graph/value.js";
import type { Program } from "../engine.js";
import { Emitter } from "./emitter.js";
import { lowerings, type Lowerings } from "./lowerings.js";
import { encodeModel, type ModelProto, type ValueProto } from "./proto.js";
import type { Provider } from "./providers.js";
import { webgpuLowerings } from "./webgpu-lowerings.js";

/** A program as an ONNX model; leaves and results are named by their role so that names never clash. */
export interface LoweredProgram {
  readonly model: Uint8Array;
  readonly inputs: readonly Value<"input">[];
  readonly states: readonly Value<"state">[];
  /** States that are constants of the model. */
  readonly frozen: readonly Value<"state">[];
}

export const inputName = (name: string) => `input:${name}`;
export const stateName = (name: string) => `state:${name}`;
export const outputName = (name: string) => `output:${name}`;
export const updateName = (name: string) => `update:${name}`;

const ownLowerings: { readonly [P in Provider]?: Lowerings } = { webgpu: { ...lowerings, ...webgpuLowerings } };

/**
 * Lowers a program to an ONNX model of nodes for which the provider has kernels.
 *
 * @param constants names of the states that become constants of the model. If there are any, the axes of the model's inputs and
 *   outputs may have any size: programs that differ only in their sizes are then one model
 */
export function lower(
  program: Program,
  provider: Provider,
  constants: ReadonlySet<string> = new Set(),
): LoweredProgram {
  const table = ownLowerings[provider] ?? lowerings;
  const results = new Map([
    ...Object.entries(program.outputs).map(([name, value]) => [outputName(name), value] as const),
    ...[...program.updates].map(([name, value]) => [updateName(name), value] as const),
  ]);
  const values = topologicalOrder(results.values());
  const inputs = values.filter((value): value is Value<"input"> => value.op === "input");
  const leaves = values.filter((value): value is Value<"state"> => value.op === "state");
  const frozen = leaves.filter(({ attributes }) => constants.has(attributes.name));
  const states = leaves.filter((leaf) => !frozen.includes(leaf));

  const emit = new Emitter();
  const names = new Map<Value, string>();
  for (const leaf of frozen) names.set(leaf, emit.external(describe(stateName(leaf.attributes.name), leaf)));
  for (const value of values) {
    if (!names.has(value))
      names.set(
        value,
        lowerValue(
          table,
          emit,
          value,
          value.inputs.map((input) => names.get(input)!),
        ),
      );
  }

  const sized = (proto: Described): ValueProto =>
    frozen.length === 0 ? proto : { ...proto, shape: proto.shape.map(() => undefined) };

  const model = encodeModel(
    nameResults(results, names, {
      nodes: emit.nodes,
      initializers: emit.initializers,
      inputs: [...inputs, ...states].map((leaf) => sized(describe(names.get(leaf)!, leaf))),
      outputs: [...results].map(([name, value]) => sized(describe(name, value))),
    }),
  );
  return { model, inputs, states, frozen };
}

function lowerValue(table: Lowerings, emit: Emitter, value: Value, inputs: readonly string[]): string {
  if (value.op === "input") return inputName((value as Value<"input">).attributes.name);
  if (value.op === "state") return stateName((value as Value<"state">).attributes.name);
  const lowering = table[value.op as keyof Lowerings] as (
    emit: Emitter,
    value: Value<OpName>,
    inputs: readonly string[],
  ) => string;
  return lowering(emit, value, inputs);
}

/**
 * Makes the nodes write their results under the graph's output names, so that they land in the given buffers without a copy. A
 * leaf, or a value requested twice, needs a copy.
 */
function nameResults(
  results: ReadonlyMap<string, Value>,
  names: ReadonlyMap<Value, string>,
  model: ModelProto,
): ModelProto {
  const produced = new Set(model.nodes.flatMap(({ outputs }) => outputs));
  const renamed = new Map<string, string>();
  const copies: [source: string, target: string][] = [];
  for (const [target, value] of results) {
    const source = names.get(value)!;
    if (produced.has(source) && !renamed.has(source)) renamed.set(source, target);
    else copies.push([source, target]);
  }
  const rename = (name: string) => renamed.get(name) ?? name;
  const nodes = model.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
  }));
  const identities = copies.map(([source, target]) => ({
    opType: "Identity",
    domain: "",
    inputs: [rename(source)],
    outputs: [target],
    attributes: {},
  }));
  return { ...model, nodes: [...nodes, ...identities] };
}

type Described = ValueProto & { readonly shape: Shape };

function describe(name: string, { dtype, shape }: Value): Described {
  return { name, type: dtype, shape };
}
