import type { z } from "zod";
import { InputError } from "../../base/errors.js";
import { judgedPrompt, verdictOf, type Answer, type Choice, type ResponsePair, type Judge } from "../judge.js";
import { AnswerCache } from "./answer-cache.js";
import { gradeAnswer, pairwiseAnswer } from "./answers.js";
import { Asker, type Question } from "./asker.js";
import { Budget } from "./budget.js";
import { failureOf } from "./failure.js";
import { knownPrice, priceFile } from "./prices.js";
import { keyOf, keyVariableOf, parseJudgeModel, providers, type JudgeModel } from "./provider.js";
import { checkLlmJudge, type LlmJudgeOptions } from "./settings.js";
import { loadTemplate } from "./template.js";

/** What the second order calls the responses that the first calls so. */
const swapped = { a: "b", b: "a", tie: "tie" } as const satisfies Record<Choice, Choice>;

/**
 * A language model as a judge, by its maker's SDK. Pairs are asked about in both orders; answers must be JSON of the
 * form that the prompt asks for, and are asked for again, told what was wrong, where they are not. Rate limits (429,
 * with Retry-After), faults of the server, timeouts and broken connections are tried again. No request is made before
 * the first question; the key is read from the environment now and goes nowhere but to the server.
 *
 * @param model `anthropic:model`, `openai:model`, or the parts, with a `baseUrl` for any server that speaks the same
 * @param options `maxCost` (US dollars) and `maxCalls` hold for the judge's life: the request that would pass one is
 *   not made, and an error says so
 * @throws InputError an unknown provider, a missing key, a bad option or prompt file, a cap on the cost of a model
 *   whose price is not known
 */
export async function llmJudge(model: string | JudgeModel, options: LlmJudgeOptions = {}): Promise<Judge> {
  const asked = parseJudgeModel(model);
  const settings = checkLlmJudge(options);
  const { maxTokens, temperature, cache } = settings;
  const { provider, baseUrl } = asked;
  const name = `${provider}:${asked.model}`;
  const price = settings.price ?? (baseUrl === undefined ? await knownPrice(provider, asked.model) : undefined);
  if (settings.maxCost !== undefined && price === undefined) {
    throw new InputError(
      `maxCost: found no price of ${name} ${baseUrl === undefined ? `in ${priceFile}` : `at ${baseUrl}`}, ` +
        "expected price: { input, output } in US dollars per million tokens (zeros for a server of your own)",
    );
  }
  const pairwise = await loadTemplate(settings.prompts.pairwise, ["prompt", "first", "second"]);
  const single = await loadTemplate(settings.prompts.grade, ["prompt", "response"]);
  const key = keyOf(asked);
  const host = new URL(baseUrl ?? providers[provider].address).host;
  const advice = `expected a key that it takes in ${keyVariableOf(asked) ?? "an environment variable that keyVariable names"}`;
  const budget = new Budget(price, settings, `the answers until now are kept in ${cache}: raise the cap and ask again to go on`);
  const asker = new Asker(
    {
      name,
      send: await providers[provider].connect({ model: asked.model, baseUrl, key, temperature, maxTokens }),
      failureOf: (error) => failureOf(error, name, host, key, advice),
    },
    budget,
    settings,
  );

  function question<T>(kind: string, text: string, schema: z.ZodType<T>): Question<T> {
    const key = AnswerCache.key({ kind, provider, model: asked.model, baseUrl: baseUrl ?? null, temperature, maxTokens, text });
    return { text, schema, key };
  }
  const compared = (prompt: ResponsePair["prompt"], first: string, second: string) =>
    question("pairwise", pairwise({ prompt: judgedPrompt(prompt), first, second }), pairwiseAnswer);
  const graded = (prompt: Answer["prompt"], response: string) =>
    question("grade", single({ prompt: judgedPrompt(prompt), response }), gradeAnswer);

  return {
    name,
    async compare(prompt, a, b, { signal } = {}) {
      // The same text is no better than itself, whatever a judge would say.
      if (a === b) return verdictOf(["tie", "tie"]);
      const answers = [asker.ask(compared(prompt, a, b), signal), asker.ask(compared(prompt, b, a), signal)] as const;
      // Not before both have come to their ends: an answer that is paid for is kept.
      await Promise.allSettled(answers);
      const [first, second] = await Promise.all(answers);
      return verdictOf([first.verdict, swapped[second.verdict]], [first.reason, second.reason]);
    },
    grade: (prompt, response, { signal } = {}) => asker.ask(graded(prompt, response), signal),
    async plan({ pairs = [], answers = [] }) {
      const different = pairs.filter(({ a, b }) => a !== b);
      const estimate = await asker.estimate([
        ...different.flatMap(({ prompt, a, b }) => [compared(prompt, a, b), compared(prompt, b, a)]),
        ...answers.map(({ prompt, response }) => graded(prompt, response)),
      ]);
      budget.check(estimate);
      return estimate;
    },
    get spent() {
      return budget.spent;
    },
  };
}
