import { sizeOf, type Shape } from "../../graph/tensor.js";
import type { Value } from "../../graph/value.js";
import { bytes, type Emitter } from "./emitter.js";
import { gemm, type Lowerings } from "./lowerings.js";

/*
 * WebGPU's provider has no kernel for FusedMatMul and LogSoftmax, nor for int64 but where it is an
 * index. Nodes without a kernel run on the CPU, with a copy of what they read and of what they
 * write; so these ops are written in nodes that all have one.
 */

/** What is written otherwise for the WebGPU provider. */
export const webgpuLowerings: Partial<Lowerings> = {
  matmul: (emit, value, inputs) => (value.shape.length > 2 ? batchedMatmul : gemm)(emit, value, inputs),

  logSoftmax: (emit, _, [x]) => {
    const axes = emit.int64([-1]);
    const shifted = emit.node("Sub", [x!, emit.node("ReduceMax", [x!, axes])]);
    const total = emit.node("ReduceSum", [emit.node("Exp", [shifted]), axes]);
    return emit.node("Sub", [shifted, emit.node("Log", [total])]);
  },

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

/** A product of operands that lie as MatMul wants them, scaled where there is less to scale: before it or after. */
function batchedMatmul(emit: Emitter, { shape, attributes, inputs: [left] }: Value<"matmul">, [a, b]: readonly string[]): string {
  const { transposeA, transposeB, scale } = attributes;
  const perm = { perm: { ints: [...shape.keys()].with(-2, shape.length - 1).with(-1, shape.length - 2) } };
  const turned = (name: string, transposed: boolean) => (transposed ? emit.node("Transpose", [name], perm) : name);
  const scaled = (name: string) => (scale === 1 ? name : emit.node("Mul", [name, emit.constant("float32", [], bytes(Float32Array.of(scale)))]));
  const before = sizeOf(left!.shape) < sizeOf(shape);
  const product = emit.node("MatMul", [turned(before ? scaled(a!) : a!, transposeA), turned(b!, transposeB)]);
  return before ? product : scaled(product);
}

function reshape(emit: Emitter, name: string, shape: Shape): string {
  return emit.node("Reshape", [name, emit.int64(shape)]);
}
