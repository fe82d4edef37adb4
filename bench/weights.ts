import { Command } from "commander";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeJson } from "../src/base/files.js";
import { whole } from "../src/cli/options.js";
import { runForJson } from "./child.js";
import { findPython, pyTorchMissing, pythonScript } from "./pytorch.js";

/*
 * Measures what weights in 8 and 4 bits change: margins and labels of preference pairs, greedy responses, seconds and memory.
 * Each kind runs in its own process; transformers' `generate` in float32 is measured for comparison.
 *
 * usage: npm run bench:weights -- model.gguf pairs.jsonl.gz
 */

/** The output of a process with one kind of weights. */
export interface WeightsResult {
  readonly loadSeconds: number;
  readonly scoreSeconds: number;
  readonly writeSeconds: number;
  /** log π(chosen) − log π(rejected) of each pair. */
  readonly margins: readonly number[];
  /** The greedy response to each prompt. */
  readonly greedy: readonly (readonly number[])[];
  readonly heldBytes: number;
  readonly peakBytes: Readonly<Record<"load" | "score" | "write", number>>;
}

interface Options {
  readonly pairs: number;
  readonly prompts: number;
  readonly responses: number;
  readonly newTokens: number;
  readonly json?: string;
}

const command = new Command("bench:weights")
  .description(
    "Measures what weights in int8 and int4 change beside float32, and transformers' generate where .venv or $PYTHON has it.",
  )
  .argument("<model>", "a checkpoint folder or GGUF file")
  .argument("<pairs>", "preference pairs: .jsonl, .jsonl.gz or .parquet; the prompts are theirs")
  .option("--pairs <n>", "pairs of up to 512 tokens a side that are scored", whole(1), 32)
  .option("--prompts <n>", "prompts that are answered", whole(1), 32)
  .option("--responses <n>", "responses sampled to each", whole(1), 4)
  .option("--new-tokens <n>", "tokens of a response", whole(1), 64)
  .option("--json <file>", "write all numbers to this file")
  .parse();
const [model, file] = command.args as [string, string];
const options = command.opts<Options>();

const kinds = ["float32", "int8", "int4"] as const;
const folder = await mkdtemp(join(tmpdir(), "sera-lab-bench-"));
try {
  const script = fileURLToPath(new URL("./weights-measure.js", import.meta.url));
  const measure = (weights: string, saveTo?: string) =>
    runForJson(process.execPath, [script, JSON.stringify({ model, file, weights, saveTo, ...options })]);
  const results = new Map<string, WeightsResult>();
  for (const weights of kinds) results.set(weights, (await measure(weights)) as WeightsResult);
  const python = await findPython();
  if (python === undefined) console.log(`${pyTorchMissing}\n`);
  else await measure("float32", folder);
  const theirs =
    python &&
    ((await runForJson(python, [pythonScript("bench_weights.py"), folder])) as { seconds: number; peakBytes: number });

  const exact = results.get("float32")!;
  console.log(`${cpus()[0]?.model.trim() ?? "unknown CPU"}, ${cpus().length} logical cores, Node ${process.version}`);
  console.log(
    `${exact.margins.length} pairs; ${options.prompts} prompts, ${options.responses} responses of ${options.newTokens} tokens to each\n`,
  );
  console.log(
    "| weights | held, MB | margins off by (RMS, of a spread of) | right labels | labels as float32 | greedy tokens as float32 | greedy responses as float32 | load, s | score, s | write, s | of float32 | peak writing, MB |",
  );
  console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
  for (const [weights, result] of results) console.log(`| ${[weights, ...cells(result, exact)].join(" | ")} |`);
  if (theirs)
    console.log(
      `| transformers, float32 | | | | | | | | | ${theirs.seconds.toFixed(1)} | ${(theirs.seconds / exact.writeSeconds).toFixed(2)} | ${megabytes(theirs.peakBytes)} |`,
    );
  if (options.json !== undefined)
    await writeJson(options.json, { options, results: Object.fromEntries(results), transformers: theirs });
} finally {
  await rm(folder, { recursive: true });
}

function cells(result: WeightsResult, exact: WeightsResult): string[] {
  const { margins, greedy, heldBytes, loadSeconds, scoreSeconds, writeSeconds, peakBytes } = result;
  const share = (hits: readonly boolean[]) => (hits.filter(Boolean).length / hits.length).toFixed(3);
  const rms = (values: readonly number[]) =>
    Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  const mean = exact.margins.reduce((sum, value) => sum + value, 0) / exact.margins.length;
  const off = rms(margins.map((margin, i) => margin - exact.margins[i]!));
  const pairsOf = greedy.map((tokens, i) => [tokens, exact.greedy[i]!] as const);
  // Number of tokens before the first difference.
  const same = pairsOf.map(([tokens, others]) => {
    const first = tokens.findIndex((token, at) => token !== others[at]);
    return (first === -1 ? tokens.length : first) / others.length;
  });
  return [
    megabytes(heldBytes),
    `${off.toFixed(2)} of ${rms(exact.margins.map((margin) => margin - mean)).toFixed(0)}`,
    share(margins.map((margin) => margin > 0)),
    share(margins.map((margin, i) => margin > 0 === exact.margins[i]! > 0)),
    (same.reduce((sum, value) => sum + value, 0) / same.length).toFixed(3),
    share(same.map((value) => value === 1)),
    ...[loadSeconds, scoreSeconds, writeSeconds].map((seconds) => seconds.toFixed(1)),
    (writeSeconds / exact.writeSeconds).toFixed(2),
    megabytes(peakBytes.write),
  ];
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
