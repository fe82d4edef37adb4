import { broadcast, matmul, reshape } from "../build.js";
import type { OpDefinition } from "../definition.js";
import { sameShape } from "../tensor.js";
import type { Value } from "../value.js";
import { need, needType } from "./shared.js";

export const matmulDefinition: OpDefinition<"matmul"> = {
  infer([a, b], { transposeA, transposeB }) {
    needType(a!, "float32");
    needType(b!, "float32");
    const rank = a!.shape.length;
    need(rank >= 2 && b!.shape.length === rank, "needs two values of one rank, at least 2");
    const lead = a!.shape.slice(0, -2);
    need(sameShape(lead, b!.shape.slice(0, -2)), "leading axes differ");
    const [rowsA, columnsA] = lastTwo(a!, transposeA);
    const [rowsB, columnsB] = lastTwo(b!, transposeB);
    need(columnsA === rowsB, `inner sizes differ: ${columnsA} and ${rowsB}`);
    return { dtype: "float32", shape: [...lead, rowsA, columnsB] };
  },
  gradient(y, dy) {
    const [a, b] = y.inputs as [Value, Value];
    const { transposeA, transposeB, scale } = y.attributes;
    return [
      transposeA
        ? matmul(b, dy, { transposeA: transposeB, transposeB: true, scale })
        : matmul(dy, b, { transposeB: !transposeB, scale }),
      transposeB
        ? matmul(dy, a, { transposeA: true, transposeB: transposeA, scale })
        : matmul(a, dy, { transposeA: !transposeA, scale }),
    ];
  },
};

function lastTwo(x: Value, transposed: boolean): [rows: number, columns: number] {
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  return transposed ? [columns, rows] : [rows, columns];
}

export const sumDefinition: OpDefinition<"sum"> = {
  infer([x], { axes, keepDims }) {
    needType(x!, "float32");
    need(
      axes.every((axis) => axis >= 0 && axis < x!.shape.length),
      `axes [${axes}] are not all there`,
    );
    need(new Set(axes).size === axes.length, `axes [${axes}] repeat`);
    const shape = keepDims
      ? x!.shape.map((size, i) => (axes.includes(i) ? 1 : size))
      : x!.shape.filter((_, i) => !axes.includes(i));
    return { dtype: "float32", shape };
  },
  gradient(y, dy) {
    const { shape } = y.inputs[0]!;
    const kept = shape.map((size, i) => (y.attributes.axes.includes(i) ? 1 : size));
    return [broadcast(reshape(dy, kept), shape)];
  },
};
