import { Command, InvalidArgumentError } from "commander";
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeJson } from "../src/base/files.js";
import { share, whole } from "../src/cli/options.js";
import { runForJson } from "./child.js";
import { findPython, keepPages, pyTorchMissing, pythonScript } from "./pytorch.js";

/*
 * Measures DPO with LoRA on a model in TinyLlama-1.1B's shape, compared with PyTorch and PEFT on the same checkpoint: each in
 * its own process, one after the other.
 */

/** The output of either side. */
interface LargeResult {
  readonly loadSeconds: number;
  /** The first step, including its preparation. */
  readonly firstStepSeconds: number;
  readonly stepSeconds: number;
  readonly tokensPerSecond: number;
  readonly losses: readonly number[];
  readonly peakBytes: Readonly<Record<"load" | "step" | "generate", number>>;
}

const ways = {
  ours: "sera-lab",
  "ours-int8": "sera-lab, int8",
  "ours-recompute": "sera-lab, recomputing",
  "ours-recompute-int8": "sera-lab, int8, recomputing",
  pytorch: "PyTorch + PEFT",
  "pytorch-recompute": "PyTorch + PEFT, checkpointing",
  "pytorch-recompute-pages": "the same, keeping pages",
} as const;
type Way = keyof typeof ways;

const defaults: readonly Way[] = [
  "ours-recompute",
  "ours-recompute-int8",
  "pytorch-recompute",
  "pytorch-recompute-pages",
];

const options = new Command("bench:large")
  .description(
    "Measures DPO steps with LoRA on a model in the shape of TinyLlama-1.1B (random weights, read from bf16; numbers are float32, or the base in int8), " +
      "and greedy decoding, beside PyTorch and PEFT where .venv (scripts/make-venv.sh) or $PYTHON has them. " +
      "Takes 2.2 GB of disk while it runs, some 8 GB of memory, and a minute or so for each step.",
  )
  .option("--ways <names>", `some of ${Object.keys(ways).join(",")}`, parseWays, defaults)
  .option("--steps <n>", "steps that are timed, after the first", whole(1), 2)
  .option("--prompt <n>", "tokens of the prompt", whole(1), 256)
  .option("--response <n>", "tokens of the chosen and of the rejected response", whole(1), 256)
  .option("--new-tokens <n>", "tokens that are written", whole(1), 32)
  .option("--rank <n>", "of the adapter on all linear layers", whole(1), 16)
  .option("--dropout <share>", "of the adapter", share, 0)
  .option("--layers <n>", "fewer than 22 for a smaller model", whole(1), 22)
  .option("--json <file>", "write all numbers to this file")
  .parse()
  .opts<
    Record<"steps" | "prompt" | "response" | "newTokens" | "rank" | "dropout" | "layers", number> & {
      ways: readonly Way[];
      json?: string;
    }
  >();

function parseWays(list: string): Way[] {
  return list.split(",").map((way) => {
    if (way in ways) return way as Way;
    throw new InvalidArgumentError(`found "${way}", expected some of ${Object.keys(ways).join(",")}`);
  });
}

const folder = await mkdtemp(join(tmpdir(), "sera-lab-bench-"));
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    rmSync(folder, { recursive: true });
    process.exit(1);
  });
}
try {
  const checkpoint = join(folder, "model");
  const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  await runForJson(process.execPath, [script("./large-checkpoint.js"), checkpoint, `${options.layers}`]);
  const python = await findPython();
  if (python === undefined) console.log(`${pyTorchMissing}\n`);
  const results: Partial<Record<Way, LargeResult>> = {};
  console.log(
    "| | load, s | first step, s | step, s | tokens/s written | peak loading, GB | training, GB | writing, GB |",
  );
  console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
  for (const way of options.ways) {
    const { steps, prompt, response, newTokens, rank, dropout } = options;
    const work = JSON.stringify({
      checkpoint,
      steps,
      prompt,
      response,
      newTokens,
      rank,
      dropout,
      recompute: way.includes("recompute"),
      int8: way.includes("int8"),
    });
    if (!way.startsWith("ours") && python === undefined) continue;
    const result = (await (way.startsWith("ours")
      ? runForJson(process.execPath, [script("./large-measure.js"), work])
      : runForJson(
          python!,
          [pythonScript("bench_large.py"), work],
          way.endsWith("pages") ? keepPages : {},
        ))) as LargeResult;
    results[way] = result;
    console.log(`| ${[ways[way], ...cells(result)].join(" | ")} |`);
  }
  if (options.json !== undefined) await writeJson(options.json, { options, results });
} finally {
  await rm(folder, { recursive: true });
}

function cells({ loadSeconds, firstStepSeconds, stepSeconds, tokensPerSecond, peakBytes }: LargeResult): string[] {
  const numbers = [loadSeconds, firstStepSeconds, stepSeconds, tokensPerSecond].map((value) => value.toFixed(1));
  const peaks = [peakBytes.load, peakBytes.step, peakBytes.generate].map((bytes) => (bytes / 1e9).toFixed(1));
  return [...numbers, ...peaks];
}
