import type { OpName } from "../attributes.js";
import type { OpDefinition } from "../definition.js";
import * as arrangement from "./arrangement.js";
import * as contractions from "./contractions.js";
import * as elementwise from "./elementwise.js";
import * as indexing from "./indexing.js";
import * as leaves from "./leaves.js";
import * as quantized from "./quantized.js";
import * as transformer from "./transformer.js";

/** Every op's definition: an op without a shape rule and a gradient does not compile. */
export const definitions: { readonly [K in OpName]: OpDefinition<K> } = {
  input: leaves.input,
  state: leaves.state,
  constant: leaves.constant,
  neg: elementwise.negDefinition,
  exp: elementwise.expDefinition,
  log: elementwise.logDefinition,
  sqrt: elementwise.sqrtDefinition,
  sigmoid: elementwise.sigmoidDefinition,
  softplus: elementwise.softplusDefinition,
  silu: elementwise.siluDefinition,
  erf: elementwise.erfDefinition,
  add: elementwise.addDefinition,
  sub: elementwise.subDefinition,
  mul: elementwise.mulDefinition,
  div: elementwise.divDefinition,
  maximum: elementwise.maximumDefinition,
  less: elementwise.lessDefinition,
  where: elementwise.whereDefinition,
  cast: elementwise.castDefinition,
  stopGradient: elementwise.stopGradientDefinition,
  checkpoint: elementwise.checkpointDefinition,
  recomputed: elementwise.recomputedDefinition,
  matmul: contractions.matmulDefinition,
  matmulQuantized: quantized.matmulQuantizedDefinition,
  sum: contractions.sumDefinition,
  reshape: arrangement.reshapeDefinition,
  transpose: arrangement.transposeDefinition,
  broadcast: arrangement.broadcastDefinition,
  slice: arrangement.sliceDefinition,
  concat: arrangement.concatDefinition,
  dequantize: quantized.dequantizeDefinition,
  gather: indexing.gatherDefinition,
  gatherElements: indexing.gatherElementsDefinition,
  scatterAdd: indexing.scatterAddDefinition,
  readAt: indexing.readAtDefinition,
  writeAt: indexing.writeAtDefinition,
  softmax: transformer.softmaxDefinition,
  logSoftmax: transformer.logSoftmaxDefinition,
  logSoftmaxAt: transformer.logSoftmaxAtDefinition,
  rmsNorm: transformer.rmsNormDefinition,
  layerNorm: transformer.layerNormDefinition,
  rotary: transformer.rotaryDefinition,
};
