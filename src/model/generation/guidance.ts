import { InputError, quote } from "../../base/errors.js";
import { callOwn } from "../../base/own-function.js";
import { tokenizerDigest } from "../policy/fingerprint.js";
import type { Policy } from "../policy/policy.js";

/**
 * Combines the logits that several contexts give for a token.
 *
 * @param logits of each context, [vocab] each, starting with the request's own prompt; must not be modified
 * @returns the logits from which the token is chosen; −∞ rules an id out
 */
export type CombineLogits = (logits: readonly Float32Array[]) => Float32Array;

/** Generates a response from several contexts at once; all of them read every chosen token. */
export interface LogitGuidance {
  readonly combine: CombineLogits;
  /** The models that read the other contexts, one for each. Default: the generating model. */
  readonly models?: readonly Policy[];
}

/** @throws InputError if a guiding model has a different vocabulary than the generating one */
export function checkGuides(policy: Policy, { models = [] }: LogitGuidance): void {
  const digest = tokenizerDigest(policy.tokenizer);
  for (const guide of models) {
    if (guide.config.vocabSize === policy.config.vocabSize && tokenizerDigest(guide.tokenizer) === digest) continue;
    throw new InputError(
      `guidance: ${guide.origin ?? "a model"} has another tokenizer than ${policy.origin ?? "the model that writes"}; only models with the same tokens can write together`,
    );
  }
}

/**
 * Wraps a function of logits to check its results.
 *
 * @throws (when called) InputError if it throws, or does not return a number below +∞ for each token, at least one above −∞
 */
export function checkedCombine(combine: CombineLogits, vocabSize: number): CombineLogits {
  return (logits) => {
    const combined: unknown = callOwn("guidance: `combine`", () => combine(logits));
    if (!(combined instanceof Float32Array))
      throw new InputError(
        `guidance: \`combine\` returned ${combined instanceof Promise ? "a promise" : quote(combined)}; it must return a Float32Array of ${vocabSize} logits`,
      );
    if (combined.length !== vocabSize)
      throw new InputError(
        `guidance: \`combine\` returned ${combined.length} logits; it must return one for each of the ${vocabSize} tokens`,
      );
    let isAnyLeft = false;
    for (let id = 0; id < vocabSize; id++) {
      const logit = combined[id]!;
      if (!(logit < Infinity))
        throw new InputError(
          `guidance: \`combine\` gave the token ${id} the logit ${logit}; it must give numbers, or -Infinity to rule a token out`,
        );
      isAnyLeft ||= logit > -Infinity;
    }
    if (!isAnyLeft) throw new InputError("guidance: `combine` ruled every token out; it must leave one at least");
    return combined;
  };
}
