import { Command } from "commander";
import { inputError } from "../base/errors.js";
import { writeFileAtomic } from "../base/files.js";
import { Random } from "../base/random.js";
import { loadPreferences } from "../data/load-preferences.js";
import { goldJudge } from "../judge/gold-judge.js";
import { judgePairsWithProgress } from "../judge/judge-rows.js";
import type { Judge, Spending } from "../judge/judge.js";
import { dollars } from "../judge/llm/budget.js";
import { llmJudge } from "../judge/llm/llm-judge.js";
import { parseJudgeModel } from "../judge/llm/provider.js";
import { loadResponses } from "../judge/load-responses.js";
import { pairResponses } from "../judge/pair-responses.js";
import { winRateOf, type WinRate } from "../judge/win-rate.js";
import type { Interval } from "../stats/interval.js";
import { number, whole } from "./options.js";
import { withSignals } from "./session.js";
import { textTable } from "./summary-table.js";

interface JudgeArguments {
  readonly judge: string;
  readonly prompts?: string;
  readonly limit?: number;
  readonly baseUrl?: string;
  readonly keyVariable?: string;
  readonly pairwisePrompt?: string;
  readonly maxCost?: number;
  readonly maxCalls?: number;
  readonly priceInput?: number;
  readonly priceOutput?: number;
  readonly maxTokens?: number;
  /** False where `--no-temperature` is given. */
  readonly temperature?: number | false;
  readonly concurrency?: number;
  readonly cache?: string;
  readonly seed: number;
  readonly out?: string;
  readonly estimate: boolean;
  readonly quiet: boolean;
}

export function judgeCommand(): Command {
  return new Command("judge")
    .description("win rate of one model's answers over another's, by a language model or the gold reward; both orders, ties by position found out")
    .argument("<a>", "answers: rows with a response and its prompt, id or both; .jsonl, .jsonl.gz or .parquet")
    .argument("<b>", "the rival's answers to the same prompts")
    .requiredOption("--judge <name>", "anthropic:model, openai:model, or gold (the synthetic world's)")
    .option("--prompts <pairs>", "a file of preference pairs that has the prompts by id, for answers without (a run's responses.jsonl)")
    .option("--limit <n>", "judge the first n prompts only", whole(1))
    .option("--base-url <address>", "another server that speaks the same: vLLM, Ollama …; it gets no key unless one is named")
    .option("--key-variable <name>", "environment variable with the key; for the makers' own servers ANTHROPIC_API_KEY, OPENAI_API_KEY")
    .option("--pairwise-prompt <file>", "a prompt of your own, with {{prompt}}, {{first}} and {{second}}")
    .option("--max-cost <dollars>", "ask nothing that would cost more in all", number)
    .option("--max-calls <n>", "make no more requests", whole(0))
    .option("--price-input <dollars>", "of a million tokens, where data/judge/prices.json does not know it", number)
    .option("--price-output <dollars>", "the same of tokens that are answered", number)
    .option("--max-tokens <n>", "longest answer of the judge; those that think before need more", whole(1))
    .option("--temperature <t>", "of the judge; default 0", number)
    .option("--no-temperature", "send none, for models that take none")
    .option("--concurrency <n>", "requests at a time", whole(1))
    .option("--cache <folder>", "where answers are kept, so that none is paid for twice (default: runs/judge-cache)")
    .option("--seed <n>", "of the bootstrap", whole(0), 0)
    .option("--out <file>", "write a line of JSON for each comparison")
    .option("--estimate", "tell what it would cost, and ask nothing", false)
    .option("--quiet", "show no progress", false)
    .action(async (a: string, b: string, args: JudgeArguments) => {
      const text = await withSignals(args.quiet, "giving the same command", async (session) => {
        const { judge, rows } = await session.prepare(async () => ({ judge: await judgeOf(args), rows: await comparisons(a, b, args) }));
        if (args.estimate) return estimateText(await judge.plan?.({ pairs: rows }));
        const verdicts = await judgePairsWithProgress(judge, rows, session);
        const compared = rows.map((row, i) => ({ ...row, verdict: verdicts[i]! }));
        if (args.out) await writeFileAtomic(args.out, compared.map((row) => `${JSON.stringify(row)}\n`).join(""));
        return winRateText(winRateOf(judge.name, compared, Random.seeded(args.seed).fork("win rate")), judge.spent);
      });
      process.stdout.write(`${text}\n`);
    });
}

async function judgeOf(args: JudgeArguments): Promise<Judge> {
  const { judge, baseUrl, keyVariable, pairwisePrompt, priceInput, priceOutput } = args;
  if (judge === "gold") return goldJudge();
  if ((priceInput === undefined) !== (priceOutput === undefined)) {
    throw inputError({ file: "price" }, `--price-${priceInput === undefined ? "output" : "input"} alone`, "both --price-input and --price-output");
  }
  const model = { ...parseJudgeModel(judge), ...(baseUrl !== undefined && { baseUrl }), ...(keyVariable !== undefined && { keyVariable }) };
  const { maxCost, maxCalls, maxTokens, concurrency, cache, temperature } = args;
  const given = { maxCost, maxCalls, maxTokens, concurrency, cache, temperature: temperature === false ? null : temperature };
  return llmJudge(model, {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...(priceInput !== undefined && { price: { input: priceInput, output: priceOutput! } }),
    ...(pairwisePrompt !== undefined && { prompts: { pairwise: pairwisePrompt } }),
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
  const { comparisons: n, wins, ties, losses, wilson, bootstrap, lengthControlled, lengthA, lengthB, orders, firstTwice, secondTwice, warnings } = rate;
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

function spendingText({ calls, cached, inputTokens, outputTokens, cost }: Spending): string {
  return `${calls} calls, ${cached} answers kept before, ${inputTokens} tokens in, ${outputTokens} out, ${cost === undefined ? "price not known" : dollars(cost)}`;
}
