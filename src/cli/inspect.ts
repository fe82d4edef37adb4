import { Command } from "commander";
import { summarize } from "../data/index.js";
import { loadPreferencesUnder } from "../cells/load-data.js";
import { loadTokenizer } from "../model/tokenizer/load-tokenizer.js";
import { Progress } from "../progress/progress.js";
import { whole } from "./options.js";
import { textTable } from "./summary-table.js";

interface InspectArguments {
  readonly limit?: number;
  readonly skipBadRows: boolean;
  readonly tokenizer?: string;
}

export function inspectCommand(): Command {
  return new Command("inspect")
    .description("Summarize a file of preference pairs: its format, counts, lengths and scores.")
    .argument("<file>", "preference pairs: .jsonl, .jsonl.gz or .parquet, or org/name on the Hugging Face hub")
    .option("--limit <n>", "read only the first n rows (default: all)", whole(1))
    .option("--skip-bad-rows", "skip and count bad rows instead of stopping at the first", false)
    .option("--tokenizer <folder>", "count tokens with the tokenizer of this checkpoint folder (default: count characters)")
    .addHelpText("after", "\nExample:\n  sera inspect pairs.parquet --tokenizer runs/mine/iteration-3/model")
    .action(async (file: string, { limit, skipBadRows, tokenizer }: InspectArguments) => {
      const { pairs, format, skipped } = await loadPreferencesUnder({ reporter: new Progress(process.stderr, false) }, file, { skipBadRows, ...(limit && { limit }) });
      const table = summarize(pairs, tokenizer === undefined ? undefined : await loadTokenizer(tokenizer));
      const columns = table.columnNames();
      const cell = (value: unknown) => (typeof value === "number" ? `${Math.round(value * 1000) / 1000}` : String(value));
      const rows = table.objects().map((row) => columns.map((name) => cell((row as Record<string, unknown>)[name])));
      process.stdout.write(`${pairs.length} pairs, ${format}${skipped.length ? `, ${skipped.length} bad rows skipped` : ""}\n\n`);
      process.stdout.write(`${textTable([columns, ...rows])}\n`);
      for (const { reason } of skipped.slice(0, 10)) process.stdout.write(`skipped: ${reason}\n`);
    });
}
