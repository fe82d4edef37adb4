import type { OpName } from "../../graph/attributes.js";
import { sizeOf, type DType, type Shape } from "../../graph/tensor.js";
import type { Value } from "../../graph/value.js";
import { bytes, type Emitter } from "./emitter.js";
import { elementType, type ElementType } from "./proto.js";
import { onceKnown } from "./once-known.js";
import { dequantize, matmulQuantized } from "./quantized-lowerings.js";

/** Emits the ONNX nodes of one op; returns the name of its result. `inputs` are the names of the op's inputs. */
type Lowering<K extends OpName> = (emit: Emitter, value: Value<K>, inputs: readonly string[]) => string;

/** How each op is expressed in ONNX; an op without an entry does not compile. Leaves are named by the caller. */
export type Lowerings = { readonly [K in Exclude<OpName, "input" | "state">]: Lowering<K> };

const elementTypes: Readonly<Record<DType, ElementType>> = {
  float32: "float32",
  int32: "int32",
  bool: "bool",
  uint8: "uint8",
};
const int64 = elementType.int64;

const node =
  (opType: string): Lowering<OpName> =>
  (emit, _, inputs) =>
    emit.node(opType, inputs);
const toInt64 = (emit: Emitter, name: string) => emit.node("Cast", [name], { to: { int: int64 } });
const lastAxis = { axis: { int: -1 } };

/** Lowerings for the CPU, and for every provider without its own. */
export const lowerings: Lowerings = {
  constant: (emit, { attributes: { tensor } }) =>
    emit.constant(elementTypes[tensor.dtype], tensor.shape, bytes(tensor.data)),

  neg: node("Neg"),
  exp: node("Exp"),
  log: node("Log"),
  sqrt: node("Sqrt"),
  sigmoid: node("Sigmoid"),
  softplus: node("Softplus"),
  silu: (emit, _, inputs) => emit.contrib("QuickGelu", inputs, { alpha: { float: 1 } }),
  erf: node("Erf"),
  add: node("Add"),
  sub: node("Sub"),
  mul: node("Mul"),
  div: node("Div"),
  maximum: node("Max"),
  less: node("Less"),
  where: node("Where"),
  cast: (emit, { attributes: { dtype } }, inputs) =>
    emit.node("Cast", inputs, { to: { int: elementType[elementTypes[dtype]] } }),
  stopGradient: node("Identity"),
  recomputed: (_emit, _, [result]) => result!,
  checkpoint: (emit, value, [x, ...after]) =>
    after.length === 0 ? x! : onceKnown(emit, x!, after, value.inputs.slice(1)),

  matmul: (emit, value, inputs) => {
    if (value.shape.length > 2) return batchedMatmul(emit, value, inputs);
    return (isFewRowsByWeight(value) && !emit.isExternal(inputs[1]!) ? fewRowsByWeight : gemm)(emit, value, inputs);
  },
  matmulQuantized,
  sum: (emit, { attributes: { axes, keepDims } }, inputs) =>
    emit.node("ReduceSum", [inputs[0]!, emit.int64(axes)], { keepdims: { int: keepDims ? 1 : 0 } }),

  reshape: (emit, { attributes: { shape } }, inputs) => emit.node("Reshape", [inputs[0]!, emit.int64(anyRows(shape))]),
  transpose: (emit, { attributes: { permutation } }, inputs) =>
    emit.node("Transpose", inputs, { perm: { ints: permutation } }),
  broadcast: (emit, value, inputs) => emit.node("Expand", [inputs[0]!, emit.int64(repeats(value))]),
  slice: (emit, { attributes: { axis, start, end }, inputs: [x] }, inputs) => {
    const size = x!.shape[axis]!;
    const from = fromNearerEnd(start, size);
    const to = end === size ? Number.MAX_SAFE_INTEGER : fromNearerEnd(end, size);
    return emit.node("Slice", [inputs[0]!, ...[from, to, axis].map((number) => emit.int64([number]))]);
  },
  concat: (emit, { attributes: { axis } }, inputs) => emit.node("Concat", inputs, { axis: { int: axis } }),

  dequantize,
  gather: node("Gather"),
  gatherElements: (emit, { attributes: { axis } }, inputs) =>
    emit.node("GatherElements", inputs, { axis: { int: axis } }),
  // ScatterND with reduction would race on repeated indices on the CPU provider; ScatterElements does not.
  scatterAdd: (emit, { attributes: { axis } }, inputs) =>
    emit.node("ScatterElements", inputs, { axis: { int: axis }, reduction: { string: "add" } }),
  readAt: (emit, value, [data, index]) =>
    emit.node("GatherND", [data!, coordinates(emit, value.inputs[1]!.shape, index!)]),
  // Without a reduction and with one row per index, ScatterND does not race.
  writeAt: (emit, value, [data, index, rows]) =>
    emit.node("ScatterND", [data!, coordinates(emit, value.inputs[1]!.shape, index!), rows!]),

  softmax: (emit, _, inputs) => emit.node("Softmax", inputs, lastAxis),
  logSoftmax,
  logSoftmaxAt: (emit, value, inputs) => elementAt(emit, logSoftmax(emit, value, inputs), inputs[1]!),
  rmsNorm: (emit, { attributes: { epsilon } }, inputs) =>
    emit.node("SimplifiedLayerNormalization", inputs, { ...lastAxis, epsilon: { float: epsilon } }),
  layerNorm: (emit, { attributes: { epsilon } }, inputs) =>
    emit.node("LayerNormalization", inputs, { ...lastAxis, epsilon: { float: epsilon } }),
  rotary: (emit, _, [x, position, cos, sin]) =>
    emit.contrib("RotaryEmbedding", [x!, toInt64(emit, position!), cos!, sin!]),
};

