import type { Random } from "../../../src/base/random.js";
import type { OpName } from "../../../src/graph/attributes.js";
import * as b from "../../../src/graph/build.js";
import { sizeOf, type Shape } from "../../../src/graph/tensor.js";
import type { Value } from "../../../src/graph/value.js";
import { bits, held, integers, kept, normal, numbers, positive, type Case, type Given } from "./case.js";
import { quantizedRows } from "./quantized.js";

/*
 * Cases with random shapes, to cover what nobody thought of: axes of every rank and size, every way
 * in which two shapes broadcast.
 */

type Draw = (random: Random) => Omit<Case, "title">;

/** A whole number from `least` to `most`. */
const whole = (random: Random, least: number, most: number) => least + random.integer(most - least + 1);
const shapeOf = (random: Random, least = 0, most = 4): number[] =>
  Array.from({ length: whole(random, least, most) }, () => whole(random, 1, 5));

/** A shape that broadcasts to `shape`: some leading axes are missing, some axes are 1. */
const lesser = (random: Random, shape: Shape): number[] =>
  shape.slice(whole(random, 0, shape.length)).map((size) => (random.uniform() < 0.3 ? 1 : size));

/** Indices below `size`. */
const indices = (random: Random, shape: Shape, size: number): Given =>
  integers(
    shape,
    Array.from({ length: sizeOf(shape) }, () => random.integer(size)),
  );
const flags = (random: Random, shape: Shape): Given =>
  bits(
    shape,
    Array.from({ length: sizeOf(shape) }, () => random.integer(2)),
  );

const unary =
  (op: (x: Value) => Value, given: (...shape: number[]) => Given = normal, least = 0): Draw =>
  (random) => ({
    inputs: [given(...shapeOf(random, least))],
    build: op,
  });

const binary =
  (op: (x: Value, y: Value) => Value, right: (...shape: number[]) => Given = normal): Draw =>
  (random) => {
    const shape = shapeOf(random);
    const [whole, part] = [shape, lesser(random, shape)];
    const [x, y] = random.uniform() < 0.5 ? [whole, part] : [part, whole];
    return { inputs: [normal(...x), right(...y)], build: op };
  };

/** The shapes of data and of an index that differs from it only along one axis, and that axis. */
function alongAxis(random: Random): { data: number[]; index: number[]; axis: number } {
  const data = shapeOf(random, 1);
  const axis = random.integer(data.length);
  return { data, index: data.with(axis, whole(random, 1, 6)), axis };
}

/** Sizes for data [...lead, n, d] with an index for each position of lead. */
function rows(random: Random): { lead: number[]; n: number; d: number } {
  return { lead: shapeOf(random, 0, 2), n: whole(random, 1, 5), d: whole(random, 1, 5) };
}

