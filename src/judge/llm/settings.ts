import { InputError, quote } from "../../base/errors.js";
import { Random } from "../../base/random.js";
import { requireOption } from "../../base/require-option.js";
import { shippedData } from "../../data/world/shipped.js";
import type { Caps } from "./budget.js";
import type { Price } from "./prices.js";

/** How a language model judges. */
export interface LlmJudgeOptions extends Caps {
  /** Folder where answers are kept, so that none is paid for twice. Default `runs/judge-cache`. */
  readonly cache?: string;
  /** Files of one's own prompts. Default: those in `data/judge` of this package. */
  readonly prompts?: {
    /** With {{prompt}}, {{first}} and {{second}}. */
    readonly pairwise?: string;
    /** With {{prompt}} and {{response}}. */
    readonly grade?: string;
  };
  /** 0 by default; null sends none, for models that take none. */
  readonly temperature?: number | null;
  /** The longest answer, in tokens. Default 512; models that think before they answer need more. */
  readonly maxTokens?: number;
  /** Requests at a time. Default 4. */
  readonly concurrency?: number;
  /** How often a request that failed is made again. Default 5. */
  readonly retries?: number;
  /** Seconds after which a request has failed, at most 300. Default 120. */
  readonly timeoutSeconds?: number;
  /** US dollars per million tokens. Default: of the makers' own servers what `data/judge/prices.json` says. */
  readonly price?: Price;
  /** What the waits between tries are drawn from. Default: seed 0. */
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

/** Every setting but the caps and the price has a value. */
export type LlmJudgeSettings = Required<Omit<LlmJudgeOptions, "price" | keyof Caps | "prompts">> &
  Pick<LlmJudgeOptions, "price" | keyof Caps> & { readonly prompts: { readonly pairwise: string; readonly grade: string } };

/**
 * Options with their defaults.
 *
 * @throws InputError naming the first that is out of its range
 */
export function checkLlmJudge(options: LlmJudgeOptions): LlmJudgeSettings {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as LlmJudgeOptions;
  const settings = {
    random: Random.seeded(0).fork("judge"),
    ...defaults,
    ...given,
    prompts: { pairwise: `${shippedData}judge/pairwise.md`, grade: `${shippedData}judge/grade.md`, ...given.prompts },
  };
  const { temperature, maxTokens, concurrency, retries, timeoutSeconds, maxCalls, maxCost, price } = settings;
  const whole = (value: number, least: number) => Number.isSafeInteger(value) && value >= least;
  requireOption(temperature === null || (temperature >= 0 && temperature <= 2), "temperature", temperature!, "a number in [0, 2], or null to send none");
  requireOption(whole(maxTokens, 1), "maxTokens", maxTokens, "a whole number from 1");
  requireOption(whole(concurrency, 1), "concurrency", concurrency, "a whole number from 1");
  requireOption(whole(retries, 0), "retries", retries, "a whole number from 0");
  requireOption(timeoutSeconds > 0 && timeoutSeconds <= 300, "timeoutSeconds", timeoutSeconds, "above 0, at most 300");
  requireOption(maxCalls === undefined || whole(maxCalls, 0), "maxCalls", maxCalls!, "a whole number from 0");
  requireOption(maxCost === undefined || (maxCost >= 0 && maxCost < Infinity), "maxCost", maxCost!, "US dollars, from 0");
  if (price && !(price.input >= 0 && price.output >= 0 && price.input + price.output < Infinity)) {
    throw new InputError(`price: found ${quote(price)}, expected { input, output } in US dollars per million tokens, from 0`);
  }
  return settings;
}
