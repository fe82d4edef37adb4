import type { BlockBits } from "./quantized-blocks.js";
import type { DType, Shape } from "./tensor.js";
import { broadcastShapes, sameShape, sizeOf } from "./tensor.js";
import { topologicalOrder, type Value } from "./value.js";

/* The ops as functions on values. Numbers become constants; operations without effect are dropped. */

type Operand = Value | number;

const lift = (a: Value, b: Operand): Value => (typeof b === "number" ? a.graph.constant(b) : b);

/** An op on two values that broadcasts implicitly: an explicit broadcast of one of them is dropped. */
function binary(op: "add" | "sub" | "mul" | "div" | "maximum" | "less", a: Value, b: Operand): Value {
  const right = lift(a, b);
  const { shape } = a.graph.value(op, [a, right], {});
  const left = bare(a, right, shape);
  return a.graph.value(op, [left, bare(right, left, shape)], {});
}

function bare(x: Value, other: Value, shape: Shape): Value {
  if (x.op !== "broadcast") return x;
  const source = x.inputs[0]!;
  return sameShape(broadcastShapes(source.shape, other.shape), shape) ? source : x;
}

/** −x */
export const neg = (x: Value): Value => x.graph.value("neg", [x], {});
/** eˣ */
export const exp = (x: Value): Value => x.graph.value("exp", [x], {});
/** Natural logarithm. */
export const log = (x: Value): Value => x.graph.value("log", [x], {});
/** √x */
export const sqrt = (x: Value): Value => x.graph.value("sqrt", [x], {});
/** 1/(1+e⁻ˣ) */
export const sigmoid = (x: Value): Value => x.graph.value("sigmoid", [x], {});
/** log(1+eˣ), finite and exact for every finite x. */
export const softplus = (x: Value): Value => x.graph.value("softplus", [x], {});
/** x·sigmoid(x) */
export const silu = (x: Value): Value => x.graph.value("silu", [x], {});
/** The error function, 2/√π · ∫₀ˣ exp(−t²) dt. */
export const erf = (x: Value): Value => x.graph.value("erf", [x], {});
/** log sigmoid(x) = −softplus(−x), finite for every finite x. */
export const logSigmoid = (x: Value): Value => neg(softplus(neg(x)));

/** a + b, with numpy's broadcasting as in all ops on two values. */
export const add = (a: Value, b: Operand): Value => (b === 0 ? a : binary("add", a, b));
/** a − b */
export const sub = (a: Value, b: Operand): Value => (b === 0 ? a : binary("sub", a, b));
/** a · b */
export const mul = (a: Value, b: Operand): Value => (b === 1 ? a : binary("mul", a, b));
/** a / b */
export const div = (a: Value, b: Operand): Value => (b === 1 ? a : binary("div", a, b));
/** The larger of the two; if they are equal, the gradient goes to `a`. */
export const maximum = (a: Value, b: Operand): Value => binary("maximum", a, b);
/** x·Φ(x) with Φ the standard normal CDF (Hendrycks & Gimpel 2016, arXiv 1606.08415). */
export const gelu = (x: Value): Value => mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));
/**
 * The approximation of {@link gelu} that GPT-2 uses, ½x·(1 + tanh(√(2/π)·(x + 0.044715x³))), written with
 * ½(1 + tanh(u)) = sigmoid(2u).
 */
export const geluTanh = (x: Value): Value =>
  mul(x, sigmoid(mul(mul(x, add(mul(mul(x, x), 0.044715), 1)), 2 * Math.sqrt(2 / Math.PI))));
/** The smaller of the two; if they are equal, the gradient goes to `a`. */
export const minimum = (a: Value, b: Operand): Value => neg(maximum(neg(a), neg(lift(a, b))));
/** a < b */
export const less = (a: Value, b: Operand): Value => binary("less", a, b);
/** `a` if the condition holds, else `b`. */
export const where = (condition: Value, a: Operand, b: Operand): Value =>
  condition.graph.value("where", [condition, lift(condition, a), lift(condition, b)], {});
