import { it } from "node:test";
import { Random } from "../../../../src/base/random.js";
import { Graph, mul, sum, topologicalOrder, type Value } from "../../../../src/graph/index.js";
import { sizeOf, tensor } from "../../../../src/graph/tensor.js";
import { decodeSequences, head } from "../../../../src/model/architectures/decoder.js";
import type { LlamaConfig } from "../../../../src/model/config.js";
import { loraShapes } from "../../../../src/model/parameters/lora/lora.js";
import { stateWeights } from "../../../../src/model/parameters/network.js";
import { checkGradients } from "../../../graph/finite-differences.js";
import { tinyConfig } from "../../../support/tiny-model.js";

const adapter = { rank: 1, alpha: 2, targets: ["q_proj"] };
const small: LlamaConfig = {
  ...tinyConfig,
  vocabSize: 5,
  hiddenSize: 32,
  intermediateSize: 32,
  layers: 1,
  heads: 1,
  kvHeads: 1,
  headSize: 32,
  adapter,
};

for (const weights of ["int8", "int4"] as const) {
  it(`gradients of an adapter on a base in ${weights} match finite differences`, () => {
    const config: LlamaConfig = { ...small, weights };
    const graph = new Graph();
    const tokens = graph.constant({ dtype: "int32", shape: [1, 3], data: Int32Array.of(1, 4, 2) });
    const network = stateWeights(graph, config);
    const logits = head(config, network, decodeSequences(config, network, tokens));
    const random = Random.seeded(1);
    const weighting = Float32Array.from({ length: sizeOf(logits.shape) }, () => random.normal());
    const loss = sum(mul(logits, graph.constant(tensor(logits.shape, weighting))));
    const leaves = topologicalOrder([loss]).filter((value): value is Value<"state"> => value.op === "state");
    const element = ({ dtype, attributes: { name } }: Value<"state">) =>
      dtype === "uint8"
        ? random.integer(256)
        : name.endsWith(".scales")
          ? (0.5 + random.uniform()) / (weights === "int8" ? 400 : 24)
          : 0.5 + random.uniform();
    const feeds = Object.fromEntries(
      leaves.map((leaf) => [
        leaf.attributes.name,
        Array.from({ length: sizeOf(leaf.shape) }, () => Math.fround(element(leaf))),
      ]),
    );
    const adapted = loraShapes(config, adapter);
    checkGradients(
      loss,
      leaves.filter(({ attributes: { name } }) => adapted.has(name)),
      feeds,
    );
  });
}
