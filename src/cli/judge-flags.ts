import type { Command } from "commander";
import { counted } from "../base/counted.js";
import { InputError } from "../base/errors.js";
import { goldJudge } from "../judge/gold-judge.js";
import type { Judge, Spending } from "../judge/judge.js";
import { dollars } from "../judge/llm/budget.js";
import { llmJudge } from "../judge/llm/llm-judge.js";
import { parseJudgeModel } from "../judge/llm/provider.js";
import { number, whole } from "./options.js";

/** The flags that configure a judge; `--judge` chooses it. */
export interface JudgeFlags {
  readonly baseUrl?: string;
  readonly keyVariable?: string;
  readonly pairwisePrompt?: string;
  readonly gradePrompt?: string;
  readonly maxCost?: number;
  readonly maxCalls?: number;
  readonly priceInput?: number;
  readonly priceOutput?: number;
  readonly maxTokens?: number;
  /** False for `--no-temperature`. */
  readonly temperature?: number | false;
  readonly concurrency?: number;
  readonly cache?: string;
}

/** The same flags with a prefix, for a verb that already has flags of these names: `--judge-max-cost` for `--max-cost`. */
export type PrefixedJudgeFlags = {
  readonly [Name in keyof JudgeFlags as `judge${Capitalize<Name>}`]: JudgeFlags[Name];
};

export const judgeNames = "anthropic:<model>, openai:<model>, or gold for the gold reward of the two shipped worlds";

/**
 * Flags for {@link JudgeFlags}.
 *
 * @param prefix prefix of the flags' names
 * @param prompt the kind of prompt that the verb uses
 */
export function judgeOptions(command: Command, prefix: "" | "judge-", prompt: "pairwise" | "grade" | "edit"): Command {
  const fields = {
    pairwise: "{{prompt}}, {{first}} and {{second}}",
    grade: "{{prompt}} and {{response}}",
    edit: "{{task}}, {{prompt}}, {{response}} and {{other}}",
  };
  const [title, who, longest] = prompt === "edit" ? ["Editor", "editor", 4096] : ["Judge", "judge", 512];
  return command
    .optionsGroup(`${title}:`)
    .option(
      `--${prefix}base-url <url>`,
      `address of another server with the same API, such as vLLM or Ollama; no API key is sent to it unless --${prefix}key-variable is given`,
    )
    .option(
      `--${prefix}key-variable <name>`,
      "environment variable that holds the API key (default: ANTHROPIC_API_KEY or OPENAI_API_KEY, for the providers' own servers)",
    )
    .option(`--${prefix}${prompt}-prompt <file>`, `your own prompt template, with ${fields[prompt]}`)
    .option(`--${prefix}max-cost <dollars>`, "cap on the cost of all requests, in US dollars (default: none)", number)
    .option(`--${prefix}max-calls <n>`, "cap on the number of requests (default: none)", whole(0))
    .option(
      `--${prefix}price-input <dollars>`,
      "price of a million input tokens, for a model that data/judge/prices.json does not list",
      number,
    )
    .option(`--${prefix}price-output <dollars>`, "price of a million output tokens", number)
    .option(
      `--${prefix}max-tokens <n>`,
      `length limit of the ${who}'s answer; reasoning models need more (default: ${longest})`,
      whole(1),
    )
    .option(`--${prefix}temperature <t>`, `sampling temperature of the ${who} (default: 0)`, number)
    .option(`--no-${prefix}temperature`, "send no temperature, for models that do not accept one")
    .option(`--${prefix}concurrency <n>`, "concurrent requests (default: 4)", whole(1))
    .option(
      `--${prefix}cache <folder>`,
      "folder that caches answers, so that none is paid for twice (default: runs/judge-cache)",
    );
}

/** Removes the prefix from flags. */
export function withoutPrefix(flags: PrefixedJudgeFlags): JudgeFlags {
  return given({
    baseUrl: flags.judgeBaseUrl,
    keyVariable: flags.judgeKeyVariable,
    gradePrompt: flags.judgeGradePrompt,
    maxCost: flags.judgeMaxCost,
    maxCalls: flags.judgeMaxCalls,
    priceInput: flags.judgePriceInput,
    priceOutput: flags.judgePriceOutput,
    maxTokens: flags.judgeMaxTokens,
    temperature: flags.judgeTemperature,
    concurrency: flags.judgeConcurrency,
    cache: flags.judgeCache,
  });
}

/**
 * Creates the judge of a command line.
 *
 * @param name `gold`, or `provider:model`
 * @throws InputError for an unknown provider, a flag out of range or without effect, or a missing API key
 */
export async function judgeFromFlags(name: string, flags: JudgeFlags, prefix: "" | "judge-" = ""): Promise<Judge> {
  const { baseUrl, keyVariable, pairwisePrompt, gradePrompt } = flags;
  if (name === "gold") return goldJudge();
  const model = { ...parseJudgeModel(name), ...given({ baseUrl, keyVariable }) };
  return llmJudge(model, {
    ...llmOptions(flags, prefix),
    ...((pairwisePrompt ?? gradePrompt) !== undefined && {
      prompts: given({ pairwise: pairwisePrompt, grade: gradePrompt }),
    }),
  });
}

/** Options of a language model from the flags. @throws InputError for one price without the other */
export function llmOptions(
  { priceInput, priceOutput, temperature, maxCost, maxCalls, maxTokens, concurrency, cache }: JudgeFlags,
  prefix: "" | "judge-",
) {
  if ((priceInput === undefined) !== (priceOutput === undefined)) {
    const [there, missing] = priceOutput === undefined ? ["input", "output"] : ["output", "input"];
    throw new InputError(`--${prefix}price-${there}: needs --${prefix}price-${missing} too`);
  }
  return {
    ...given({
      maxCost,
      maxCalls,
      maxTokens,
      concurrency,
      cache,
      temperature: temperature === false ? null : temperature,
    }),
    ...(priceInput !== undefined && priceOutput !== undefined && { price: { input: priceInput, output: priceOutput } }),
  };
}

/** Describes a judge's usage and cost in words. */
export function spendingText({ calls, cached, inputTokens, outputTokens, cost }: Spending): string {
  return `${counted(calls, "request")}, ${counted(cached, "cached answer")}, ${counted(inputTokens, "input token")}, ${counted(outputTokens, "output token")}, ${cost === undefined ? "price unknown" : dollars(cost)}`;
}

type Given<Fields> = { readonly [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

/** The fields that have a value. */
function given<Fields extends object>(fields: Fields): Given<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<Fields>;
}
