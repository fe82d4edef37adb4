import { Random } from "../../src/base/random.js";
import type { TokenizedPair } from "../../src/data/tokenize.js";
import type { ProgramCache } from "../../src/engine/program-cache.js";
import type { Gpt2Config, GptNeoXConfig, LlamaConfig } from "../../src/model/config.js";
import { initialParameters } from "../../src/model/parameters/parameters.js";
import { Policy } from "../../src/model/policy/policy.js";
import type { TokenSequence } from "../../src/model/scoring/batch.js";
import { trainTokenizer } from "../../src/model/tokenizer/train-tokenizer.js";

/** One token per byte, and the special tokens. */
export const byteTokenizer = trainTokenizer([]);

/** A model that trains in milliseconds. */
export const tinyConfig: LlamaConfig = {
  architecture: "llama",
  vocabSize: byteTokenizer.vocabSize,
  hiddenSize: 16,
  intermediateSize: 24,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 4,
  contextLength: 48,
  ropeTheta: 10000,
  normEpsilon: 1e-6,
  tiedEmbeddings: true,
  // Large enough for the model's output to depend on its input.
  initializerRange: 0.3,
};

const { vocabSize, hiddenSize, layers, heads, headSize, contextLength, initializerRange } = tinyConfig;
const common = {
  vocabSize,
  hiddenSize,
  layers,
  heads,
  kvHeads: heads,
  headSize,
  contextLength,
  initializerRange,
  normEpsilon: 1e-5,
};

/** Equally small, with LayerNorm, fused layers and biases. */
export const gptNeoXConfig: GptNeoXConfig = {
  architecture: "gpt_neox",
  ...common,
  intermediateSize: 40,
  ropeTheta: 10000,
  rotaryFactor: 0.5,
  parallelResidual: true,
  attentionBias: true,
  activation: "gelu",
  tiedEmbeddings: false,
};

/** Equally small, with learned positions and transposed weights. */
export const gpt2Config: Gpt2Config = {
  architecture: "gpt2",
  ...common,
  intermediateSize: 40,
  activation: "gelu-tanh",
  tiedEmbeddings: true,
};

/** A policy of {@link tinyConfig} with seeded parameters. */
export function tinyPolicy(programs: ProgramCache, seed = 1): Promise<Policy> {
  const parameters = initialParameters(tinyConfig, Random.seeded(seed));
  return Policy.create(programs, { config: tinyConfig, parameters, tokenizer: byteTokenizer });
}

/** Token ids below the vocabulary's size. */
export function randomTokens(length: number, random: Random): Int32Array {
  return Int32Array.from({ length }, () => random.integer(tinyConfig.vocabSize));
}

/** Sequences of 2 to 36 tokens. */
export function randomSequences(count: number, random: Random): TokenSequence[] {
  return Array.from({ length: count }, () => ({
    prompt: randomTokens(1 + random.integer(18), random),
    response: randomTokens(1 + random.integer(18), random),
  }));
}

/** Pairs with prompts and responses of 1 to 18 tokens. */
export function randomPairs(count: number, random: Random): TokenizedPair[] {
  return Array.from({ length: count }, (_, i) => {
    const tokens = () => randomTokens(1 + random.integer(18), random);
    return { id: `pair ${i}`, prompt: tokens(), chosen: tokens(), rejected: tokens() };
  });
}
