import { Command } from "commander";
import { counted, countedOf, grouped } from "../base/counted.js";
import { writeFileAtomic } from "../base/files.js";
import { reported } from "../base/task.js";
import { loadPreferencesUnder } from "../cells/load-data.js";
import { bridge, type Bridged, type Editor, type EditWay, editWays } from "../data/bridge.js";
import { preferenceRow } from "../data/preference-rows.js";
import { worldEditor } from "../data/world/editor.js";
import { llmEditor, type LlmEditor } from "../judge/llm/llm-editor.js";
import { parseJudgeModel } from "../judge/llm/provider.js";
import { dataNotes } from "./data-notes.js";
import { judgeOptions, llmOptions, spendingText, type JudgeFlags } from "./judge-flags.js";
import { whole } from "./options.js";
import { unknownName } from "./option-errors.js";
import { continues, withSignals } from "./session.js";

interface BridgeArguments extends JudgeFlags {
  readonly data: string;
  readonly limit?: number;
  readonly skipBadRows: boolean;
  readonly editor: string;
  readonly editPrompt?: string;
  readonly way: EditWay;
  readonly blind: boolean;
  readonly out: string;
  readonly quiet: boolean;
}

export function bridgeCommand(): Command {
  const command = new Command("bridge")
    .description(
      "Bridge preference pairs (BMC): rewrite one response of each pair, so that the two differ in little except what makes one of them better.",
    )
    .requiredOption(
      "--data <source>",
      "preference pairs: .jsonl, .jsonl.gz or .parquet, or org/name on the Hugging Face hub",
    )
    .option("--limit <n>", "use only the first n rows (default: all)", whole(1))
    .option("--skip-bad-rows", "skip and count bad rows instead of stopping at the first", false)
    .requiredOption(
      "--editor <name>",
      "the editor: anthropic:<model>, openai:<model>, or world for the synthetic world's program",
    )
    .option(
      "--way <way>",
      `which response is edited: ${editWays.join(" (the rejected one), ")} (the chosen one)`,
      wayNamed,
      "improve",
    )
    .option("--blind", "do not show the editor the pair's other response", false)
    .requiredOption("--out <file>", "file for the bridged pairs, as lines of JSON")
    .option("--quiet", "show no progress", false);
  return judgeOptions(command, "", "edit")
    .addHelpText(
      "after",
      `
Example:
  sera bridge --data pairs.jsonl --editor openai:gpt-4.1-mini --max-cost 5 --out bridged.jsonl
  sera align --method bmc --data bridged.jsonl --model org/model --out runs/bmc`,
    )
    .action(async (args: BridgeArguments) => {
      const text = await withSignals(args.quiet, continues, async (session) => {
        const editor = await session.prepare(() => editorFromFlags(args));
        const { skipBadRows, limit } = args;
        const loaded = await session.prepare(() =>
          loadPreferencesUnder(session, args.data, { skipBadRows, ...(limit && { limit }) }),
        );
        process.stderr.write(dataNotes(args.data, { ...loaded, truncation: nothingCut }).join(""));
        const bridged = await reported(`bridge by ${editor.name}`, "pairs", session, (task) =>
          bridge(loaded.pairs, editor, { way: args.way, seesOther: !args.blind }, task),
        );
        await writeFileAtomic(
          args.out,
          bridged.pairs.map((pair) => `${JSON.stringify(preferenceRow(pair))}\n`).join(""),
        );
        return summaryOf(bridged, editor);
      });
      process.stdout.write(`${text}\n${args.out}\n`);
    });
}

const nothingCut = { prompts: 0, promptTokens: 0, responses: 0, responseTokens: 0 };

/** @throws InputError for an unknown provider, a flag out of range, or a missing API key */
async function editorFromFlags({ editor: name, editPrompt, ...flags }: BridgeArguments): Promise<Editor | LlmEditor> {
  if (name === "world") return worldEditor();
  const { baseUrl, keyVariable } = flags;
  const model = {
    ...parseJudgeModel(name),
    ...(baseUrl !== undefined && { baseUrl }),
    ...(keyVariable !== undefined && { keyVariable }),
  };
  return llmEditor(model, { ...llmOptions(flags, ""), ...(editPrompt !== undefined && { prompt: editPrompt }) });
}

function summaryOf({ pairs, edited, unneeded, unusable }: Bridged, editor: Editor | LlmEditor): string {
  const counts = `${countedOf(edited, pairs.length, "pair")} edited, ${grouped(unneeded)} without need, ${counted(unusable, "edit")} of no use`;
  return "spent" in editor ? `${counts}\n${spendingText(editor.spent)}` : counts;
}

function wayNamed(text: string): EditWay {
  const way = editWays.find((name) => name === text);
  if (!way) throw unknownName(text, editWays);
  return way;
}
