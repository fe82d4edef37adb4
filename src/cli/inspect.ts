import { Command } from "commander";
import { summarize } from "../data/index.js";
import { loadPreferences } from "../data/load-preferences.js";
import { loadTokenizer } from "../model/load-tokenizer.js";
import { whole } from "./options.js";
import { textTable } from "./summary-table.js";

interface InspectArguments {
  readonly limit?: number;
  readonly skipBadRows: boolean;
  readonly tokenizer?: string;
}

export function inspectCommand(): Command {
  return new Command("inspect")
    .description("what a file of preference pairs holds: its form, counts, lengths, scores")
    .argument("<file>", "preference pairs: .jsonl, .jsonl.gz or .parquet")
    .option("--limit <n>", "read the first n rows only", whole(1))
    .option("--skip-bad-rows", "leave bad rows out, counted, instead of stopping at the first", false)
    .option("--tokenizer <folder>", "count tokens by the tokenizer of this checkpoint folder")
    .action(async (file: string, { limit, skipBadRows, tokenizer }: InspectArguments) => {
      const { pairs, format, skipped } = await loadPreferences(file, { skipBadRows, ...(limit && { limit }) });
      const table = summarize(pairs, tokenizer === undefined ? undefined : await loadTokenizer(tokenizer));
      const columns = table.columnNames();
      const cell = (value: unknown) => (typeof value === "number" ? `${Math.round(value * 1000) / 1000}` : String(value));
      const rows = table.objects().map((row) => columns.map((name) => cell((row as Record<string, unknown>)[name])));
      process.stdout.write(`${pairs.length} pairs, ${format}${skipped.length ? `, ${skipped.length} bad rows skipped` : ""}\n\n`);
      process.stdout.write(`${textTable([columns, ...rows])}\n`);
      for (const { reason } of skipped.slice(0, 10)) process.stdout.write(`skipped: ${reason}\n`);
    });
}
