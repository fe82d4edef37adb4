import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeJson } from "../src/base/files.js";
import { Random } from "../src/base/random.js";
import { loadPreferences } from "../src/data/load-preferences.js";
import { tokenizePairs } from "../src/data/tokenize.js";
import { OnnxEngine } from "../src/engine/onnx/engine.js";
import { ProgramCache } from "../src/engine/program-cache.js";
import { generate, type GenerationOptions } from "../src/model/generation/generate.js";
import { weightsNamed } from "../src/model/parameters/quantization/quantized-weights.js";
import { Policy } from "../src/model/policy/policy.js";
import { pairLogProbs } from "../src/review/index.js";
import type { WeightsResult } from "./weights.js";

/*
 * Measures one kind of weights of bench/weights.ts. If `saveTo` is given, saves the model and the prompts for transformers'
 * side, bench/python/bench_weights.py.
 */

interface Work {
  readonly model: string;
  readonly file: string;
  readonly weights: string;
  readonly saveTo?: string;
  readonly pairs: number;
  readonly prompts: number;
  readonly responses: number;
  readonly newTokens: number;
}

const work = JSON.parse(process.argv[2]!) as Work;

/** Peak resident memory since the last call on Linux; elsewhere since the process began. */
function peakBytes(): number {
  if (process.platform !== "linux") return process.resourceUsage().maxRSS * 1024;
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))![1]!;
  writeFileSync("/proc/self/clear_refs", "5");
  return Number(peak) * 1024;
}

async function timed<T>(task: () => Promise<T>): Promise<{ seconds: number; result: T }> {
  const start = performance.now();
  const result = await task();
  return { seconds: (performance.now() - start) / 1000, result };
}

const engine = new OnnxEngine();
const programs = new ProgramCache(engine);
const { seconds: loadSeconds, result: policy } = await timed(() =>
  Policy.load(programs, work.model, work.model, weightsNamed(work.weights)),
);
const load = peakBytes();
const heldBytes = engine.stateBytes;

const { pairs: texts } = await loadPreferences(work.file);
const { pairs: all } = tokenizePairs(texts, policy.tokenizer, {
  contextLength: policy.config.contextLength,
  maxLength: 512,
  skipBadRows: true,
});
const pairs = all.slice(0, work.pairs);
const prompts = [...new Map(all.map(({ prompt }) => [prompt.join(), prompt])).values()].slice(0, work.prompts);

async function write(responses: number, options: GenerationOptions): Promise<number[][]> {
  const requests = prompts.map((prompt, i) => ({ key: `${i}`, prompt, responses }));
  const written: number[][] = [];
  for await (const batch of generate(policy, requests, Random.seeded(1), {
    ...options,
    maxNewTokens: work.newTokens,
    stopTokens: [],
  })) {
    for (const { request, tokens } of batch) written[request] = [...tokens];
  }
  return written;
}

if (work.saveTo !== undefined) {
  await policy.save(work.saveTo);
  const { responses, newTokens } = work;
  await writeJson(join(work.saveTo, "work.json"), {
    prompts: prompts.map((prompt) => [...prompt]),
    responses,
    newTokens,
    padId: policy.tokenizer.padId,
  });
  console.log("{}");
} else {
  const scored = await timed(() => pairLogProbs(policy, pairs));
  const { chosen, rejected } = scored.result;
  await programs.trim(0);
  const score = peakBytes();
  // Including the building of programs, since a user waits for it.
  const { seconds: writeSeconds } = await timed(() => write(work.responses, { temperature: 0.7 }));
  const result: WeightsResult = {
    ...{ loadSeconds, scoreSeconds: scored.seconds, writeSeconds, heldBytes },
    margins: Array.from(chosen, (value, i) => value - rejected[i]!),
    peakBytes: { load, score, write: peakBytes() },
    greedy: await write(1, { temperature: 0 }),
  };
  console.log(JSON.stringify(result));
}
await engine.close();
