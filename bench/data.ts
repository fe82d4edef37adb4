import { Command } from "commander";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { whole } from "../src/cli/options.js";
import { loadPreferences } from "../src/data/load-preferences.js";
import { runForJson } from "./child.js";
import { pythonScript, pythonWith } from "./pytorch.js";
import type { Spent } from "./spent.js";

/*
 * Times reading preference pairs from a file into token ids and a table of their lengths, compared with datasets, tokenizers and
 * pandas, each in its own process.
 *
 * usage: npm run bench:data -- model.gguf pairs.jsonl.gz
 */

/** The output of either side. */
interface DataResult {
  /** Wall-clock and processor seconds of each part. */
  readonly load: Spent;
  readonly tokenize: Spent;
  readonly table: Spent;
  /** Number of token ids in all prompts and responses. */
  readonly tokens: number;
  readonly peakBytes: number;
}

const command = new Command("bench:data")
  .description(
    "Times preference pairs from a file to token ids and a table, beside Python's datasets and tokenizers where .venv or $PYTHON has them.",
  )
  .argument("<model>", "a checkpoint folder or GGUF file, for its tokenizer and chat template")
  .argument("<pairs>", "preference pairs, repeated until there are enough")
  .option("--count <n>", "pairs", whole(1), 64_000)
  .parse();
const [model, file] = command.args as [string, string];
const { count } = command.opts<{ count: number }>();

const folder = await mkdtemp(join(tmpdir(), "sera-lab-bench-"));
try {
  const pairs = join(folder, "pairs.jsonl");
  await writeRepeated(pairs);
  const script = fileURLToPath(new URL("./data-measure.js", import.meta.url));
  const ours = (await runForJson(process.execPath, [script, model, pairs, join(folder, "tokenizer")])) as DataResult;
  const python = await pythonWith("import datasets, pandas, transformers");
  const theirs = async (way: string) =>
    (await runForJson(python!, [pythonScript("bench_data.py"), pairs, join(folder, "tokenizer"), way])) as DataResult;
  console.log(
    `${cpus()[0]?.model.trim() ?? "unknown CPU"}, ${cpus().length} logical cores, Node ${process.version}; ${count} pairs, ${ours.tokens} tokens\n`,
  );
  console.log(
    "| | load, s | tokenise, s | table, s | all, s | processor time, s | peak, GB | tokens |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
  );
  console.log(row("sera-lab", ours));
  if (python === undefined)
    console.log("\nPython is not measured: neither $PYTHON nor .venv has datasets, pandas and transformers.");
  else
    for (const way of ["row by row, as TRL does", "in batches"])
      console.log(row(`datasets and tokenizers, ${way}`, await theirs(way === "in batches" ? "batched" : "rows")));
} finally {
  await rm(folder, { recursive: true });
}

/** The pairs as conversations; the file's pairs are repeated, each with a unique id. */
async function writeRepeated(target: string): Promise<void> {
  const { pairs } = await loadPreferences(file);
  const stream = createWriteStream(target);
  for (let i = 0; i < count; i++) {
    const { prompt, chosen, rejected } = pairs[i % pairs.length]!;
    const asked = typeof prompt === "string" ? [{ role: "user", content: prompt }] : prompt;
    const answered = (content: unknown) => (typeof content === "string" ? [{ role: "assistant", content }] : content);
    const line = JSON.stringify({ id: `${i}`, prompt: asked, chosen: answered(chosen), rejected: answered(rejected) });
    if (!stream.write(`${line}\n`)) await once(stream, "drain");
  }
  stream.end();
  await finished(stream);
}

function row(name: string, { load, tokenize, table, tokens, peakBytes }: DataResult): string {
  const parts = [load, tokenize, table];
  const sum = (of: (part: Spent) => number) => parts.reduce((total, part) => total + of(part), 0).toFixed(1);
  const cells = [
    ...parts.map(({ seconds }) => seconds.toFixed(1)),
    sum(({ seconds }) => seconds),
    sum(({ processor }) => processor),
    (peakBytes / 1e9).toFixed(1),
    tokens,
  ];
  return `| ${[name, ...cells].join(" | ")} |`;
}
