import { InputError, quote } from "../base/errors.js";
import { checkOptionNames } from "../base/option-names.js";
import { callOwn } from "../base/own-function.js";
import type { Prompt } from "../data/pair.js";
import { encodePrompt } from "../data/tokenize.js";
import type { GenerationRequest } from "../model/generation/generate.js";
import type { CombineLogits, LogitGuidance } from "../model/generation/guidance.js";
import { amplifiedLogits, type AmplificationOptions } from "../model/generation/linear-alignment.js";
import { Policy } from "../model/policy/policy.js";

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
export function linearAlignment(options: LinearAlignmentOptions = {}): Guidance {
  checkOptionNames("linearAlignment", options, linearAlignmentOptions);
  const { principle, without, ...amplification } = options;
  const combine = amplifiedLogits(amplification);
  if ((principle === undefined) === (without === undefined))
    throw new InputError(
      "linear alignment: give either `principle`, which is added to prompts, or `without`, which takes it out of them",
    );
  if (without !== undefined) {
    if (typeof without !== "function")
      throw new InputError(
        `without: found ${quote(without)}, expected a function from a prompt to the prompt without what is to be amplified`,
      );
    const idle = { prompt: (prompt: Prompt) => ownPrompt("without: your function", without, prompt) };
    parts.set(idle, "without what is to be amplified");
    return { contexts: [{}, idle], combine };
  }
  if (typeof principle !== "string" || principle.trim() === "")
    throw new InputError(`principle: found ${quote(principle)}, expected a text`);
  const aligned = { prompt: (prompt: Prompt) => withPrinciple(prompt, principle) };
  parts.set(aligned, `with the principle ${quote(principle)}`);
  return { contexts: [aligned, {}], combine };
}

const linearAlignmentOptions = [
  "principle",
  "without",
  "ratio",
  "maskTopP",
  "mask",
  "maskTemperature",
] as const satisfies readonly (keyof LinearAlignmentOptions)[];

/** What messages say of how a context reads prompts, where {@link linearAlignment} made it. */
const parts = new WeakMap<object, string>();

function withPrinciple(prompt: Prompt, principle: string): Prompt {
  if (typeof prompt === "string") return `${principle}\n\n${prompt}`;
  const [first, ...rest] = prompt;
  if (first?.role !== "system") return [{ role: "system", content: principle }, ...prompt];
  return [{ ...first, content: `${principle}\n\n${first.content}` }, ...rest];
}

/**
 * Token ids of a prompt as each context reads it.
 *
 * @throws InputError where guidance is malformed, or a context makes something else than a prompt of it
 */
export function contextTokens(
  policy: Policy,
  prompt: Prompt,
  guidance: Guidance | undefined,
): Pick<GenerationRequest, "prompt" | "others"> {
  const encoded = (text: Prompt) => Int32Array.from(encodePrompt(text, policy.tokenizer));
  if (!guidance) return { prompt: encoded(prompt) };
  checkGuidance(guidance);
  const [main, ...others] = guidance.contexts.map(({ prompt: own }: GuidingContext, i) =>
    encoded(own ? ownPrompt(`guidance: the function \`prompt\` of context ${i + 1}`, own, prompt) : prompt),
  );
  return { prompt: main!, others };
}

/**
 * {@link contextTokens} that leave room for a response in every context; without guidance, generation checks this.
 *
 * @throws InputError where they do not
 */
export function fittingContextTokens(
  policy: Policy,
  prompt: Prompt,
  guidance: Guidance | undefined,
): ReturnType<typeof contextTokens> {
  const tokens = contextTokens(policy, prompt, guidance);
  if (!guidance) return tokens;
  for (const [i, { length }] of [tokens.prompt, ...tokens.others!].entries()) {
    const context: GuidingContext = guidance.contexts[i]!;
    const { contextLength } = (context.model ?? policy).config;
    if (length < contextLength) continue;
    const how = parts.get(context) ?? `as context ${i + 1} of the guidance reads it`;
    throw new InputError(
      `the prompt ${quote(prompt)} ${how} has ${length} tokens, which leave no room for a response in a context of ${contextLength}; shorten it, or what is added to it`,
    );
  }
  return tokens;
}

/** A prompt that a function of the user's own makes of one. */
function ownPrompt(what: string, own: (prompt: Prompt) => Prompt, prompt: Prompt): Prompt {
  try {
    const made: unknown = callOwn(`${what}, of the prompt ${quote(prompt)},`, () => own(prompt));
    if (isPrompt(made)) return made;
    throw new InputError(
      `${what} returned ${made instanceof Promise ? "a promise" : quote(made)} for the prompt ${quote(prompt)}; it must return a prompt, a text or a list of messages`,
    );
  } catch (error) {
    // A function that is guarded already, such as that of linear alignment, has been named in its own error.
    throw error instanceof InputError && error.cause instanceof InputError ? error.cause : error;
  }
}

function isPrompt(value: unknown): value is Prompt {
  const isMessage = (message: unknown) => {
    const { role, content } = (message ?? {}) as { readonly role?: unknown; readonly content?: unknown };
    return typeof role === "string" && typeof content === "string";
  };
  return typeof value === "string" || (Array.isArray(value) && value.every(isMessage));
}

/** @throws InputError where guidance, which may come from a cell, is malformed */
function checkGuidance(guidance: Guidance): void {
  const { contexts, combine } = guidance as { readonly contexts: unknown; readonly combine: unknown };
  if (!Array.isArray(contexts) || contexts.length < 2 || typeof combine !== "function") {
    throw new InputError(
      `guidance: found ${quote(guidance)}, expected { contexts: [{}, { prompt }], combine }, with two contexts at least`,
    );
  }
  for (const [i, context] of (contexts as readonly unknown[]).entries()) {
    const taker = `context ${i + 1} of the guidance`;
    checkOptionNames(taker, context, contextOptions);
    const { prompt, model } = context as { readonly prompt?: unknown; readonly model?: unknown };
    if (prompt !== undefined && typeof prompt !== "function")
      throw new InputError(
        `${taker}: \`prompt\` is ${quote(prompt)}, expected a function from a prompt to the prompt that it reads`,
      );
    if (i === 0 && "model" in (context as object))
      throw new InputError(
        "guidance: the first context is of the model that answers; give the other model as a further context",
      );
    if (model !== undefined && !(model instanceof Policy))
      throw new InputError(
        `${taker}: \`model\` is ${quote(model)}, expected a model of this machine, as loadModel loads it`,
      );
  }
}

const contextOptions = ["model", "prompt"] as const satisfies readonly (keyof GuidingContext)[];

/** What generation is told of it. */
export function logitGuidance(policy: Policy, guidance: Guidance): LogitGuidance {
  checkGuidance(guidance);
  const {
    contexts: [, ...others],
    combine,
  } = guidance;
  return { combine, models: others.map(({ model = policy }) => model) };
}
