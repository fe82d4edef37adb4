import { InputError, quote } from "../base/errors.js";
import type { Prompt } from "../data/pair.js";
import { encodePrompt } from "../data/tokenize.js";
import type { GenerationRequest } from "../model/generation/generate.js";
import type { CombineLogits, LogitGuidance } from "../model/generation/guidance.js";
import { amplifiedLogits, type AmplificationOptions } from "../model/generation/linear-alignment.js";
import type { Policy } from "../model/policy/policy.js";

/** One of the contexts that a response is written by. */
export interface GuidingContext {
  /** The model that reads it; it has the same tokenizer as the one that answers. Default: that one. */
  readonly model?: Policy;
  /** What it reads in the place of the prompt. Default: the prompt. */
  readonly prompt?: (prompt: Prompt) => Prompt;
}

/**
 * Lets several contexts write a response together: each reads its own prompt and what has been written, and a function of
 * their logits says what is written next. The first is the model that answers; its `model` cannot be another.
 *
 * @example
 * // Classifier-free guidance (arXiv 2306.17806): twice what the prompt adds to a prompt that asks for nothing.
 * const guidance = { contexts: [{}, { prompt: () => "" }], combine: ([asked, idle]) => asked.map((logit, id) => idle[id] + 2 * (logit - idle[id])) };
 */
export interface Guidance {
  readonly contexts: readonly [Omit<GuidingContext, "model">, GuidingContext, ...GuidingContext[]];
  readonly combine: CombineLogits;
}

/** What {@link linearAlignment} amplifies, and how far. */
export interface LinearAlignmentOptions extends AmplificationOptions {
  /** What answers are to keep to: it goes into the system message of a conversation, and before a text with an empty line between. */
  readonly principle?: string;
  /** In place of `principle`: the prompt without what is to be amplified in it. */
  readonly without?: (prompt: Prompt) => Prompt;
}

/**
 * Linear alignment: answers as if a policy had been aligned with a principle, without any training. Each token is chosen by
 * ℓ* = (1+r)·ℓ_p − r·ℓ_0, the logits with the principle and without it, among the most likely with it (Gao et al. 2024,
 * arXiv 2401.11458). Every token costs two forward passes. The paper's answers are greedy, and so are these unless
 * `temperature` is given; `maskTemperature` should then be the same.
 *
 * @example await respond(policy, prompts, { guidance: linearAlignment({ principle: "Be brief.", ratio: 3 }) })
 * @throws InputError where there is neither a principle nor what to leave out, or both, or a setting is outside its range
 */
export function linearAlignment({ principle, without, ...amplification }: LinearAlignmentOptions): Guidance {
  const combine = amplifiedLogits(amplification);
  if ((principle === undefined) === (without === undefined))
    throw new InputError(
      "linear alignment: give either `principle`, which is added to prompts, or `without`, which takes it out of them",
    );
  if (without) return { contexts: [{}, { prompt: without }], combine };
  if (typeof principle !== "string" || principle.trim() === "")
    throw new InputError(`principle: found ${quote(principle)}, expected a text`);
  return { contexts: [{ prompt: (prompt) => withPrinciple(prompt, principle) }, {}], combine };
}

function withPrinciple(prompt: Prompt, principle: string): Prompt {
  if (typeof prompt === "string") return `${principle}\n\n${prompt}`;
  const [first, ...rest] = prompt;
  if (first?.role !== "system") return [{ role: "system", content: principle }, ...prompt];
  return [{ ...first, content: `${principle}\n\n${first.content}` }, ...rest];
}

/** Token ids of a prompt as each context reads it. @throws InputError where a context is none */
export function contextTokens(
  policy: Policy,
  prompt: Prompt,
  guidance: Guidance | undefined,
): Pick<GenerationRequest, "prompt" | "others"> {
  const tokens = ({ prompt: own = (same: Prompt) => same }: GuidingContext) =>
    Int32Array.from(encodePrompt(own(prompt), policy.tokenizer));
  if (!guidance) return { prompt: tokens({}) };
  const { contexts, combine } = guidance;
  if (!Array.isArray(contexts) || contexts.length < 2 || typeof combine !== "function") {
    throw new InputError(
      `guidance: found ${quote(guidance)}, expected { contexts: [{}, { prompt }], combine }, with two contexts at least`,
    );
  }
  if ("model" in contexts[0])
    throw new InputError(
      "guidance: the first context is of the model that answers; give the other model as a further context",
    );
  const [main, ...others] = contexts.map(tokens);
  return { prompt: main!, others };
}

/** What generation is told of it. */
export function logitGuidance(policy: Policy, { contexts, combine }: Guidance): LogitGuidance {
  const [, ...others] = contexts;
  return { combine, models: others.map(({ model = policy }) => model) };
}
