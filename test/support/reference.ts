import type { OpName } from "../../src/graph/attributes.js";
import type { Shape } from "../../src/graph/tensor.js";
import { topologicalOrder, type Value } from "../../src/graph/value.js";

/*
 * The reference implementation of the graph, in float64 and as simple as possible: each op is its definition, written
 * element by element. Gradients are checked against its finite differences, engines against its values.
 */

/** Row-major numbers with a shape; false and true are 0 and 1. */
interface Numbers {
  readonly shape: Shape;
  readonly data: readonly number[];
}

type Coordinate = readonly number[];
type Feeds = Readonly<Record<string, readonly number[]>>;
type Rule<K extends OpName> = (y: Value<K>, inputs: readonly Numbers[], feeds: Feeds) => readonly number[];

/**
 * Evaluates values in float64.
 *
 * @param outputs the values to compute
 * @param feeds row-major numbers of every `input` and `state` leaf, by name
 * @returns row-major numbers of each output
 * @throws RangeError if a leaf is not fed as many numbers as its shape has
 */
export function evaluate(outputs: readonly Value[], feeds: Feeds): number[][] {
  const known = new Map<Value, Numbers>();
  for (const value of topologicalOrder(outputs)) {
    const rule = rules[value.op] as Rule<OpName>;
    const data = rule(
      value,
      value.inputs.map((input) => known.get(input)!),
      feeds,
    );
    known.set(value, { shape: value.shape, data });
  }
  return outputs.map((output) => [...known.get(output)!.data]);
}

