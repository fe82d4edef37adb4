import { Command } from "commander";
import { writeFileAtomic } from "../base/files.js";
import { Random } from "../base/random.js";
import { loadPreferences } from "../data/load-preferences.js";
import { judgePairsWithProgress } from "../judge/judge-rows.js";
import type { Spending } from "../judge/judge.js";
import { loadResponses } from "../judge/load-responses.js";
import { pairResponses } from "../judge/pair-responses.js";
import { winRateOf, type WinRate } from "../judge/win-rate.js";
import type { Interval } from "../stats/interval.js";
import { judgeFromFlags, judgeNames, judgeOptions, spendingText, type JudgeFlags } from "./judge-flags.js";
import { whole } from "./options.js";
import { continues, withSignals } from "./session.js";
import { textTable } from "./summary-table.js";

interface JudgeArguments extends JudgeFlags {
  readonly judge: string;
  readonly prompts?: string;
  readonly limit?: number;
  readonly seed: number;
  readonly out?: string;
  readonly estimate: boolean;
  readonly quiet: boolean;
}

export function judgeCommand(): Command {
  const command = new Command("judge")
    .description(
      "Estimate the win rate of one model's responses over another's. Each pair is judged in both orders; a choice that changes with the order is a tie.",
    )
    .argument(
      "<a>",
      "responses of one model: rows with a response and its prompt, its id, or both; .jsonl, .jsonl.gz or .parquet",
    )
    .argument("<b>", "responses of the other model to the same prompts")
    .requiredOption("--judge <name>", judgeNames)
    .option(
      "--prompts <pairs>",
      "preference pairs with the prompts by id, for responses without a prompt (a run's responses.jsonl)",
    )
    .option("--limit <n>", "judge only the first n prompts", whole(1))
    .option("--seed <n>", "seed of the bootstrap interval", whole(0), 0)
    .option("--out <file>", "write each comparison as a line of JSON")
    .option("--estimate", "estimate the cost without asking", false)
    .option("--quiet", "show no progress", false);
  return judgeOptions(command, "", "pairwise")
    .addHelpText(
      "after",
      `
Example:
  sera judge mine.jsonl theirs.jsonl --judge openai:gpt-4.1-mini --max-cost 2`,
    )
    .action(async (a: string, b: string, args: JudgeArguments) => {
      const text = await withSignals(args.quiet, continues, async (session) => {
        const { judge, rows } = await session.prepare(async () => ({
          judge: await judgeFromFlags(args.judge, args),
          rows: await comparisons(a, b, args),
        }));
        if (args.estimate) return estimateText(await judge.plan?.({ pairs: rows }));
        const verdicts = await judgePairsWithProgress(judge, rows, session);
        const compared = rows.map((row, i) => ({ ...row, verdict: verdicts[i]! }));
        if (args.out) await writeFileAtomic(args.out, compared.map((row) => `${JSON.stringify(row)}\n`).join(""));
        return winRateText(winRateOf(judge.name, compared, Random.seeded(args.seed).fork("win rate")), judge.spent);
      });
      process.stdout.write(`${text}\n`);
    });
}

async function comparisons(a: string, b: string, { prompts, limit }: JudgeArguments) {
  const pairs = prompts === undefined ? [] : (await loadPreferences(prompts)).pairs;
  const promptOf = new Map(pairs.map(({ id, prompt }) => [id, prompt]));
  return pairResponses(await loadResponses(a, promptOf), await loadResponses(b, promptOf)).slice(0, limit);
}

function estimateText(estimate: Spending | undefined): string {
  return estimate ? spendingText(estimate) : "nothing: this judge asks nobody";
}

function winRateText(rate: WinRate, spent: Spending | undefined): string {
  const {
    comparisons: n,
    wins,
    ties,
    losses,
    wilson,
    bootstrap,
    lengthControlled,
    lengthA,
    lengthB,
    orders,
    firstTwice,
    secondTwice,
    warnings,
  } = rate;
  const rows = [
    ["win rate of a (ties half)", intervalText(wilson)],
    ["  by bootstrap over prompts", intervalText(bootstrap)],
    ["  at equal lengths", lengthControlled ? intervalText(lengthControlled) : "–"],
    ["wins, ties, losses", `${wins}, ${ties}, ${losses} of ${n}`],
    ["mean length of a, b", `${lengthA.toFixed(0)}, ${lengthB.toFixed(0)} characters`],
    ["same in both orders", `${orders.share.toFixed(3)}, κ ${orders.kappa?.toFixed(3) ?? "–"}`],
    ["first, second place taken twice", `${firstTwice}, ${secondTwice}`],
    ...(spent ? [["asked", spendingText(spent)]] : []),
  ];
  return [textTable(rows), ...warnings.map((warning) => `warning: ${warning}`)].join("\n");
}

function intervalText({ mean, low, high }: Interval): string {
  return `${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}
