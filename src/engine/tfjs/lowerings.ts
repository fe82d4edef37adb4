import type { Tensor1D } from "@tensorflow/tfjs-core";
import type { OpName } from "../../graph/attributes.js";
import { sizeOf, type Shape } from "../../graph/tensor.js";
import type { PlanNode } from "./plan.js";
import { tfType, type Tensor, type Tf, type Workbench } from "./workbench.js";

/** Computes one op from its inputs; the caller disposes all tensors except the result. */
export type Kernel = (...inputs: Tensor[]) => Tensor;

/** Creates an op's kernel, once per program. */
type Lowering<K extends OpName> = (node: PlanNode<K>, workbench: Workbench) => Kernel;

type Unary = "neg" | "exp" | "log" | "sqrt" | "sigmoid" | "softplus" | "erf";
type Binary = "add" | "sub" | "mul" | "div" | "maximum" | "less";

const unary =
  (name: Unary): Lowering<OpName> =>
  (_, { tf }) =>
  (x) =>
    tf[name](x!);
const binary =
  (name: Binary): Lowering<OpName> =>
  (_, { tf }) =>
  (a, b) =>
    tf[name](a!, b!);

/** Quantised weights are unsupported: {@link tfType} refuses them. */
const quantized: Lowering<OpName> = () => {
  tfType("uint8");
  return (x) => x!;
};

