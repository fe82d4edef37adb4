import type { z } from "zod";
import { InputError } from "../../base/errors.js";
import { AnswerCache } from "./answer-cache.js";
import { Asker, type Question } from "./asker.js";
import { Budget } from "./budget.js";
import { failureOf } from "../../base/requests/failure.js";
import { knownPrice, priceFile } from "./prices.js";
import { keyOf, keyVariableOf, parseJudgeModel, providers, type JudgeModel } from "./provider.js";
import type { AskerSettings } from "./settings.js";

/** A language model ready for questions, and what its answers depend on. */
export interface ConnectedModel {
  /** `provider:model`. */
  readonly name: string;
  readonly asker: Asker;
  readonly budget: Budget;
  /** What its answers depend on, other than the questions. */
  readonly identity: {
    readonly name: string;
    readonly provider: string;
    readonly model: string;
    readonly baseUrl: string | null;
    readonly temperature: number | null;
    readonly maxTokens: number;
  };
  /** @param kind kind of question, so that cached answers to the same text of another kind are not used */
  question<T>(kind: string, text: string, schema: z.ZodType<T>): Question<T>;
}

/**
 * Connects to a language model through its provider's SDK. Sends no request.
 *
 * @throws InputError for an unknown provider, a missing key, or a cap on the cost of a model whose price is unknown
 */
export async function connect(model: string | JudgeModel, settings: AskerSettings): Promise<ConnectedModel> {
  const asked = parseJudgeModel(model);
  const { maxTokens, temperature, cache } = settings;
  const { provider, baseUrl } = asked;
  const name = `${provider}:${asked.model}`;
  const price = settings.price ?? (baseUrl === undefined ? await knownPrice(provider, asked.model) : undefined);
  if (settings.maxCost !== undefined && price === undefined) {
    throw new InputError(
      `maxCost: the price of ${name} ${baseUrl === undefined ? `is not in ${priceFile}` : `at ${baseUrl} is unknown`}; ` +
        "pass price: { input, output } in US dollars per million tokens (zeros for your own server)",
    );
  }
  const key = keyOf(asked);
  const host = new URL(baseUrl ?? providers[provider].address).host;
  const advice = `put a valid key into ${keyVariableOf(asked) ?? "an environment variable and name it in keyVariable"}`;
  const budget = new Budget(
    price,
    settings,
    `the answers so far are cached in ${cache}; raise the cap and run again to continue`,
  );
  const send = await providers[provider].connect({ model: asked.model, baseUrl, key, temperature, maxTokens });
  const identity = { name, provider, model: asked.model, baseUrl: baseUrl ?? null, temperature, maxTokens };
  return {
    ...{ name, budget, identity },
    asker: new Asker({ name, send, failureOf: (error) => failureOf(error, name, host, key, advice) }, budget, settings),
    question: (kind, text, schema) => {
      const { name: _, ...depends } = identity;
      return { text, schema, key: AnswerCache.key({ kind, ...depends, text }) };
    },
  };
}
