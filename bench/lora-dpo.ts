import { Command } from "commander";
import { cpus } from "node:os";
import { bytesIn } from "../src/base/byte-size.js";
import { Random } from "../src/base/random.js";
import { whole } from "../src/cli/options.js";
import { OnnxEngine } from "../src/engine/onnx/engine.js";
import { ProgramCache } from "../src/engine/program-cache.js";
import type { LlamaConfig } from "../src/model/config.js";
import { allLinear, initialLora } from "../src/model/parameters/lora/lora.js";
import { initialParameters } from "../src/model/parameters/parameters.js";
import { Policy } from "../src/model/policy/policy.js";
import { trainTokenizer } from "../src/model/tokenizer/train-tokenizer.js";
import { epochOfDpo } from "./dpo-work.js";
import { peakBytes } from "./spent.js";

/*
 * Measures the memory and processor time of an epoch of DPO, in the shape of SmolLM2-135M with random weights: an
 * adapter of rank 16 on all linear layers, and pairs of up to 512 tokens per side.
 *
 * usage: npm run bench:lora -- --pairs 64 --memory 4GB
 */

interface Options {
  readonly pairs: number;
  readonly batchSize: number;
  readonly microBatchSize?: number;
  readonly memory?: string;
}

const command = new Command("bench:lora")
  .description("Measures the peak memory and the processor time of LoRA DPO in the shape of SmolLM2-135M.")
  .option("--pairs <n>", "pairs, of up to 512 tokens a side", whole(1), 64)
  .option("--batch-size <n>", "pairs of a step", whole(1), 32)
  .option("--micro-batch-size <n>", "pairs that go through the model at once (default: as planned)", whole(1))
  .option("--memory <size>", "memory to plan for (default: three quarters of what is free)")
  .parse();
const { pairs: count, batchSize, microBatchSize, memory } = command.opts<Options>();

const config: LlamaConfig = {
  architecture: "llama",
  vocabSize: 49152,
  hiddenSize: 576,
  intermediateSize: 1536,
  layers: 30,
  heads: 9,
  kvHeads: 3,
  headSize: 64,
  contextLength: 8192,
  ropeTheta: 1e5,
  normEpsilon: 1e-5,
  tiedEmbeddings: true,
  initializerRange: 0.02,
};
const adapter = { rank: 16, alpha: 32, targets: allLinear };

const random = Random.seeded(1);
const tokens = (length: number) => Int32Array.from({ length }, () => random.integer(config.vocabSize));
const sequences = Array.from({ length: count }, () => {
  const prompt = tokens(20 + random.integer(181));
  const answered = () => ({ prompt, response: tokens(20 + random.integer(293)) });
  return [answered(), answered()] as const;
});

const engine = new OnnxEngine();
const base = await Policy.create(new ProgramCache(engine, bytesIn(memory)), {
  config,
  parameters: initialParameters(config, random),
  tokenizer: trainTokenizer([]),
});
const policy = await base.withAdapter(adapter, initialLora(config, adapter, random));

const {
  scoring,
  training,
  memory: planned,
} = await epochOfDpo(policy, sequences, {
  batchSize,
  ...(microBatchSize !== undefined && { microBatchSize }),
});
console.log(`${cpus()[0]?.model.trim() ?? "unknown CPU"}, ${cpus().length} logical cores, Node ${process.version}`);
console.log(
  `${count} pairs, steps of ${batchSize}, micro-batches of ${planned.microBatchSize}${planned.recompute ? ", recomputed" : ""}`,
);
console.log("| scoring, s | training, s | processor time, s | peak, GB |\n| ---: | ---: | ---: | ---: |");
const figures = [scoring.seconds, training.seconds, scoring.processor + training.processor, peakBytes() / 1e9];
console.log(`| ${figures.map((figure) => figure.toFixed(1)).join(" | ")} |`);
await engine.close();