const rules: { readonly [K in OpName]: Rule<K> } = {
  input: leaf,
  state: leaf,
  constant: (y) => Array.from(y.attributes.tensor.data),

  neg: unary((x) => -x),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  sigmoid: unary(sigmoid),
  softplus: unary((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  silu: unary((x) => x * sigmoid(x)),
  erf: unary(erf),
  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  maximum: binary((a, b) => Math.max(a, b)),
  less: binary((a, b) => (a < b ? 1 : 0)),
  where: (y, [condition, a, b]) => tabulate(y.shape, (at) => (read(condition!, at) ? read(a!, at) : read(b!, at))),
  cast: (y, [x]) => x!.data.map(casts[y.attributes.dtype]),
  stopGradient: unary((x) => x),
  checkpoint: unary((x) => x),
  recomputed: unary((x) => x),

  matmul(y, [a, b]) {
    const { transposeA, transposeB, scale } = y.attributes;
    const inner = a!.shape.at(transposeA ? -2 : -1)!;
    return tabulate(y.shape, (at) => {
      const lead = at.slice(0, -2);
      const [i, j] = at.slice(-2) as [number, number];
      const products = Array.from({ length: inner }, (_, k) => {
        const left = read(a!, [...lead, ...(transposeA ? [k, i] : [i, k])]);
        const right = read(b!, [...lead, ...(transposeB ? [j, k] : [k, j])]);
        return left * right;
      });
      return scale * total(products);
    });
  },
  matmulQuantized(y, [x, blocks, scales]) {
    const weight = dequantized(blocks!, scales!, y.attributes.bits);
    return tabulate(y.shape, ([i, j]) =>
      total(Array.from({ length: x!.shape[1]! }, (_, k) => read(x!, [i!, k]) * read(weight, [j!, k]))),
    );
  },
  sum(y, [x]) {
    const { axes, keepDims } = y.attributes;
    const sums = new Array<number>(size(y.shape)).fill(0);
    for (const at of coordinates(x!.shape)) {
      const to = keepDims
        ? at.map((i, axis) => (axes.includes(axis) ? 0 : i))
        : at.filter((_, axis) => !axes.includes(axis));
      sums[offset(y.shape, to)]! += read(x!, at);
    }
    return sums;
  },

  reshape: (_, [x]) => x!.data,
  transpose: (y, [x]) =>
    tabulate(y.shape, (at) =>
      read(
        x!,
        x!.shape.map((_, axis) => at[y.attributes.permutation.indexOf(axis)]!),
      ),
    ),
  broadcast: (y, [x]) => tabulate(y.shape, (at) => read(x!, at)),
  slice(y, [x]) {
    const { axis, start } = y.attributes;
    return tabulate(y.shape, (at) => read(x!, at.with(axis, at[axis]! + start)));
  },
  concat(y, parts) {
    const { axis } = y.attributes;
    const sources = parts.flatMap((part) => Array.from({ length: part.shape[axis]! }, (_, i) => ({ part, i })));
    return tabulate(y.shape, (at) => {
      const { part, i } = sources[at[axis]!]!;
      return read(part, at.with(axis, i));
    });
  },

  dequantize: (y, [blocks, scales]) => dequantized(blocks!, scales!, y.attributes.bits).data,

  gather: (y, [table, index]) =>
    tabulate(y.shape, (at) => {
      const row = read(index!, at.slice(0, index!.shape.length));
      return read(table!, [row, ...at.slice(index!.shape.length)]);
    }),
  gatherElements: (y, [data, index]) =>
    tabulate(y.shape, (at) => read(data!, at.with(y.attributes.axis, read(index!, at)))),
  scatterAdd(y, [data, index, updates]) {
    const sums = [...data!.data];
    for (const at of coordinates(index!.shape)) {
      sums[offset(y.shape, at.with(y.attributes.axis, read(index!, at)))]! += read(updates!, at);
    }
    return sums;
  },
  readAt: (y, [data, index]) =>
    tabulate(y.shape, (at) => {
      const lead = at.slice(0, -1);
      return read(data!, [...lead, read(index!, lead), at.at(-1)!]);
    }),
  writeAt: (y, [data, index, rows]) =>
    tabulate(y.shape, (at) => {
      const lead = at.slice(0, -2);
      const [row, column] = at.slice(-2) as [number, number];
      return row === read(index!, lead) ? read(rows!, [...lead, column]) : read(data!, at);
    }),

  softmax: overRows((row) => {
    const weights = row.map((x) => Math.exp(x - Math.max(...row)));
    return weights.map((weight) => weight / total(weights));
  }),
  logSoftmax: overRows(logSoftmax),
  logSoftmaxAt: (y, [x, index]) =>
    tabulate(
      y.shape,
      ([row]) => logSoftmax(x!.data.slice(row! * x!.shape[1]!, (row! + 1) * x!.shape[1]!))[read(index!, [row!])]!,
    ),
  rmsNorm: overRows((row, y, weight) => {
    const meanSquare = total(row.map((x) => x * x)) / row.length;
    return row.map((x, i) => (x / Math.sqrt(meanSquare + y.attributes.epsilon)) * weight!.data[i]!);
  }),
  layerNorm: overRows((row, y, weight, bias) => {
    const mean = total(row) / row.length;
    const variance = total(row.map((x) => (x - mean) ** 2)) / row.length;
    return row.map(
      (x, i) => ((x - mean) / Math.sqrt(variance + y.attributes.epsilon)) * weight!.data[i]! + bias!.data[i]!,
    );
  }),
  rotary: (y, [x, position, cos, sin]) =>
    tabulate(y.shape, (at) => {
      const [batch, head, step, i] = at as [number, number, number, number];
      const half = y.shape[3]! / 2;
      const angle = [read(position!, [batch, step]), i % half];
      const first = read(x!, [batch, head, step, i % half]);
      const second = read(x!, [batch, head, step, (i % half) + half]);
      return i < half
        ? first * read(cos!, angle) - second * read(sin!, angle)
        : second * read(cos!, angle) + first * read(sin!, angle);
    }),
};

/** Dequantizes blocks of 32 numbers with one scale each: scale · (q − 2^(bits−1)); 4-bit q come in pairs, the lower half first. */
function dequantized(blocks: Numbers, scales: Numbers, bits: number): Numbers {
  const perByte = 8 / bits;
  const whole = blocks.data.flatMap((byte) =>
    Array.from({ length: perByte }, (_, i) => Math.floor(byte / 2 ** (bits * i)) % 2 ** bits),
  );
  const shape = [...scales.shape.slice(0, -1), scales.shape.at(-1)! * 32];
  return { shape, data: whole.map((q, i) => scales.data[Math.floor(i / 32)]! * (q - 2 ** (bits - 1))) };
}

const casts = {
  float32: (x: number) => x,
  int32: Math.trunc,
  bool: (x: number) => (x === 0 ? 0 : 1),
  uint8: (x: number) => Math.trunc(x),
};

function leaf(y: Value<"input"> | Value<"state">, _: readonly Numbers[], feeds: Feeds): readonly number[] {
  const { name, shape } = y.attributes;
  const data = feeds[name] ?? [];
  if (data.length !== size(shape)) throw new RangeError(`${name}: [${shape}] is fed ${data.length} numbers`);
  return data;
}

function unary(f: (x: number) => number): Rule<OpName> {
  return (_, [x]) => x!.data.map((element) => f(element));
}

function binary(f: (a: number, b: number) => number): Rule<OpName> {
  return (y, [a, b]) => tabulate(y.shape, (at) => f(read(a!, at), read(b!, at)));
}

/** Applies an op to each row along the last axis. */
function overRows<K extends OpName>(
  f: (row: readonly number[], y: Value<K>, weight?: Numbers, bias?: Numbers) => number[],
): Rule<K> {
  return (y, [x, weight, bias]) => {
    const width = x!.shape.at(-1)!;
    const starts = Array.from({ length: x!.data.length / width }, (_, row) => row * width);
    return starts.flatMap((start) => f(x!.data.slice(start, start + width), y, weight, bias));
  };
}

function logSoftmax(row: readonly number[]): number[] {
  const largest = Math.max(...row);
  const logSum = Math.log(total(row.map((x) => Math.exp(x - largest))));
  return row.map((x) => x - largest - logSum);
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Computes erf by its series of positive terms, 2/√π · exp(−x²) · Σ 2ⁿx²ⁿ⁺¹/(2n+1)!!; beyond 6 it is 1 to the last bit. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let sum = 0;
  for (let n = 0, term = x; sum + term !== sum; n++, term *= (2 * x * x) / (2 * n + 1)) sum += term;
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

function total(terms: readonly number[]): number {
  return terms.reduce((sum, term) => sum + term, 0);
}

function size(shape: Shape): number {
  return shape.reduce((product, axis) => product * axis, 1);
}

/** Every coordinate of a shape, in row-major order. */
function coordinates(shape: Shape): Coordinate[] {
  const [first, ...rest] = shape;
  if (first === undefined) return [[]];
  const inner = coordinates(rest);
  return Array.from({ length: first }, (_, i) => inner.map((at) => [i, ...at])).flat();
}

/** Returns the row-major offset of a coordinate; missing leading axes and axes of size 1 are broadcast. */
function offset(shape: Shape, at: Coordinate): number {
  const aligned = at.slice(at.length - shape.length).map((i, axis) => (shape[axis] === 1 ? 0 : i));
  if (!aligned.every((i, axis) => 0 <= i && i < shape[axis]!)) throw new RangeError(`[${at}] is not within [${shape}]`);
  return aligned.reduce((place, i, axis) => place * shape[axis]! + i, 0);
}

function read(x: Numbers, at: Coordinate): number {
  return x.data[offset(x.shape, at)]!;
}

function tabulate(shape: Shape, f: (at: Coordinate) => number): number[] {
  return coordinates(shape).map(f);
}
