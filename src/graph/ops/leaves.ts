import type { OpDefinition } from "../definition.js";

type Leaf = "input" | "state";

const leaf: OpDefinition<Leaf> = {
  infer: (_, { dtype, shape }) => ({ dtype, shape }),
  gradient: () => [],
};

export const input: OpDefinition<"input"> = leaf;
export const state: OpDefinition<"state"> = leaf;

export const constant: OpDefinition<"constant"> = {
  infer: (_, { tensor: { dtype, shape } }) => ({ dtype, shape }),
  gradient: () => [],
};
