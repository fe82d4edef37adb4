import { add, div, mean, mul, neg, reshape, rotary, scatterAdd, softmax, sqrt, sub, sum } from "../build.js";
import type { OpDefinition } from "../definition.js";
import { sameShape } from "../tensor.js";
import type { Inferred, Value } from "../value.js";
import { need, needType } from "./shared.js";

function inferLastAxis([x]: readonly Value[]): Inferred {
  needType(x!, "float32");
  need(x!.shape.length >= 1, "needs an axis");
  return { dtype: "float32", shape: x!.shape };
}

export const softmaxDefinition: OpDefinition<"softmax"> = {
  infer: inferLastAxis,
  gradient(y, dy) {
    const weighted = mul(dy, y);
    return [sub(weighted, mul(y, sum(weighted, [-1], true)))];
  },
};

export const logSoftmaxDefinition: OpDefinition<"logSoftmax"> = {
  infer: inferLastAxis,
  // Recomputes softmax(x) instead of using exp(y): the forward result over the whole vocabulary can then be freed.
  gradient: (y, dy) => [sub(dy, mul(softmax(y.inputs[0]!), sum(dy, [-1], true)))],
};

export const logSoftmaxAtDefinition: OpDefinition<"logSoftmaxAt"> = {
  infer([x, index]) {
    needType(x!, "float32");
    needType(index!, "int32");
    need(x!.shape.length === 2 && sameShape(index!.shape, x!.shape.slice(0, 1)), "needs rows, and an index for each");
    return { dtype: "float32", shape: index!.shape };
  },
  // dx = dy·(one-hot(index) − softmax(x)), with as few tensors of x's size as possible.
  gradient(y, dy) {
    const [x, index] = y.inputs as [Value, Value];
    const column = (of: Value) => reshape(of, [...of.shape, 1]);
    return [scatterAdd(mul(softmax(x), neg(column(dy))), column(index), column(dy), 1), undefined];
  },
};

export const rmsNormDefinition: OpDefinition<"rmsNorm"> = {
  infer([x, weight]) {
    needType(weight!, "float32");
    need(sameShape(weight!.shape, x!.shape.slice(-1)), "the weight is not one row of x");
    return inferLastAxis([x!]);
  },
  // With r = 1/√(mean(x²)+ε): dx = r·(w·dy) − x·r³·mean(w·dy·x), dw = Σ dy·x·r.
  gradient(y, dy) {
    const [x, weight] = y.inputs as [Value, Value];
    const root = sqrt(add(mean(mul(x, x), [-1], true), y.attributes.epsilon));
    const normed = div(x, root);
    const scaled = mul(dy, weight);
    const along = mean(mul(scaled, normed), [-1], true);
    const rows = x.shape.slice(0, -1).map((_, i) => i);
    return [div(sub(scaled, mul(normed, along)), root), sum(mul(dy, normed), rows)];
  },
};

export const layerNormDefinition: OpDefinition<"layerNorm"> = {
  infer([x, weight, bias]) {
    needType(weight!, "float32");
    needType(bias!, "float32");
    need(sameShape(weight!.shape, x!.shape.slice(-1)), "the weight is not one row of x");
    need(sameShape(bias!.shape, weight!.shape), "the bias is not one row of x");
    return inferLastAxis([x!]);
  },
  // With n = (x−mean(x))·r, r = 1/√(var(x)+ε): dx = r·(w·dy − mean(w·dy) − n·mean(w·dy·n)), dw = Σ dy·n, db = Σ dy.
  gradient(y, dy) {
    const [x, weight] = y.inputs as [Value, Value];
    const centred = sub(x, mean(x, [-1], true));
    const root = sqrt(add(mean(mul(centred, centred), [-1], true), y.attributes.epsilon));
    const normed = div(centred, root);
    const scaled = mul(dy, weight);
    const along = mean(mul(scaled, normed), [-1], true);
    const rows = x.shape.slice(0, -1).map((_, i) => i);
    const dx = div(sub(sub(scaled, mean(scaled, [-1], true)), mul(normed, along)), root);
    return [dx, sum(mul(dy, normed), rows), sum(dy, rows)];
  },
};

export const rotaryDefinition: OpDefinition<"rotary"> = {
  infer([x, position, cos, sin]) {
    needType(x!, "float32");
    needType(position!, "int32");
    needType(cos!, "float32");
    needType(sin!, "float32");
    need(x!.shape.length === 4, "needs [batch, heads, length, size]");
    const [batch, , length, size] = x!.shape as [number, number, number, number];
    need(sameShape(position!.shape, [batch, length]), "position is not [batch, length]");
    need(
      size % 2 === 0 && cos!.shape.length === 2 && cos!.shape[1] === size / 2,
      "the tables are not [positions, size/2]",
    );
    need(sameShape(cos!.shape, sin!.shape), "the tables differ in shape");
    return { dtype: "float32", shape: x!.shape };
  },
  // A rotation's transpose is the rotation by the negative angle.
  gradient(y, dy) {
    const [, position, cos, sin] = y.inputs as [Value, Value, Value, Value];
    return [rotary(dy, position, cos, neg(sin)), undefined, undefined, undefined];
  },
};