/** Draws a case of each op. */
export const randomCases: Readonly<Record<OpName, Draw>> = {
  input: unary((x) => x),
  state: (random) => ({ inputs: [kept(normal(...shapeOf(random)))], build: (x) => b.mul(x, 2) }),
  constant: binary((x, y) => b.add(x, b.mul(y, x.graph.constant(0.3)))),
  neg: unary(b.neg),
  exp: unary(b.exp),
  log: unary(b.log, positive),
  sqrt: unary(b.sqrt, positive),
  sigmoid: unary(b.sigmoid),
  softplus: unary(b.softplus),
  silu: unary(b.silu),
  erf: unary(b.erf),
  add: binary(b.add),
  sub: binary(b.sub),
  mul: binary(b.mul),
  div: binary(b.div, positive),
  maximum: binary(b.maximum),
  less: binary(b.less),
  where: (random) => {
    const shape = shapeOf(random);
    const [condition, x, y] = [lesser(random, shape), lesser(random, shape), shape];
    return { inputs: [flags(random, condition), normal(...x), normal(...y)], build: b.where };
  },
  cast: unary(
    (x) => b.cast(b.mul(x, 3), "int32"),
    (...shape) => held(normal(...shape)),
  ),
  checkpoint: binary((x, y) => b.mul(b.checkpoint(b.exp(x), [b.exp(y)]), y)),
  recomputed: binary((x, y) => b.recomputed([x, y], (x, y) => b.exp(b.mul(b.sigmoid(x), y)))),
  stopGradient: unary((x) => b.mul(x, b.stopGradient(x))),
  matmul: (random) => {
    const [lead, m, k, n] = [shapeOf(random, 0, 2), ...Array.from({ length: 3 }, () => whole(random, 1, 7))] as [
      number[],
      number,
      number,
      number,
    ];
    const [transposeA, transposeB] = [random.uniform() < 0.5, random.uniform() < 0.5];
    const factor = (rows: number, columns: number, turned: boolean) =>
      normal(...lead, ...(turned ? [columns, rows] : [rows, columns]));
    const scale = random.uniform() < 0.5 ? 1 : 0.25;
    return {
      inputs: [factor(m, k, transposeA), factor(k, n, transposeB)],
      build: (x, y) => b.matmul(x, y, { transposeA, transposeB, scale }),
    };
  },
  sum: (random) => {
    const shape = shapeOf(random, 1);
    const axes = shape.map((_, i) => i).filter((i) => i === 0 || random.uniform() < 0.5);
    const keepDims = random.uniform() < 0.5;
    return { inputs: [normal(...shape)], build: (x) => b.sum(x, axes, keepDims) };
  },
  reshape: (random) => {
    const shape = shapeOf(random, 2);
    return { inputs: [normal(...shape)], build: (x) => b.reshape(x, [shape[0]! * shape[1]!, 1, ...shape.slice(2)]) };
  },
  transpose: (random) => {
    const shape = shapeOf(random, 2);
    const permutation = random.shuffle(shape.map((_, i) => i));
    return { inputs: [normal(...shape)], build: (x) => b.transpose(x, permutation) };
  },
  broadcast: (random) => {
    const shape = shapeOf(random, 1);
    return { inputs: [normal(...lesser(random, shape))], build: (x) => b.broadcast(x, [2, ...shape]) };
  },
  slice: (random) => {
    const shape = shapeOf(random, 1);
    const axis = random.integer(shape.length);
    const start = random.integer(shape[axis]!);
    const end = whole(random, start + 1, shape[axis]!);
    return { inputs: [normal(...shape)], build: (x) => b.slice(x, axis, start, end) };
  },
  concat: (random) => {
    const shape = shapeOf(random, 1);
    const axis = random.integer(shape.length);
    const parts = Array.from({ length: whole(random, 2, 4) }, () => normal(...shape.with(axis, whole(random, 1, 3))));
    return { inputs: parts, build: (...x) => b.concat(x, axis) };
  },
  matmulQuantized: (random) => {
    const [rows, blocks, outputs] = [whole(random, 1, 4), whole(random, 1, 2), whole(random, 1, 4)];
    const bits = random.uniform() < 0.5 ? 4 : 8;
    return {
      inputs: [normal(rows, 32 * blocks), ...quantizedRows(outputs, blocks, bits)],
      build: (x, q, s) => b.matmulQuantized(x, q, s, bits),
    };
  },
  dequantize: (random) => {
    const bits = random.uniform() < 0.5 ? 4 : 8;
    return {
      inputs: quantizedRows(whole(random, 1, 4), whole(random, 1, 3), bits),
      build: (q, s) => b.dequantize(q, s, bits),
    };
  },
  gather: (random) => {
    const table = shapeOf(random, 1, 3);
    return { inputs: [normal(...table), indices(random, shapeOf(random, 0, 2), table[0]!)], build: b.gather };
  },
  gatherElements: (random) => {
    const { data, index, axis } = alongAxis(random);
    return {
      inputs: [normal(...data), indices(random, index, data[axis]!)],
      build: (x, i) => b.gatherElements(x, i, axis),
    };
  },
  scatterAdd: (random) => {
    const { data, index, axis } = alongAxis(random);
    return {
      inputs: [normal(...data), indices(random, index, data[axis]!), normal(...index)],
      build: (x, i, updates) => b.scatterAdd(x, i, updates, axis),
    };
  },
  readAt: (random) => {
    const { lead, n, d } = rows(random);
    return { inputs: [normal(...lead, n, d), indices(random, lead, n)], build: b.readAt };
  },
  writeAt: (random) => {
    const { lead, n, d } = rows(random);
    return { inputs: [normal(...lead, n, d), indices(random, lead, n), normal(...lead, d)], build: b.writeAt };
  },
  softmax: unary(b.softmax, normal, 1),
  logSoftmax: unary(b.logSoftmax, normal, 1),
  logSoftmaxAt: (random) => {
    const [rows, size] = [whole(random, 1, 5), whole(random, 1, 5)];
    return { inputs: [normal(rows, size), indices(random, [rows], size)], build: b.logSoftmaxAt };
  },
  rmsNorm: (random) => {
    const shape = shapeOf(random, 1);
    return { inputs: [normal(...shape), normal(shape.at(-1)!)], build: (x, weight) => b.rmsNorm(x, weight, 1e-5) };
  },
  layerNorm: (random) => {
    // The variance of one number is 0, and that of two may be.
    const shape = [...shapeOf(random, 0, 3), whole(random, 3, 6)];
    const size = shape.at(-1)!;
    return {
      inputs: [normal(...shape), normal(size), normal(size)],
      build: (x, weight, bias) => b.layerNorm(x, weight, bias, 1e-3),
    };
  },
  rotary: (random) => {
    const [batch, heads, length, half] = Array.from({ length: 4 }, () => whole(random, 1, 4)) as [
      number,
      number,
      number,
      number,
    ];
    // ONNX Runtime refuses tables with fewer positions than the length.
    const positions = whole(random, length, 6);
    const angles = Array.from({ length: positions * half }, () => random.normal());
    const table = (f: (angle: number) => number) => held(numbers([positions, half], angles.map(f)));
    return {
      inputs: [
        normal(batch, heads, length, 2 * half),
        indices(random, [batch, length], positions),
        table(Math.cos),
        table(Math.sin),
      ],
      build: b.rotary,
    };
  },
};

/** Cases of an op; their shapes depend only on the seed. */
export function drawCases(op: OpName, count: number, seeded: Random): Case[] {
  return Array.from({ length: count }, (_, i) => {
    const drawn = randomCases[op](seeded.fork(op, i));
    const shapes = drawn.inputs.map(({ shape }) => `[${shape}]`).join(" ");
    return { title: `${op}, drawn ${i}: ${shapes}`, ...drawn };
  });
}