/** How TensorFlow.js computes each op; an op without an entry does not compile. Leaves are bound by the caller. */
export const lowerings: { readonly [K in Exclude<OpName, "input" | "state">]: Lowering<K> } = {
  constant({ attributes: { tensor } }, workbench) {
    const constant = workbench.constant(tensor);
    return () => constant;
  },

  neg: unary("neg"),
  exp: unary("exp"),
  log: unary("log"),
  sqrt: unary("sqrt"),
  sigmoid: unary("sigmoid"),
  softplus: unary("softplus"),
  silu:
    (_, { tf }) =>
    (x) =>
      tf.mul(x!, tf.sigmoid(x!)),
  erf: unary("erf"),
  add: binary("add"),
  sub: binary("sub"),
  mul: binary("mul"),
  div: binary("div"),
  maximum: binary("maximum"),
  less: binary("less"),
  where:
    (_, { tf }) =>
    (condition, a, b) =>
      tf.where(condition!, a!, b!),
  cast:
    ({ attributes: { dtype } }, { tf }) =>
    (x) =>
      dtype === "bool" ? tf.notEqual(x!, tf.zerosLike(x!)) : tf.cast(x!, tfType(dtype)),
  stopGradient: () => (x) => x!,
  // Ops run in the order in which the graph was built, so the inputs of a checkpoint have already run.
  checkpoint: () => (x) => x!,
  recomputed: () => (result) => result!,

  matmul,
  matmulQuantized: quantized,
  sum:
    ({ attributes: { axes, keepDims } }, workbench) =>
    (x) =>
      sum(workbench, x!, axes, keepDims),

  reshape:
    ({ shape }, { tf }) =>
    (x) =>
      tf.reshape(x!, [...shape]),
  transpose:
    ({ attributes: { permutation } }, { tf }) =>
    (x) =>
      tf.transpose(x!, [...permutation]),
  broadcast:
    ({ shape }, { tf }) =>
    (x) =>
      tf.broadcastTo(x!, [...shape]),
  slice:
    ({ attributes: { axis, start }, shape }, { tf }) =>
    (x) =>
      tf.slice(
        x!,
        shape.map((_, i) => (i === axis ? start : 0)),
        [...shape],
      ),
  concat:
    ({ attributes: { axis } }, { tf }) =>
    (...parts) =>
      tf.concat(parts, axis),

  dequantize: quantized,
  gather:
    (_, { tf }) =>
    (table, index) =>
      tf.gather(table!, index as Tensor1D),
  gatherElements(node, workbench) {
    const { tf } = workbench;
    const placesOf = elementPlaces(node, node.attributes.axis, workbench);
    return (data, index) => tf.reshape(tf.gather(tf.reshape(data!, [-1]), placesOf(index!)), [...node.shape]);
  },
  scatterAdd(node, workbench) {
    const { tf } = workbench;
    const placesOf = elementPlaces(node, node.attributes.axis, workbench);
    const size = sizeOf(node.shape);
    return (data, index, updates) => {
      const places = tf.reshape(placesOf(index!), [-1, 1]);
      return tf.add(data!, tf.reshape(tf.scatterND(places, tf.reshape(updates!, [-1]), [size]), [...node.shape]));
    };
  },
  readAt(node, workbench) {
    const { tf } = workbench;
    const placesOf = rowPlaces(node, workbench);
    return (data, index) => tf.reshape(tf.gather(rowsOf(tf, data!), placesOf(index!)), [...node.shape]);
  },
  writeAt(node, workbench) {
    const { tf, backend } = workbench;
    const placesOf = rowPlaces(node, workbench);
    return (data, index, rows) => {
      const places = tf.reshape(placesOf(index!), [-1, 1]);
      const old = rowsOf(tf, data!);
      // The CPU backend of tfjs 4.22 overwrites its argument, so it gets a copy.
      const copy = backend === "cpu" ? tf.tile(old, [1, 1]) : old;
      return tf.reshape(tf.tensorScatterUpdate(copy, places, rowsOf(tf, rows!)), [...node.shape]);
    };
  },

  softmax:
    (_, { tf }) =>
    (x) =>
      tf.softmax(x!),
  logSoftmax: (_, workbench) => (x) => logSoftmax(workbench, x!),
  logSoftmaxAt({ inputs: [x, index] }, workbench) {
    const { tf } = workbench;
    const placesOf = placesFrom(workbench, index!.shape, 1, ([row]) => row! * x!.shape[1]!);
    return (data, rows) => tf.gather(tf.reshape(logSoftmax(workbench, data!), [-1]), placesOf(rows!));
  },
  rmsNorm:
    ({ attributes: { epsilon } }, { tf }) =>
    (x, weight) =>
      tf.mul(tf.div(x!, tf.sqrt(tf.add(tf.mean(tf.square(x!), -1, true), epsilon))), weight!),
  layerNorm:
    ({ attributes: { epsilon } }, { tf }) =>
    (x, weight, bias) => {
      const centred = tf.sub(x!, tf.mean(x!, -1, true));
      const root = tf.sqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
      return tf.add(tf.mul(tf.div(centred, root), weight!), bias!);
    },
  rotary:
    ({ shape }, { tf }) =>
    (x, position, cos, sin) => {
      const [batch, , length, size] = shape as [number, number, number, number];
      const row = (table: Tensor) => tf.reshape(tf.gather(table, position as Tensor1D), [batch, 1, length, size / 2]);
      const [c, s] = [row(cos!), row(sin!)];
      const [first, second] = tf.split(x!, 2, -1) as [Tensor, Tensor];
      return tf.concat([tf.sub(tf.mul(first, c), tf.mul(second, s)), tf.add(tf.mul(second, c), tf.mul(first, s))], -1);
    },
};

function matmul(node: PlanNode<"matmul">, workbench: Workbench): Kernel {
  const { transposeA, transposeB, scale } = node.attributes;
  const { tf } = workbench;
  const product = workbench.backend === "wasm" && node.shape.length === 2 ? plainProduct(node, workbench) : matMul;
  return (a, b) => (scale === 1 ? product(a!, b!) : tf.mul(product(a!, b!), scale));

  function matMul(a: Tensor, b: Tensor): Tensor {
    return tf.matMul(a, b, transposeA, transposeB);
  }
}

