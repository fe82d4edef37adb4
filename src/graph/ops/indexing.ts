import { broadcast, gatherElements, readAt, reshape, scatterAdd, writeAt } from "../build.js";
import type { OpDefinition } from "../definition.js";
import { sameBeside, sameShape, sizeOf } from "../tensor.js";
import type { Value } from "../value.js";
import { need, needType } from "./shared.js";

export const gatherDefinition: OpDefinition<"gather"> = {
  infer([table, index]) {
    needType(index!, "int32");
    need(table!.shape.length >= 1, "needs a table with rows");
    return { dtype: table!.dtype, shape: [...index!.shape, ...table!.shape.slice(1)] };
  },
  gradient(y, dy) {
    const [table, index] = y.inputs as [Value, Value];
    const width = sizeOf(table.shape.slice(1));
    const count = sizeOf(index.shape);
    const rows = reshape(dy, [count, width]);
    const zeros = table.graph.full([table.shape[0]!, width], 0);
    const everywhere = broadcast(reshape(index, [count, 1]), [count, width]);
    return [reshape(scatterAdd(zeros, everywhere, rows, 0), table.shape), undefined];
  },
};

export const gatherElementsDefinition: OpDefinition<"gatherElements"> = {
  infer([data, index], { axis }) {
    needIndexLike(data!, index!, axis);
    return { dtype: data!.dtype, shape: index!.shape };
  },
  gradient(y, dy) {
    const [data, index] = y.inputs as [Value, Value];
    return [scatterAdd(data.graph.full(data.shape, 0), index, dy, y.attributes.axis), undefined];
  },
};

export const scatterAddDefinition: OpDefinition<"scatterAdd"> = {
  infer([data, index, updates], { axis }) {
    needIndexLike(data!, index!, axis);
    needType(updates!, data!.dtype);
    need(sameShape(index!.shape, updates!.shape), "index and updates have different shapes");
    return { dtype: data!.dtype, shape: data!.shape };
  },
  gradient: (y, dy) => [dy, undefined, gatherElements(dy, y.inputs[1]!, y.attributes.axis)],
};

function needIndexLike(data: Value, index: Value, axis: number): void {
  needType(index, "int32");
  need(data.shape[axis] !== undefined, `axis ${axis} is not there`);
  need(sameBeside(axis, data.shape, index.shape), "data and index differ beside the axis");
}

export const readAtDefinition: OpDefinition<"readAt"> = {
  infer([data, index]) {
    needRowIndex(data!, index!);
    return { dtype: data!.dtype, shape: [...index!.shape, data!.shape.at(-1)!] };
  },
  gradient(y, dy) {
    const [data, index] = y.inputs as [Value, Value];
    return [writeAt(data.graph.full(data.shape, 0), index, dy), undefined];
  },
};

export const writeAtDefinition: OpDefinition<"writeAt"> = {
  infer([data, index, rows]) {
    needRowIndex(data!, index!);
    needType(rows!, data!.dtype);
    need(sameShape(rows!.shape, [...index!.shape, data!.shape.at(-1)!]), "rows do not fit data and index");
    return { dtype: data!.dtype, shape: data!.shape };
  },
  gradient(y, dy) {
    const [, index, rows] = y.inputs as [Value, Value, Value];
    return [writeAt(dy, index, rows.graph.full(rows.shape, 0)), undefined, readAt(dy, index)];
  },
};

function needRowIndex(data: Value, index: Value): void {
  needType(index, "int32");
  need(
    data.shape.length >= 2 && sameShape(data.shape.slice(0, -2), index.shape),
    "index does not match data's leading axes",
  );
}
