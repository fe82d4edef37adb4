import { concat, reshape, slice, transpose } from "../build.js";
import type { OpDefinition } from "../definition.js";
import { broadcastShapes, sameBeside, sameShape, sizeOf } from "../tensor.js";
import { need, needShape, needType, unbroadcast } from "./shared.js";

export const reshapeDefinition: OpDefinition<"reshape"> = {
  infer([x], { shape }) {
    needShape(shape);
    need(sizeOf(shape) === sizeOf(x!.shape), `[${shape}] does not hold as many elements`);
    return { dtype: x!.dtype, shape };
  },
  gradient: (y, dy) => [reshape(dy, y.inputs[0]!.shape)],
};

export const transposeDefinition: OpDefinition<"transpose"> = {
  infer([x], { permutation }) {
    const axes = [...permutation].sort((a, b) => a - b);
    need(
      sameShape(
        axes,
        x!.shape.map((_, i) => i),
      ),
      `[${permutation}] is no permutation of the axes`,
    );
    return { dtype: x!.dtype, shape: permutation.map((axis) => x!.shape[axis]!) };
  },
  gradient(y, dy) {
    const { permutation } = y.attributes;
    return [
      transpose(
        dy,
        permutation.map((_, axis) => permutation.indexOf(axis)),
      ),
    ];
  },
};

export const broadcastDefinition: OpDefinition<"broadcast"> = {
  infer([x], { shape }) {
    needShape(shape);
    need(sameShape(broadcastShapes(x!.shape, shape), shape), `does not fill [${shape}]`);
    return { dtype: x!.dtype, shape };
  },
  gradient: (y, dy) => [unbroadcast(dy, y.inputs[0]!.shape)],
};

export const sliceDefinition: OpDefinition<"slice"> = {
  infer([x], { axis, start, end }) {
    const size = x!.shape[axis];
    need(size !== undefined, `axis ${axis} is not there`);
    need(0 <= start && start < end && end <= size, `${start}…${end} is not within the axis`);
    return { dtype: x!.dtype, shape: x!.shape.with(axis, end - start) };
  },
  gradient(y, dy) {
    const { axis, start, end } = y.attributes;
    const { graph, shape } = y.inputs[0]!;
    const zeros = (size: number) => graph.full(shape.with(axis, size), 0);
    return [concat([zeros(start), dy, zeros(shape[axis]! - end)], axis)];
  },
};

export const concatDefinition: OpDefinition<"concat"> = {
  infer(parts, { axis }) {
    const [first] = parts;
    need(first !== undefined && first.shape[axis] !== undefined, `axis ${axis} is not there`);
    for (const part of parts) {
      needType(part, first.dtype);
      need(sameBeside(axis, part.shape, first.shape), "the other axes differ");
    }
    return {
      dtype: first.dtype,
      shape: first.shape.with(
        axis,
        parts.reduce((n, part) => n + part.shape[axis]!, 0),
      ),
    };
  },
  gradient(y, dy) {
    const { axis } = y.attributes;
    let start = 0;
    return y.inputs.map(({ shape }) => slice(dy, axis, start, (start += shape[axis]!)));
  },
};
