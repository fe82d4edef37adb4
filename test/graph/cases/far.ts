import { gelu, geluTanh, logSigmoid, logSoftmax, sigmoid, silu, softmax, softplus } from "../../../src/graph/build.js";
import { numbers, type Case } from "./case.js";

/** Functions that overflow at ±1000 unless they are written with care. */
export const far: readonly Case[] = [softplus, logSigmoid, sigmoid, silu, gelu, geluTanh, softmax, logSoftmax].map(
  (build) => ({
    title: build.name,
    inputs: [numbers([5], [-1000, -90, 0, 90, 1000])],
    build,
  }),
);
