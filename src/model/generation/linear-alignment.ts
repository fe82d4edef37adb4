import { InputError, quote } from "../../base/errors.js";
import type { CombineLogits } from "./guidance.js";
import { tokenWeights } from "./sampling.js";

/** Of which distribution the most likely tokens stay: that under the principle, or the amplified one. */
export const alignmentMasks = ["principle", "amplified"] as const;
export type AlignmentMask = (typeof alignmentMasks)[number];

/** Logits that are amplified by more differ by more than float32 tells apart. */
const mostRatio = 1000;

const isNumber = (value: unknown) => typeof value === "number";

/** How far a principle is amplified, and among which tokens. */
export interface AmplificationOptions {
  /** r: how far beyond the principle's own effect; 0 is the principle alone, 1000 the most. Default 2. */
  readonly ratio?: number;
  /** Tokens are chosen among the fewest that hold this share of the mask's probability; 1 is no limit. Default 0.8. */
  readonly maskTopP?: number;
  /** Whose probability that is. Default "principle". */
  readonly mask?: AlignmentMask;
  /** Temperature of the mask's probability. Default 0.5. */
  readonly maskTemperature?: number;
}

/**
 * Linear alignment's logits: ℓ* = (1+r)·ℓ_p − r·ℓ_0, where ℓ_p is read with a principle and ℓ_0 without it, among the
 * nucleus of softmax(ℓ_p / T), −∞ elsewhere (Gao et al. 2024, arXiv 2401.11458, and its code, whose demo takes the nucleus
 * of softmax(ℓ* / T) instead). The code falls back on the principle's distribution where the amplified
 * probabilities inside the mask underflow to 0; logits do not.
 *
 * @throws InputError where a setting is outside its range
 */
export function amplifiedLogits({
  ratio = 2,
  maskTopP = 0.8,
  mask = "principle",
  maskTemperature = 0.5,
}: AmplificationOptions = {}): CombineLogits {
  if (!(isNumber(ratio) && ratio >= 0 && ratio <= mostRatio))
    throw new InputError(`ratio: found ${quote(ratio)}, expected a number in [0, ${mostRatio}]`);
  if (!(isNumber(maskTopP) && maskTopP > 0 && maskTopP <= 1))
    throw new InputError(`maskTopP: found ${quote(maskTopP)}, expected a share above 0, at most 1`);
  if (!alignmentMasks.includes(mask))
    throw new InputError(`mask: found ${quote(mask)}, expected one of ${alignmentMasks.join(", ")}`);
  if (!(isNumber(maskTemperature) && maskTemperature > 0 && maskTemperature < Infinity))
    throw new InputError(`maskTemperature: found ${quote(maskTemperature)}, expected a number above 0`);
  const nucleus = { temperature: maskTemperature, topK: 0, topP: maskTopP, minP: 0, repetitionPenalty: 1 };
  return ([within, without]) => {
    const amplified = within!.map((logit, id) => (1 + ratio) * logit - ratio * without![id]!);
    const weights = tokenWeights(mask === "principle" ? within! : amplified, nucleus);
    return amplified.map((logit, id) => (weights[id] === 0 ? -Infinity : logit));
  };
}
