import { InputError, quote } from "../../base/errors.js";
import { callOwn } from "../../base/own-function.js";
import { tokenizerDigest } from "../policy/fingerprint.js";
import type { Policy } from "../policy/policy.js";

/**
 * What is made of the logits that several contexts give a token.
 *
 * @param logits of each context, [vocab] each: first those of the request's own prompt; not to be written to
 * @returns the logits that the token is then chosen by; −∞ rules an id out
 */
export type CombineLogits = (logits: readonly Float32Array[]) => Float32Array;

/** Writes a response by several contexts at once; every token that is chosen is read by all of them. */
export interface LogitGuidance {
  readonly combine: CombineLogits;
  /** The models that read the other contexts, one for each. Default: the model that writes. */
  readonly models?: readonly Policy[];
}

/** @throws InputError where a model that is to guide has other tokens than the one that writes */
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
 * A function of logits, whose results are checked.
 *
 * @throws (when called) InputError where it throws, or gives something else than a number below +∞ for each token, one of them above −∞
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