/** The same numbers in another type; no gradient flows. */
export const cast = (x: Value, dtype: DType): Value => (x.dtype === dtype ? x : x.graph.value("cast", [x], { dtype }));
/** x, treated as a constant by differentiation. */
export const stopGradient = (x: Value): Value => x.graph.value("stopGradient", [x], {});
/**
 * x, marked as a point from which {@link gradients} may recompute the values that follow. If `after` is given, engines compute
 * what follows from this value only after those values.
 */
export const checkpoint = (x: Value, after: readonly Value[] = []): Value =>
  x.graph.value("checkpoint", [x, ...after], {});

/**
 * Applies `build` to the inputs, recomputing its intermediate results for the gradient instead of keeping them: only the result
 * is kept. Several such values in one graph are recomputed one after the other. Values and gradient are those of
 * `build(...inputs)`.
 *
 * @param inputs everything that `build` reads except leaves of the graph and values computed from leaves alone. Large values must
 *   depend on the first input, which is delayed until the gradient is known
 */
export function recomputed(inputs: readonly [Value, ...Value[]], build: (...inputs: Value[]) => Value): Value {
  const result = build(...inputs);
  const given = new Set(inputs);
  const leaves = topologicalOrder([result], given).filter(({ op }) => op === "state" || op === "input");
  return result.graph.value("recomputed", [result, ...new Set([...inputs, ...leaves])], {});
}

/**
 * `scale · op(a) op(b)` over the last two axes, where op optionally transposes them. Both sides must have the same leading axes.
 */
export function matmul(
  a: Value,
  b: Value,
  {
    transposeA = false,
    transposeB = false,
    scale = 1,
  }: { transposeA?: boolean; transposeB?: boolean; scale?: number } = {},
): Value {
  return a.graph.value("matmul", [a, b], { transposeA, transposeB, scale });
}

/**
 * x · wᵀ with a quantised w, which gets no gradient. Engines may store w in their own layout if it does not change between runs,
 * and then also round x; see {@link Usage}.
 *
 * @param x [rows, inputs]
 * @param blocks of w [outputs, inputs]; see {@link dequantize}
 * @returns [rows, outputs]
 */
export const matmulQuantized = (x: Value, blocks: Value, scales: Value, bits: BlockBits): Value =>
  x.graph.value("matmulQuantized", [x, blocks, scales], { bits });

/**
 * The exact values of quantised rows, with which {@link matmulQuantized} computes x · wᵀ. No gradient flows.
 *
 * @param blocks uint8 [..., blocks of a row, bytes of a block]
 * @param scales float32 [..., blocks of a row]
 * @returns float32 [..., 32 · blocks of a row]
 */
export const dequantize = (blocks: Value, scales: Value, bits: BlockBits): Value =>
  blocks.graph.value("dequantize", [blocks, scales], { bits });

/** Sum over axes (all by default), which are dropped unless `keepDims`. */
export function sum(x: Value, axes: readonly number[] = x.shape.map((_, i) => i), keepDims = false): Value {
  if (axes.length === 0) return x;
  const positive = axes.map((axis) => (axis < 0 ? axis + x.shape.length : axis)).sort((a, b) => a - b);
  return x.graph.value("sum", [x], { axes: positive, keepDims });
}

/** Mean over axes (all by default). */
export function mean(x: Value, axes?: readonly number[], keepDims = false): Value {
  const total = sum(x, axes, keepDims);
  return mul(total, sizeOf(total.shape) / sizeOf(x.shape));
}

/** The same numbers, in row-major order, in another shape; one size may be −1 and is then inferred. */
export function reshape(x: Value, shape: Shape): Value {
  const known = shape.reduce((size, axis) => (axis === -1 ? size : size * axis), 1);
  const full = shape.map((axis) => (axis === -1 ? sizeOf(x.shape) / known : axis));
  const source = x.op === "reshape" ? x.inputs[0]! : x;
  return sameShape(source.shape, full) ? source : x.graph.value("reshape", [source], { shape: full });
}

