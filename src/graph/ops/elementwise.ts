import type { OpName } from "../attributes.js";
import { add, div, exp, less, mul, neg, sigmoid, sub, where } from "../build.js";
import type { OpDefinition } from "../definition.js";
import { broadcastShapes, sizeOf } from "../tensor.js";
import type { Inferred, Value } from "../value.js";
import { need, needType, unbroadcast } from "./shared.js";

/** An op on one float value with derivative `dx(x, y, dy)`. */
function unary<K extends OpName>(dx: (x: Value, y: Value, dy: Value) => Value): OpDefinition<K> {
  return {
    infer([x]) {
      needType(x!, "float32");
      return { dtype: "float32", shape: x!.shape };
    },
    gradient: (y, dy) => [dx(y.inputs[0]!, y as Value, dy)],
  };
}

/** An op on two float values that broadcast, with derivatives `da` and `db` at the broadcast shape. */
function binary<K extends OpName>(
  da: (dy: Value, a: Value, b: Value, y: Value) => Value,
  db: (dy: Value, a: Value, b: Value, y: Value) => Value,
): OpDefinition<K> {
  return {
    infer: ([a, b]) => inferBinary(a!, b!),
    gradient(y, dy) {
      const [a, b] = y.inputs as [Value, Value];
      return [unbroadcast(da(dy, a, b, y as Value), a.shape), unbroadcast(db(dy, a, b, y as Value), b.shape)];
    },
  };
}

function inferBinary(a: Value, b: Value): Inferred {
  needType(a, "float32");
  needType(b, "float32");
  return { dtype: "float32", shape: broadcastShapes(a.shape, b.shape) };
}

export const negDefinition = unary<"neg">((_x, _y, dy) => neg(dy));
export const expDefinition = unary<"exp">((_x, y, dy) => mul(dy, y));
export const logDefinition = unary<"log">((x, _y, dy) => div(dy, x));
export const sqrtDefinition = unary<"sqrt">((_x, y, dy) => div(mul(dy, 0.5), y));
export const sigmoidDefinition = unary<"sigmoid">((_x, y, dy) => mul(dy, mul(y, sub(y.graph.constant(1), y))));
export const softplusDefinition = unary<"softplus">((x, _y, dy) => mul(dy, sigmoid(x)));
// silu′ = s·(1 + x·(1−s)) = s + y·(1−s) with s = sigmoid(x)
export const siluDefinition = unary<"silu">((x, y, dy) => {
  const s = sigmoid(x);
  return mul(dy, add(s, sub(y, mul(y, s))));
});
// erf′ = 2/√π · exp(−x²)
export const erfDefinition = unary<"erf">((x, _y, dy) => mul(dy, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI))));

export const addDefinition = binary<"add">(
  (dy) => dy,
  (dy) => dy,
);
export const subDefinition = binary<"sub">(
  (dy) => dy,
  (dy) => neg(dy),
);
export const mulDefinition = binary<"mul">(
  (dy, _a, b) => mul(dy, b),
  (dy, a) => mul(dy, a),
);
export const divDefinition = binary<"div">(
  (dy, _a, b) => div(dy, b),
  (dy, _a, b, y) => neg(div(mul(dy, y), b)),
);
export const maximumDefinition = binary<"maximum">(
  (dy, a, b) => where(less(a, b), 0, dy),
  (dy, a, b) => where(less(a, b), dy, 0),
);

export const lessDefinition: OpDefinition<"less"> = {
  infer([a, b]) {
    needType(a!, "float32", "int32");
    needType(b!, a!.dtype);
    return { dtype: "bool", shape: broadcastShapes(a!.shape, b!.shape) };
  },
  gradient: () => [],
};

export const whereDefinition: OpDefinition<"where"> = {
  infer([condition, a, b]) {
    needType(condition!, "bool");
    const { dtype, shape } = inferBinary(a!, b!);
    return { dtype, shape: broadcastShapes(condition!.shape, shape) };
  },
  gradient(y, dy) {
    const [condition, a, b] = y.inputs as [Value, Value, Value];
    return [undefined, unbroadcast(where(condition, dy, 0), a.shape), unbroadcast(where(condition, 0, dy), b.shape)];
  },
};

export const castDefinition: OpDefinition<"cast"> = {
  infer: ([x], { dtype }) => ({ dtype, shape: x!.shape }),
  gradient: () => [],
};

export const stopGradientDefinition: OpDefinition<"stopGradient"> = {
  infer: ([x]) => ({ dtype: x!.dtype, shape: x!.shape }),
  gradient: () => [],
};

export const checkpointDefinition: OpDefinition<"checkpoint"> = {
  infer([x, ...after]) {
    for (const value of after) {
      needType(value, "float32");
      need(sizeOf(value.shape) > 0, "cannot wait for a value without elements");
    }
    return { dtype: x!.dtype, shape: x!.shape };
  },
  gradient: (_, dy) => [dy],
};

export const recomputedDefinition: OpDefinition<"recomputed"> = {
  infer([result, ...sources]) {
    need(sources.length > 0, "needs what the result is made of");
    return { dtype: result!.dtype, shape: result!.shape };
  },
  // The gradient of the original values; `gradients` uses that of their copies.
  gradient: (_, dy) => [dy],
};
