import * as b from "../../../src/graph/build.js";
import type { Value } from "../../../src/graph/value.js";
import type { Case, Given } from "./case.js";
import { bits, held, integers, kept, normal, numbers, positive } from "./case.js";

type Unary = (x: Value) => Value;
type Binary = (a: Value, b: Value) => Value;

/** A matrix, a scalar, and numbers near and far from 0. */
function unary(name: string, op: Unary): Case[] {
  return [
    { title: `${name} of a matrix`, inputs: [normal(2, 3)], build: op },
    { title: `${name} of a scalar`, inputs: [normal()], build: op },
    { title: `${name} near 0 and further off`, inputs: [numbers([6], [0, 1e-3, -1e-3, 4, -4, 9])], build: op },
  ];
}

/** For ops on positive numbers. */
function unaryPositive(name: string, op: Unary): Case[] {
  return [
    { title: `${name} of a matrix`, inputs: [positive(2, 3)], build: op },
    { title: `${name} of small and large numbers`, inputs: [numbers([3], [0.01, 1, 1000])], build: op },
  ];
}

/** The ways in which two shapes broadcast. */
function binary(name: string, op: Binary, right: (...shape: number[]) => Given = normal): Case[] {
  return [
    { title: `${name}, one shape`, inputs: [normal(2, 3), right(2, 3)], build: op },
    { title: `${name}, a row`, inputs: [normal(2, 3), right(3)], build: op },
    { title: `${name}, a column on the left`, inputs: [normal(2, 1), right(2, 3)], build: op },
    { title: `${name}, both broadcast`, inputs: [normal(2, 1, 3), right(4, 1)], build: op },
    { title: `${name}, a scalar on the left`, inputs: [normal(), right(2, 2)], build: op },
    { title: `${name}, axes of size 1 stay`, inputs: [normal(1, 1, 2), right(1)], build: op },
    { title: `${name}, a number`, inputs: [normal(2, 2)], build: (x) => op(x, x.graph.constant(1.7)) },
    {
      title: `${name}, an explicit broadcast`,
      inputs: [normal(2, 3), right(3)],
      build: (x, y) => op(x, b.broadcast(y, [2, 3])),
    },
    {
      title: `${name}, two explicit broadcasts`,
      inputs: [normal(3), right(3)],
      build: (x, y) => op(b.broadcast(x, [2, 3]), b.broadcast(y, [2, 3])),
    },
  ];
}

export const elementwise = {
  neg: unary("neg", b.neg),
  exp: unary("exp", b.exp),
  log: unaryPositive("log", b.log),
  sqrt: unaryPositive("sqrt", b.sqrt),
  sigmoid: unary("sigmoid", b.sigmoid),
  softplus: [...unary("softplus", b.softplus), ...unary("logSigmoid", b.logSigmoid)],
  silu: unary("silu", b.silu),
  erf: [...unary("erf", b.erf), ...unary("gelu", b.gelu)],

  add: binary("add", b.add),
  sub: binary("sub", b.sub),
  mul: [...binary("mul", b.mul), { title: "mul, a square", inputs: [normal(2, 2)], build: (x) => b.mul(x, x) }],
  div: binary("div", b.div, positive),
  maximum: [...binary("maximum", b.maximum), ...binary("minimum", b.minimum)],

  less: [
    ...binary("less", b.less),
    {
      title: "less, equal numbers",
      inputs: [held(numbers([3], [1, 2, 3])), held(numbers([3], [2, 2, 2]))],
      build: b.less,
    },
    { title: "less, int32", inputs: [integers([2, 1], [1, 2]), integers([3], [0, 2, 70000])], build: b.less },
  ],
  where: [
    { title: "where", inputs: [bits([4], [0, 1, 1, 0]), normal(4), normal(4)], build: b.where },
    { title: "where, all three broadcast", inputs: [bits([2, 1], [0, 1]), normal(3), normal(4, 1, 1)], build: b.where },
    {
      title: "where, a scalar and a row",
      inputs: [bits([2, 3], [0, 1, 1, 0, 0, 1]), normal(), normal(3)],
      build: b.where,
    },
    { title: "where, a number", inputs: [bits([3], [1, 0, 1]), normal(3)], build: (c, x) => b.where(c, x, -5) },
    { title: "where, one condition for all", inputs: [bits([], [1]), normal(2), normal(2)], build: b.where },
  ],
  cast: [
    {
      title: "cast, float32 to int32",
      inputs: [numbers([4], [-2.5, -0.25, 0.75, 3.5])],
      build: (x) => b.cast(x, "int32"),
    },
    { title: "cast, float32 to bool", inputs: [held(numbers([3], [-0.5, 0, 2]))], build: (x) => b.cast(x, "bool") },
    { title: "cast, int32 to float32", inputs: [integers([3], [-3, 0, 70000])], build: (x) => b.cast(x, "float32") },
    { title: "cast, int32 to bool", inputs: [integers([3], [-3, 0, 1])], build: (x) => b.cast(x, "bool") },
    { title: "cast, bool to float32", inputs: [bits([2], [0, 1])], build: (x) => b.cast(x, "float32") },
    { title: "cast, bool to int32", inputs: [bits([2], [0, 1])], build: (x) => b.cast(x, "int32") },
  ],
  stopGradient: [
    { title: "stopGradient alone", inputs: [held(normal(2, 3))], build: b.stopGradient },
    {
      title: "stopGradient of one factor",
      inputs: [normal(3), held(normal(3))],
      build: (x, y) => b.mul(x, b.stopGradient(b.exp(y))),
    },
    { title: "stopGradient of int32", inputs: [integers([2], [4, 5])], build: b.stopGradient },
  ],
  checkpoint: [
    { title: "checkpoint alone", inputs: [normal(2, 3)], build: (x) => b.checkpoint(x) },
    {
      title: "checkpoint after a scalar, a matrix and NaN",
      inputs: [normal(3), normal(), normal(2, 3)],
      build: (x, y, z) => b.mul(b.checkpoint(b.exp(x), [b.exp(y), z, b.log(b.neg(b.mul(z, z)))]), y),
    },
    {
      title: "checkpoint of int32",
      inputs: [integers([2], [4, 5]), held(normal(2))],
      build: (x, y) => b.checkpoint(x, [y]),
    },
  ],
  recomputed: [
    {
      title: "recomputed, of a value and a leaf",
      inputs: [normal(2, 3), kept(normal(3))],
      build: (x, w) => b.recomputed([b.exp(x)], (y) => b.mul(b.silu(y), w)),
    },
    {
      title: "recomputed twice, of values that both read",
      inputs: [normal(2, 3), normal(2, 3)],
      build: (x, y) => {
        const [u, v] = [b.sigmoid(x), b.exp(y)];
        const first = b.recomputed([u, v], (u, v) => b.mul(b.exp(u), b.sigmoid(v)));
        return b.mul(
          b.recomputed([b.add(first, u), v], (u, v) => b.mul(b.mul(u, u), v)),
          u,
        );
      },
    },
    {
      title: "recomputed within recomputed",
      inputs: [normal(3)],
      build: (x) => b.recomputed([b.exp(x)], (y) => b.mul(b.recomputed([b.silu(y)], b.sigmoid), y)),
    },
    {
      title: "recomputed, of one value given twice",
      inputs: [normal(3)],
      build: (x) => b.recomputed([b.exp(x), b.exp(x)], (y, z) => b.mul(b.sigmoid(y), z)),
    },
  ],
} satisfies Record<string, readonly Case[]>;