/** The product of matrices transposed in advance: with its own transposes the wasm backend takes 15 times as long. */
function plainProduct(
  { attributes: { transposeA, transposeB }, inputs }: PlanNode<"matmul">,
  { tf, transposes }: Workbench,
) {
  const turned = (x: Tensor, operand: number) => (inputs[operand]!.frozen ? transposes.of(x) : tf.transpose(x));
  return (a: Tensor, b: Tensor): Tensor => tf.matMul(transposeA ? turned(a, 0) : a, transposeB ? turned(b, 1) : b);
}

/** The wasm backend sums sequentially in float32; longer sums are split into partial sums. */
const longSum = 1024;

/** Sum over axes in ascending order. */
function sum({ tf, backend }: Workbench, x: Tensor, axes: readonly number[], keepDims: boolean): Tensor {
  const terms = axes.reduce((count, axis) => count * x.shape[axis]!, 1);
  if (backend !== "wasm" || terms <= longSum) return tf.sum(x, [...axes], keepDims);
  return axes.reduceRight((rest, axis) => {
    const { shape } = rest;
    const part = longestPart(shape[axis]!);
    const parts = tf.reshape(rest, [...shape.slice(0, axis), shape[axis]! / part, part, ...shape.slice(axis + 1)]);
    return tf.sum(tf.sum(parts, axis + 1), axis, keepDims);
  }, x);
}

/** The largest divisor of a size not above its square root. */
function longestPart(size: number): number {
  let part = Math.floor(Math.sqrt(size));
  while (size % part !== 0) part--;
  return part;
}

/** Indices into the flat data, int32 [elements of the index], of `data[…, index[…], …]` along an axis. */
function elementPlaces(
  { inputs: [data, index] }: PlanNode,
  axis: number,
  workbench: Workbench,
): (index: Tensor) => Tensor {
  const { shape } = data!;
  const stride = sizeOf(shape.slice(axis + 1));
  return placesFrom(workbench, index!.shape, stride, (at) =>
    shape.reduce((place, size, i) => place * size + (i === axis ? 0 : at[i]!), 0),
  );
}

function logSoftmax(workbench: Workbench, x: Tensor): Tensor {
  const { tf } = workbench;
  const shifted = tf.sub(x, tf.max(x, -1, true));
  return tf.sub(shifted, tf.log(sum(workbench, tf.exp(shifted), [x.shape.length - 1], true)));
}

/**
 * Indices, int32 [rows], into data [...lead, n, d] seen as rows of d, of the row that `index` [...lead] selects at each position
 * of lead.
 */
function rowPlaces({ inputs: [data, index] }: PlanNode, workbench: Workbench): (index: Tensor) => Tensor {
  const lead = index!.shape;
  const rows = data!.shape.at(-2)!;
  return placesFrom(workbench, lead, 1, (at) => rows * lead.reduce((place, size, i) => place * size + at[i]!, 0));
}

/** `start` at each coordinate of the index's shape, plus the index times `stride`; flattened. */
function placesFrom(
  workbench: Workbench,
  shape: Shape,
  stride: number,
  start: (at: readonly number[]) => number,
): (index: Tensor) => Tensor {
  const { tf } = workbench;
  const count = sizeOf(shape);
  const starts = workbench.constant({
    dtype: "int32",
    shape: [count],
    data: Int32Array.from({ length: count }, (_, i) => start(coordinate(shape, i))),
  });
  const step =
    stride === 1 ? undefined : workbench.constant({ dtype: "int32", shape: [], data: Int32Array.of(stride) });
  return (index) => {
    const flat = tf.reshape(index, [count]);
    return tf.add(starts, step ? tf.mul(flat, step) : flat);
  };
}

/** The coordinate of element `i` in row-major order. */
function coordinate(shape: Shape, i: number): number[] {
  let rest = i;
  return shape
    .toReversed()
    .map((size) => [rest % size, (rest = Math.floor(rest / size))][0]!)
    .toReversed();
}

/** Merges all axes except the last. */
function rowsOf(tf: Tf, x: Tensor): Tensor {
  return tf.reshape(x, [-1, x.shape.at(-1)!]);
}
