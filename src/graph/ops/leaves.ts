import type { OpDefinition } from "../definition.js";
import { sizeOf } from "../tensor.js";
import { need, needShape } from "./shared.js";

type Leaf = "input" | "state";

const leaf: OpDefinition<Leaf> = {
  infer(_, { dtype, shape }) {
    needShape(shape);
    return { dtype, shape };
  },
  gradient: () => [],
};

export const input: OpDefinition<"input"> = leaf;
export const state: OpDefinition<"state"> = leaf;

export const constant: OpDefinition<"constant"> = {
  infer(_, { tensor: { dtype, shape, data } }) {
    needShape(shape);
    need(data.length === sizeOf(shape), `${dtype}[${shape}] has ${sizeOf(shape)} elements, got ${data.length}`);
    return { dtype, shape };
  },
  gradient: () => [],
};
