import { sameShape, sizeOf, type Shape } from "../../graph/tensor.js";
import type { Value } from "../../graph/value.js";
import { bytes, type Emitter } from "./emitter.js";
import { elementAt, gemm, lowerings, type Lowerings } from "./lowerings.js";
import { elementType } from "./proto.js";

/*
 * WebGPU's provider has no kernels for FusedMatMul and LogSoftmax, nor for int64 except as indices. Nodes without a kernel run on
 * the CPU, copying their inputs and outputs; so these ops are lowered to nodes that all have a kernel.
 */

/** Lowerings that differ for the WebGPU provider. */
export const webgpuLowerings: Partial<Lowerings> = {
  matmul: (emit, value, inputs) => (value.shape.length > 2 ? batchedMatmul : gemm)(emit, value, inputs),

  logSoftmax,
  logSoftmaxAt: (emit, value, inputs) => elementAt(emit, logSoftmax(emit, value, inputs), inputs[1]!),

  scatterAdd: (emit, value, inputs) => (mayRepeatRows(value) ? addRows : lowerings.scatterAdd)(emit, value, inputs),
  readAt: (emit, value, [data, index]) => {
    const lead = value.shape.slice(0, -1);
    const row = reshape(emit, index!, [...lead, 1, 1]);
    const columns = emit.node("Expand", [row, emit.int64([...lead, 1, value.shape.at(-1)!])]);
    return reshape(emit, emit.node("GatherElements", [data!, columns], { axis: { int: -2 } }), value.shape);
  },
  writeAt: (emit, { shape }, [data, index, rows]) => {
    const lead = shape.slice(0, -2);
    const [count, columns] = shape.slice(-2) as [number, number];
    const places = emit.constant("int32", [count, 1], bytes(Int32Array.from({ length: count }, (_, i) => i)));
    const written = emit.node("Equal", [places, reshape(emit, index!, [...lead, 1, 1])]);
    return emit.node("Where", [written, reshape(emit, rows!, [...lead, 1, columns]), data!]);
  },
};

function logSoftmax(emit: Emitter, _: unknown, [x]: readonly string[]): string {
  const axes = emit.int64([-1]);
  const shifted = emit.node("Sub", [x!, emit.node("ReduceMax", [x!, axes])]);
  const total = emit.node("ReduceSum", [emit.node("Exp", [shifted]), axes]);
  return emit.node("Sub", [shifted, emit.node("Log", [total])]);
}

/** A product of operands in MatMul's layout, scaled before or after, whichever has fewer elements. */
function batchedMatmul(
  emit: Emitter,
  { shape, attributes, inputs: [left] }: Value<"matmul">,
  [a, b]: readonly string[],
): string {
  const { transposeA, transposeB, scale } = attributes;
  const perm = { perm: { ints: [...shape.keys()].with(-2, shape.length - 1).with(-1, shape.length - 2) } };
  const turned = (name: string, transposed: boolean) => (transposed ? emit.node("Transpose", [name], perm) : name);
  const scaled = (name: string) =>
    scale === 1 ? name : emit.node("Mul", [name, emit.constant("float32", [], bytes(Float32Array.of(scale)))]);
  const before = sizeOf(left!.shape) < sizeOf(shape);
  const product = emit.node("MatMul", [turned(before ? scaled(a!) : a!, transposeA), turned(b!, transposeB)]);
  return before ? product : scaled(product);
}

/** Whether several rows, or numbers of a list, may be added at the same index. */
function mayRepeatRows({ attributes: { axis }, inputs: [, index] }: Value<"scatterAdd">): boolean {
  const {
    op,
    shape,
    inputs: [rows],
  } = index!;
  return (
    axis === 0 &&
    shape[0]! > 1 &&
    (shape.length === 1 || (op === "broadcast" && sameShape(rows!.shape, [shape[0]!, 1])))
  );
}

/** Rows computed at once of the table that marks which rows share an index. */
const rowsAtOnce = 1024;

/**
 * ScatterElements adds updates with the same index in an order that differs from run to run, and one after the other: all padding
 * tokens have the same index. So rows with the same index are summed first, by a product with a table of zeros and ones, and each
 * writes the same sum.
 */
function addRows(emit: Emitter, { inputs }: Value<"scatterAdd">, [data, index, updates]: readonly string[]): string {
  const { shape } = inputs[1]!;
  const [count, width = 1] = shape as [number, number?];
  // Not Slice, which has no kernel for int32.
  const part = (name: string, axis: number, start: number, end: number) =>
    emit.node("Gather", [name, emit.int64(Array.from({ length: end - start }, (_, i) => start + i))], {
      axis: { int: axis },
    });
  const places = part(reshape(emit, index!, [count, width]), 1, 0, 1);
  const all = reshape(emit, places, [1, count]);
  const rows = reshape(emit, updates!, [count, width]);
  const sums = Array.from({ length: Math.ceil(count / rowsAtOnce) }, (_, i) => {
    const some = part(places, 0, i * rowsAtOnce, Math.min(count, (i + 1) * rowsAtOnce));
    return emit.node("MatMul", [
      emit.node("Cast", [emit.node("Equal", [some, all])], { to: { int: elementType.float32 } }),
      rows,
    ]);
  });
  const sum = sums.length === 1 ? sums[0]! : emit.node("Concat", sums, { axis: { int: 0 } });
  const before = emit.node("GatherElements", [data!, index!], { axis: { int: 0 } });
  const after = emit.node("Add", [before, reshape(emit, sum, shape)]);
  return emit.node("ScatterElements", [data!, index!, after], { axis: { int: 0 } });
}

function reshape(emit: Emitter, name: string, shape: Shape): string {
  return emit.node("Reshape", [name, emit.int64(shape)]);
}
