import { Random } from "../src/base/random.js";
import { OnnxEngine } from "../src/engine/onnx/engine.js";
import { ProgramCache } from "../src/engine/program-cache.js";
import type { LlamaConfig } from "../src/model/config.js";
import { generate } from "../src/model/generation/generate.js";
import { initialParameters, parameterCount } from "../src/model/parameters/parameters.js";
import { Policy } from "../src/model/policy/policy.js";
import { trainTokenizer } from "../src/model/tokenizer/train-tokenizer.js";
import { epochOfDpo } from "./dpo-work.js";
import type { GrowthPoint, GrowthSizes } from "./growth-sizes.js";
import { peakBytes, timed } from "./spent.js";

/*
 * One point of bench/growth.ts: a model of a given width scores pairs, is trained on them, and responds to their prompts.
 *
 * usage: node dist/bench/growth-point.js '{"pairs":64,"width":128,"length":64}'
 */

const { pairs: count, width, length } = JSON.parse(process.argv[2]!) as GrowthSizes;
const half = length / 2;
const config: LlamaConfig = {
  architecture: "llama",
  vocabSize: 2048,
  hiddenSize: width,
  intermediateSize: 4 * width,
  layers: 4,
  heads: width / 64,
  kvHeads: width / 64,
  headSize: 64,
  contextLength: length,
  ropeTheta: 1e4,
  normEpsilon: 1e-5,
  tiedEmbeddings: true,
  initializerRange: 0.02,
};

const random = Random.seeded(1);
const engine = new OnnxEngine();
const policy = await Policy.create(new ProgramCache(engine), {
  config,
  parameters: initialParameters(config, random),
  tokenizer: trainTokenizer([]),
});
const tokens = () => Int32Array.from({ length: half }, () => random.integer(config.vocabSize));
const pairs = Array.from({ length: count }, () => {
  const prompt = tokens();
  return [
    { prompt, response: tokens() },
    { prompt, response: tokens() },
  ] as const;
});
const requests = pairs.map(([{ prompt }], i) => ({ key: `${i}`, prompt, responses: 1 }));
const { spent: writing } = await timed(async () => {
  // Nothing ends a response early, so that all have the same length.
  const written = generate(policy, requests, Random.seeded(3), { maxNewTokens: half, stopTokens: [] });
  for await (const batch of written) {
    if (batch.some(({ tokens }) => tokens.length !== half)) throw new Error("a response ended early");
  }
});
const { scoring, training } = await epochOfDpo(policy, pairs, { batchSize: 32 });
const point: GrowthPoint = { scoring, training, writing, peakBytes: peakBytes(), parameters: parameterCount(config) };
console.log(JSON.stringify(point));
await engine.close();
