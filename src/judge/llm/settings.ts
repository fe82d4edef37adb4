import { InputError, quote } from "../../base/errors.js";
import { namesOf } from "../../base/option-names.js";
import { Random } from "../../base/random.js";
import { requireOption } from "../../base/require-option.js";
import { shippedData } from "../../data/world/shipped.js";
import type { Caps } from "./budget.js";
import type { Price } from "./prices.js";

/** Options of an LLM judge. */
export interface LlmJudgeOptions extends Caps {
  /** Folder where answers are cached, so that none is paid for twice. Default `runs/judge-cache`. */
  readonly cache?: string;
  /** Prompt template files. Default: those in `data/judge` of this package. */
  readonly prompts?: {
    /** With {{prompt}}, {{first}} and {{second}}. */
    readonly pairwise?: string;
    /** With {{prompt}} and {{response}}. */
    readonly grade?: string;
  };
  /** Sampling temperature. Default 0; null sends none, for models that do not accept one. */
  readonly temperature?: number | null;
  /** Maximum length of an answer in tokens. Default 512; reasoning models need more. */
  readonly maxTokens?: number;
  /** Concurrent requests. Default 4. */
  readonly concurrency?: number;
  /** Retries of a failed request. Default 5. */
  readonly retries?: number;
  /** Timeout of a request in seconds, at most 300. Default 120. */
  readonly timeoutSeconds?: number;
  /** US dollars per million tokens. Default: the price in `data/judge/prices.json`, for the providers' own servers. */
  readonly price?: Price;
  /** Random stream for the delays between retries. Default: seed 0. */
  readonly random?: Random;
}

const defaults = {
  cache: "runs/judge-cache",
  temperature: 0,
  maxTokens: 512,
  concurrency: 4,
  retries: 5,
  timeoutSeconds: 120,
} as const;

/** Settings of an {@link Asker}; only the caps and the price may be missing. */
export type AskerSettings = Required<Omit<LlmJudgeOptions, "price" | keyof Caps | "prompts">> &
  Pick<LlmJudgeOptions, "price" | keyof Caps>;
/** The options with defaults. */
export type LlmJudgeSettings = AskerSettings & {
  readonly prompts: { readonly pairwise: string; readonly grade: string };
};

/** Names of the options, without the prompts, which a judge and an editor name differently. */
export const askerOptionNames = namesOf<Omit<LlmJudgeOptions, "prompts">>({
  cache: true,
  temperature: true,
  maxTokens: true,
  concurrency: true,
  retries: true,
  timeoutSeconds: true,
  price: true,
  random: true,
  maxCost: true,
  maxCalls: true,
});

/**
 * Fills in defaults and validates the options.
 *
 * @throws InputError naming the first option that is out of range
 */
export function checkLlmJudge(options: LlmJudgeOptions): LlmJudgeSettings {
  const given = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as LlmJudgeOptions;
  const settings = {
    random: Random.seeded(0).fork("judge"),
    ...defaults,
    ...given,
    prompts: { pairwise: `${shippedData}judge/pairwise.md`, grade: `${shippedData}judge/grade.md`, ...given.prompts },
  };
  const { temperature, maxTokens, concurrency, retries, timeoutSeconds, maxCalls, maxCost, price } = settings;
  const whole = (value: number, least: number) => Number.isSafeInteger(value) && value >= least;
  requireOption(
    temperature === null || (temperature >= 0 && temperature <= 2),
    "temperature",
    temperature!,
    "a number in [0, 2], or null to send none",
  );
  requireOption(whole(maxTokens, 1), "maxTokens", maxTokens, "a whole number of at least 1");
  requireOption(whole(concurrency, 1), "concurrency", concurrency, "a whole number of at least 1");
  requireOption(whole(retries, 0), "retries", retries, "a whole number of at least 0");
  requireOption(timeoutSeconds > 0 && timeoutSeconds <= 300, "timeoutSeconds", timeoutSeconds, "above 0, at most 300");
  requireOption(maxCalls === undefined || whole(maxCalls, 0), "maxCalls", maxCalls!, "a whole number of at least 0");
  requireOption(
    maxCost === undefined || (maxCost >= 0 && maxCost < Infinity),
    "maxCost",
    maxCost!,
    "US dollars, at least 0",
  );
  if (price && !(price.input >= 0 && price.output >= 0 && price.input + price.output < Infinity)) {
    throw new InputError(
      `price: found ${quote(price)}, expected { input, output } in US dollars per million tokens, at least 0`,
    );
  }
  return settings;
}
