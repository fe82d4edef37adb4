import { InputError, quote } from "../base/errors.js";
import { checkOptionNames } from "../base/option-names.js";
import { callOwn } from "../base/own-function.js";
import { isPrompt, type Prompt } from "../data/pair.js";
import { encodePrompt } from "../data/tokenize.js";
import type { GenerationRequest } from "../model/generation/generate.js";
import type { CombineLogits, LogitGuidance } from "../model/generation/guidance.js";
import { amplifiedLogits, type AmplificationOptions } from "../model/generation/linear-alignment.js";
import { Policy } from "../model/policy/policy.js";

/** One of the contexts that guide a response. */
export interface GuidingContext {
  /** The model that reads the context, with the same tokenizer as the answering model. Default: the answering model. */
  readonly model?: Policy;
  /** Returns what the model reads in place of the prompt. Default: the prompt. */
  readonly prompt?: (prompt: Prompt) => Prompt;
}

/**
 * Generates a response from several contexts: each reads its own prompt and the response so far, and a function
 * combines their logits into those of the next token. The first context is always the answering model's.
 *
 * @example
 * // Classifier-free guidance (arXiv 2306.17806): doubles the prompt's effect relative to an empty prompt.
 * const guidance = { contexts: [{}, { prompt: () => "" }], combine: ([asked, idle]) => asked.map((logit, id) => idle[id] + 2 * (logit - idle[id])) };
 */
export interface Guidance {
  readonly contexts: readonly [Omit<GuidingContext, "model">, GuidingContext, ...GuidingContext[]];
  readonly combine: CombineLogits;
}

/** Options of {@link linearAlignment}: what to amplify, and how strongly. */
export interface LinearAlignmentOptions extends AmplificationOptions {
  /**
   * The principle that answers follow. It is put into the system message of a conversation, or before a text prompt,
   * separated by an empty line.
   */
  readonly principle?: string;
  /** Alternative to `principle`: returns the prompt without the part to amplify. */
  readonly without?: (prompt: Prompt) => Prompt;
}

/**
 * Linear alignment: answers as if a policy had been aligned with a principle, without any training. Each token is
 * chosen by ℓ* = (1+r)·ℓ_p − r·ℓ_0, the logits with the principle and without it, among the most likely with it (Gao et
 * al. 2024, arXiv 2401.11458). Every token costs two forward passes. Decoding is greedy, as in the paper, unless
 * `temperature` is given; set `maskTemperature` to the same value then.
 *
 * @example await respond(policy, prompts, { guidance: linearAlignment({ principle: "Be brief.", ratio: 3 }) })
 * @throws InputError if neither or both of `principle` and `without` are given, or a setting is outside its range
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

/** How messages describe the prompt function of a context created by {@link linearAlignment}. */
const parts = new WeakMap<object, string>();

function withPrinciple(prompt: Prompt, principle: string): Prompt {
  if (typeof prompt === "string") return `${principle}\n\n${prompt}`;
  const [first, ...rest] = prompt;
  if (first?.role !== "system") return [{ role: "system", content: principle }, ...prompt];
  return [{ ...first, content: `${principle}\n\n${first.content}` }, ...rest];
}

/**
 * Returns the token ids of a prompt as each context reads it.
 *
 * @throws InputError if guidance is malformed, or a context's prompt function does not return a prompt
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
 * Returns {@link contextTokens}, checked to leave room for a response in every context. Without guidance, generation
 * checks this.
 *
 * @throws InputError if they leave no room
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

/** Applies the user's own prompt function. */
function ownPrompt(what: string, own: (prompt: Prompt) => Prompt, prompt: Prompt): Prompt {
  try {
    const made: unknown = callOwn(`${what}, of the prompt ${quote(prompt)},`, () => own(prompt));
    if (isPrompt(made)) return made;
    throw new InputError(
      `${what} returned ${made instanceof Promise ? "a promise" : quote(made)} for the prompt ${quote(prompt)}; it must return a prompt, a text or a list of messages`,
    );
  } catch (error) {
    // A function with its own guard, such as linear alignment's, is already named in its error.
    throw error instanceof InputError && error.cause instanceof InputError ? error.cause : error;
  }
}

/** @throws InputError if guidance, which a cell may pass untyped, is malformed */
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

/** Converts guidance into the form that generation takes. */
export function logitGuidance(policy: Policy, guidance: Guidance): LogitGuidance {
  checkGuidance(guidance);
  const {
    contexts: [, ...others],
    combine,
  } = guidance;
  return { combine, models: others.map(({ model = policy }) => model) };
}
