import { Random } from "../src/base/random.js";
import { sizeOf, tensor } from "../src/graph/tensor.js";
import { saveCheckpoint } from "../src/model/checkpoint/checkpoint.js";
import type { LlamaConfig } from "../src/model/config.js";
import { parameterShapes } from "../src/model/parameters/parameters.js";
import { trainTokenizer } from "../src/model/tokenizer/train-tokenizer.js";

/*
 * Writes random weights in the shape of TinyLlama-1.1B as bf16.
 *
 * usage: node dist/bench/large-checkpoint.js FOLDER LAYERS
 */

const [folder, layers] = process.argv.slice(2) as [string, string];
const config: LlamaConfig = {
  architecture: "llama",
  vocabSize: 32000,
  hiddenSize: 2048,
  intermediateSize: 5632,
  layers: Number(layers),
  heads: 32,
  kvHeads: 4,
  headSize: 64,
  contextLength: 2048,
  ropeTheta: 10000,
  normEpsilon: 1e-5,
  tiedEmbeddings: false,
  initializerRange: 0.02,
};

const random = Random.seeded(1);
const draws = Float32Array.from({ length: 1 << 20 }, () => config.initializerRange * random.normal());
/** Matrices of one shape share their numbers: neither time nor memory depends on the values. */
const matrices = new Map<string, Float32Array>();

function numbers(shape: readonly number[]): Float32Array {
  const size = sizeOf(shape);
  if (shape.length === 1) return new Float32Array(size).fill(1);
  const known = matrices.get(shape.join());
  if (known) return known;
  const data = new Float32Array(size);
  for (let at = 0; at < size; at += draws.length) data.set(draws.subarray(0, Math.min(draws.length, size - at)), at);
  matrices.set(shape.join(), data);
  return data;
}

const parameters = new Map([...parameterShapes(config)].map(([name, shape]) => [name, tensor(shape, numbers(shape))]));
await saveCheckpoint(folder, { config, parameters, tokenizer: trainTokenizer([]) }, { dtype: "bfloat16" });
console.log("{}");
