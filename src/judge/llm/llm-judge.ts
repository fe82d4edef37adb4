import { checkOptionNames } from "../../base/option-names.js";
import { judgedPrompt, verdictOf, type Choice, type Judge, type PromptResponse, type ResponsePair } from "../judge.js";
import { gradeAnswer, pairwiseAnswer } from "./answers.js";
import { connect } from "./connect.js";
import type { JudgeModel } from "./provider.js";
import { askerOptionNames, checkLlmJudge, type LlmJudgeOptions } from "./settings.js";
import { loadTemplate } from "./template.js";

/** Choices of the swapped order in terms of the first. */
const swapped = { a: "b", b: "a", tie: "tie" } as const satisfies Record<Choice, Choice>;

/**
 * Creates a judge from a language model, through its provider's SDK. Each pair is judged in both orders. Answers must
 * be JSON in the form that the prompt requests; after an invalid answer, the question is repeated with the reason. Rate
 * limits (429, with Retry-After), server errors, timeouts and broken connections are retried. No request is sent before
 * the first question; the key is read from the environment now and sent only to the server.
 *
 * @param model `anthropic:model`, `openai:model`, or the parts, with a `baseUrl` for a server with the same API
 * @param options `maxCost` (US dollars) and `maxCalls` apply to the judge's whole lifetime: a request that would exceed
 *   a cap is not sent, and an error says so
 * @throws InputError for an unknown provider, a missing key, an invalid option or prompt file, or a cap on the cost of a
 *   model whose price is unknown
 */
export async function llmJudge(model: string | JudgeModel, options: LlmJudgeOptions = {}): Promise<Judge> {
  checkOptionNames("llmJudge", options, [...askerOptionNames, "prompts"]);
  if (options.prompts) checkOptionNames("llmJudge.prompts", options.prompts, ["pairwise", "grade"]);
  const settings = checkLlmJudge(options);
  const pairwise = await loadTemplate(settings.prompts.pairwise, ["prompt", "first", "second"]);
  const single = await loadTemplate(settings.prompts.grade, ["prompt", "response"]);
  const { name, asker, budget, question, identity } = await connect(model, settings);
  const compared = (prompt: ResponsePair["prompt"], first: string, second: string) =>
    question("pairwise", pairwise.fill({ prompt: judgedPrompt(prompt), first, second }), pairwiseAnswer);
  const graded = (prompt: PromptResponse["prompt"], response: string) =>
    question("grade", single.fill({ prompt: judgedPrompt(prompt), response }), gradeAnswer);

  return {
    name,
    identity: { ...identity, prompts: { pairwise: pairwise.sha256, grade: single.sha256 } },
    async compare(prompt, a, b, { signal } = {}) {
      // Equal responses tie; there is nothing to ask.
      if (a === b) return verdictOf(["tie", "tie"]);
      const answers = [asker.ask(compared(prompt, a, b), signal), asker.ask(compared(prompt, b, a), signal)] as const;
      // Wait for both even if one fails: an answer that is paid for is cached.
      await Promise.allSettled(answers);
      const [first, second] = await Promise.all(answers);
      return verdictOf([first.verdict, swapped[second.verdict]], [first.reason, second.reason]);
    },
    grade: (prompt, response, { signal } = {}) => asker.ask(graded(prompt, response), signal),
    async plan({ pairs = [], responses = [] }) {
      const different = pairs.filter(({ a, b }) => a !== b);
      const estimate = await asker.estimate([
        ...different.flatMap(({ prompt, a, b }) => [compared(prompt, a, b), compared(prompt, b, a)]),
        ...responses.map(({ prompt, response }) => graded(prompt, response)),
      ]);
      budget.check(estimate);
      return estimate;
    },
    get spent() {
      return budget.spent;
    },
  };
}
