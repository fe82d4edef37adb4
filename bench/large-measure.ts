import { readFileSync, writeFileSync } from "node:fs";
import { dpo } from "../src/align/losses/dpo.js";
import { preference } from "../src/align/preference.js";
import { Trainer } from "../src/align/trainer.js";
import { Random } from "../src/base/random.js";
import { OnnxEngine } from "../src/engine/onnx/engine.js";
import { ProgramCache } from "../src/engine/program-cache.js";
import { generate } from "../src/model/generation/generate.js";
import { allLinear, initialLora } from "../src/model/parameters/lora/lora.js";
import { Policy } from "../src/model/policy/policy.js";
import { median } from "./samples.js";

/*
 * Our side of bench/large.ts; bench/python/bench_large.py is the other.
 *
 * usage: node dist/bench/large-measure.js '{"checkpoint": …}'
 */

interface TaskOptions {
  readonly checkpoint: string;
  readonly steps: number;
  readonly prompt: number;
  readonly response: number;
  readonly newTokens: number;
  readonly rank: number;
  readonly dropout: number;
  readonly recompute: boolean;
  readonly int8: boolean;
}

/** Peak resident memory since the last call on Linux; elsewhere since the process began. */
function peakBytes(): number {
  if (process.platform !== "linux") return process.resourceUsage().maxRSS * 1024;
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))![1]!;
  writeFileSync("/proc/self/clear_refs", "5");
  return Number(peak) * 1024;
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

const work = JSON.parse(process.argv[2]!) as TaskOptions;
const { rank, steps } = work;
const random = Random.seeded(2);
const programs = new ProgramCache(new OnnxEngine());

let policy!: Policy;
const loadSeconds = await seconds(async () => {
  const base = await Policy.load(programs, work.checkpoint, work.checkpoint, work.int8 ? "int8" : undefined);
  const adapter = { rank, alpha: 2 * rank, targets: allLinear, dropout: work.dropout };
  policy = await base.withAdapter(adapter, initialLora(base.config, adapter, random.fork("lora")));
});
const load = peakBytes();

const tokens = (length: number) => Int32Array.from({ length }, () => random.integer(policy.config.vocabSize));
const prompt = tokens(work.prompt);
// Computing the reference's log-probabilities is not timed, on either side.
const pair = {
  chosen: { prompt, response: tokens(work.response) },
  rejected: { prompt, response: tokens(work.response) },
  referenceChosen: -11 * work.response,
  referenceRejected: -11 * work.response,
};
const options = { batchSize: 1, epochs: steps + 1, learningRate: 1e-4, recompute: work.recompute };
const training = await Trainer.begin(policy, preference(dpo({ beta: 0.1 })), [pair], options, random);
const records = training.steps();
const losses: number[] = [];
const stepSeconds: number[] = [];
for (let step = 0; step <= steps; step++) {
  stepSeconds.push(await seconds(async () => losses.push((await records.next()).value!.loss)));
}
await training.end();
const step = peakBytes();

await programs.trim(0);
// What follows is counted without the memory that was just freed.
peakBytes();
const write = () =>
  seconds(async () => {
    const requests = [{ key: "0", prompt: tokens(32), responses: 1 }];
    const greedy = { temperature: 0, maxNewTokens: work.newTokens, stopTokens: [] };
    for await (const batch of generate(policy, requests, random, greedy)) void batch;
  });
await write();
const tokensPerSecond = work.newTokens / (await write());
const [firstStepSeconds, ...others] = stepSeconds;
console.log(
  JSON.stringify({
    ...{ loadSeconds, firstStepSeconds, stepSeconds: median(others), tokensPerSecond, losses },
    peakBytes: { load, step, generate: peakBytes() },
  }),
);
process.exit();