function logSoftmax(emit: Emitter, _: unknown, [x]: readonly string[]): string {
  return emit.node("LogSoftmax", [x!], lastAxis);
}

/** Selects from each row of a matrix the element at the row's index. */
export function elementAt(emit: Emitter, matrix: string, index: string): string {
  const column = emit.node("Reshape", [index, emit.int64([-1, 1])]);
  return emit.node("Reshape", [emit.node("GatherElements", [matrix, column], { axis: { int: 1 } }), emit.int64([-1])]);
}

/*
 * These three describe axes as loosely as possible: programs that differ only in the number of rows or in the cache's capacity
 * are then one model, and with state as constants one session.
 */

/** An index of an axis, negative if it is nearer to the axis' end. */
function fromNearerEnd(index: number, size: number): number {
  return index > size - index ? index - size : index;
}

/** A shape with the first axis left to be inferred. */
function anyRows(shape: Shape): Shape {
  return shape.length === 0 || shape.includes(0) ? shape : shape.with(0, -1);
}

/** Target shape of an expansion: 1 for unchanged axes. */
function repeats({ shape, inputs: [x] }: Value<"broadcast">): Shape {
  const offset = shape.length - x!.shape.length;
  return shape.map((size, axis) => (size === x!.shape[axis - offset] ? 1 : size));
}

/** A few rows times the transpose of a larger matrix, as when generating one token for each of some responses. */
function isFewRowsByWeight({ shape, attributes: { transposeA, transposeB, scale } }: Value<"matmul">): boolean {
  const [rows, columns] = shape as [number, number];
  return !transposeA && transposeB && scale === 1 && rows > 1 && rows <= 128 && columns >= rows;
}

/**
 * (w · xᵀ)ᵀ for x · wᵀ. The CPU provider copies its right operand into panels at every run, but never the left one: with few
 * rows, copying a weight takes as long as the arithmetic. Not a Gemm, whose transposed result onnxruntime would turn back
 * into x · wᵀ.
 */
function fewRowsByWeight(emit: Emitter, _: Value<"matmul">, [x, weight]: readonly string[]): string {
  const turned = (name: string) => emit.node("Transpose", [name], { perm: { ints: [1, 0] } });
  return turned(emit.node("MatMul", [weight!, turned(x!)]));
}

/** A product of two matrices. */
export function gemm(
  emit: Emitter,
  { attributes: { transposeA, transposeB, scale } }: Value<"matmul">,
  inputs: readonly string[],
): string {
  return emit.node("Gemm", inputs, {
    transA: { int: transposeA ? 1 : 0 },
    transB: { int: transposeB ? 1 : 0 },
    alpha: { float: scale },
  });
}

function batchedMatmul(emit: Emitter, value: Value<"matmul">, [a, b]: readonly string[]): string {
  const { transposeA, transposeB, scale } = value.attributes;
  // A row by a matrix reads the matrix in place, but with a scale it takes the general path. The scale is a vector, because
  // onnxruntime would fuse a scalar back into the product.
  const isScaledRow = value.shape.at(-2) === 1 && !transposeA && scale !== 1;
  const left = isScaledRow ? emit.node("Mul", [a!, emit.full(value.inputs[0]!.shape.at(-1)!, scale)]) : a!;
  return emit.contrib("FusedMatMul", [left, b!], {
    transA: { int: transposeA ? 1 : 0 },
    transB: { int: transposeB ? 1 : 0 },
    alpha: { float: isScaledRow ? 1 : scale },
  });
}

/** int64 [...lead, rank]: for each position of `lead` its coordinates and then the index there. */
function coordinates(emit: Emitter, lead: Shape, index: string): string {
  const last = emit.node("Reshape", [toInt64(emit, index), emit.int64([...lead, 1])]);
  const places = sizeOf(lead);
  const own = Array.from({ length: places }, (_, place) => {
    let rest = place;
    return lead
      .toReversed()
      .map((size) => [rest % size, (rest = Math.floor(rest / size))][0]!)
      .toReversed();
  });
  return emit.node("Concat", [emit.int64(own.flat(), [...lead, lead.length]), last], { axis: { int: -1 } });
}