/**
 * Permutes axes: result axis i is axis `permutation[i]` of x. If only axes of size 1 move, the memory layout is unchanged and it
 * is a reshape.
 */
export function transpose(x: Value, permutation: readonly number[]): Value {
  const value = x.graph.value("transpose", [x], { permutation });
  const moving = permutation.filter((axis) => x.shape[axis] !== 1);
  return moving.every((axis, i) => i === 0 || axis > moving[i - 1]!) ? reshape(x, value.shape) : value;
}

/** x repeated along axes of size 1, and along new leading axes, to fill `shape`. */
export function broadcast(x: Value, shape: Shape): Value {
  return sameShape(x.shape, shape) ? x : x.graph.value("broadcast", [x], { shape });
}

/** Elements start…end−1 of an axis. */
export function slice(x: Value, axis: number, start: number, end: number): Value {
  return start === 0 && end === x.shape[axis] ? x : x.graph.value("slice", [x], { axis, start, end });
}

/**
 * Concatenates values along an axis; those of size 0 along it are left out.
 *
 * @throws Error if no part is left
 */
export function concat(parts: readonly Value[], axis: number): Value {
  const [first, ...more] = parts.filter((part) => part.shape[axis] !== 0);
  if (first === undefined) throw new Error("concat: needs a part with elements");
  return more.length === 0 ? first : first.graph.value("concat", [first, ...more], { axis });
}

/** Rows of `table` (its first axis) at `index` (int32, any shape): shape [...index, ...row]. */
export const gather = (table: Value, index: Value): Value => table.graph.value("gather", [table, index], {});
/** `data[…, index[…], …]` along an axis; `index` has data's rank. */
export const gatherElements = (data: Value, index: Value, axis: number): Value =>
  data.graph.value("gatherElements", [data, index], { axis });
/** `data` with `updates[…]` added at `index[…]` along an axis; repeated indices add up. */
export const scatterAdd = (data: Value, index: Value, updates: Value, axis: number): Value =>
  data.graph.value("scatterAdd", [data, index, updates], { axis });
/** Rows of `data` [...lead, n, d] at `index` [...lead], as [...lead, d]. */
export const readAt = (data: Value, index: Value): Value => data.graph.value("readAt", [data, index], {});
/** `data` [...lead, n, d] with its rows at `index` [...lead] replaced by `rows` [...lead, d]. */
export const writeAt = (data: Value, index: Value, rows: Value): Value =>
  data.graph.value("writeAt", [data, index, rows], {});

/** Softmax over the last axis. */
export const softmax = (x: Value): Value => x.graph.value("softmax", [x], {});
/** Logarithm of the softmax over the last axis. */
export const logSoftmax = (x: Value): Value => x.graph.value("logSoftmax", [x], {});
/** The {@link logSoftmax} of each row of x [rows, size] at the row's `index` (int32 [rows]): [rows]. */
export const logSoftmaxAt = (x: Value, index: Value): Value => x.graph.value("logSoftmaxAt", [x, index], {});
/** x / √(mean(x²) + ε) · weight over the last axis (Zhang & Sennrich 2019, arXiv 1910.07467). */
export const rmsNorm = (x: Value, weight: Value, epsilon: number): Value =>
  x.graph.value("rmsNorm", [x, weight], { epsilon });
/** (x − mean(x)) / √(var(x) + ε) · weight + bias over the last axis (Ba, Kiros & Hinton 2016, arXiv 1607.06450). */
export const layerNorm = (x: Value, weight: Value, bias: Value, epsilon: number): Value =>
  x.graph.value("layerNorm", [x, weight, bias], { epsilon });
/**
 * Rotary position embedding (Su et al. 2021, arXiv 2104.09864) in the half-split layout of Llama.
 *
 * @param x [batch, heads, length, size]
 * @param position int32 [batch, length], rows of the tables
 * @param cos [positions, size / 2]
 * @param sin [positions, size / 2]
 */
export const rotary = (x: Value, position: Value, cos: Value, sin: Value): Value =>
  x.graph.value("rotary", [x, position, cos, sin], {});
