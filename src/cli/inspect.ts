import { Command } from "commander";
import { counted } from "../base/counted.js";
import { loadPreferencesUnder } from "../cells/load-data.js";
import { summarize, type LoadedPreferences } from "../data/index.js";
import { skippedReasons } from "../data/bad-rows.js";
import { pairAsRead } from "../data/pair-as-read.js";
import { tokenizePairs } from "../data/tokenize.js";
import { unknownNotes } from "../data/unknown-tokens.js";
import { loadCheckpointTokenizer } from "../model/checkpoint/checkpoint.js";
import type { Tokenizer } from "../model/tokenizer/tokenizer.js";
import { Progress } from "../progress/progress.js";
import { templateNotes, tokenizedPrompts, unwrittenNotes } from "./data-notes.js";
import { whole } from "./options.js";
import { textTable } from "./summary-table.js";

interface InspectArguments {
  readonly limit?: number;
  readonly skipBadRows: boolean;
  readonly tokenizer?: string;
}

/** Maximum number of pairs shown as the model reads them, and of reasons listed for which rows were skipped. */
const mostShown = 3;
const mostSkipped = 10;

export function inspectCommand(): Command {
  return new Command("inspect")
    .description(
      "Summarize a file of preference pairs: its format, what was read of it and what was not, what looks wrong, lengths and scores, and three pairs as a model reads them.",
    )
    .argument("<file>", "preference pairs: .jsonl, .jsonl.gz or .parquet, or org/name on the Hugging Face hub")
    .option("--limit <n>", "read only the first n rows (default: all)", whole(1))
    .option("--skip-bad-rows", "skip and count bad rows instead of stopping at the first", false)
    .option(
      "--tokenizer <model>",
      "count tokens with the tokenizer of this checkpoint folder or GGUF file, and show pairs in its chat template (default: count characters)",
    )
    .addHelpText("after", "\nExample:\n  sera inspect pairs.parquet --tokenizer runs/mine/iteration-3/model")
    .action(async (file: string, { limit, skipBadRows, tokenizer: model }: InspectArguments) => {
      const loaded = await loadPreferencesUnder({ reporter: new Progress(process.stderr, false) }, file, {
        skipBadRows,
        ...(limit && { limit }),
      });
      const tokenizer = model === undefined ? undefined : await loadCheckpointTokenizer(model);
      const { pairs, skipped, notes } = tokenizer ? readable(loaded, tokenizer, skipBadRows) : { ...loaded, notes: [] };
      const table = summarize(pairs, tokenizer);
      const columns = table.columnNames();
      const cell = (value: unknown) =>
        typeof value === "number" ? `${Math.round(value * 1000) / 1000}` : String(value);
      const rows = table.objects().map((row) => columns.map((name) => cell((row as Record<string, unknown>)[name])));
      const sections = [
        `${counted(pairs.length, "pair")}, ${loaded.format}${skipped.length ? `, ${counted(skipped.length, "bad row")} skipped` : ""}`,
        readingText(loaded, tokenizer ? [...notes, ...templateNotes(tokenizedPrompts(pairs), tokenizer)] : notes),
        textTable([columns, ...rows]),
        ...pairs.slice(0, mostShown).map((pair) => pairAsRead(pair, tokenizer)),
        ...(skipped.length > 0
          ? [
              skippedReasons(skipped, file)
                .slice(0, mostSkipped)
                .map((reason) => `skipped: ${reason}`)
                .join("\n"),
            ]
          : []),
      ];
      process.stdout.write(`${sections.join("\n\n")}\n`);
    });
}

/**
 * The pairs that the chat template accepts, with notes on what it omits from them and on what the tokenizer does not
 * know; the other pairs are bad rows.
 *
 * @throws InputError naming the first bad row, unless bad rows are skipped
 */
function readable({ pairs, skipped }: LoadedPreferences, tokenizer: Tokenizer, skipBadRows: boolean) {
  const tokenized = tokenizePairs(pairs, tokenizer, { contextLength: Number.MAX_SAFE_INTEGER, skipBadRows });
  const kept = new Set(tokenized.pairs.map(({ id }) => id));
  return {
    pairs: pairs.filter(({ id }) => kept.has(id)),
    skipped: [...skipped, ...tokenized.skipped],
    notes: [
      ...unwrittenNotes(tokenized.unwritten),
      ...unknownNotes(
        tokenized.pairs.map(({ prompt }) => prompt),
        tokenizer,
      ),
    ],
  };
}

/** What each column became, and the notes, one line each. */
function readingText({ reading: { mapped, notes } }: LoadedPreferences, more: readonly string[]): string {
  const read = Object.entries(mapped).map(([column, as]) => (column === as ? column : `${column} as ${as}`));
  return [`read: ${read.join(", ")}`, ...[...notes, ...more].map((note) => `note: ${note}`)].join("\n");
}
