import { InputError, quote } from "../../base/errors.js";
import type { CombineLogits } from "./guidance.js";
import { tokenWeights } from "./sampling.js";

/** The distribution whose most likely tokens are kept: that under the principle, or the amplified one. */
export const alignmentMasks = ["principle", "amplified"] as const;
export type AlignmentMask = (typeof alignmentMasks)[number];

/** Beyond this ratio, the amplified differences exceed float32 precision. */
const mostRatio = 1000;

const isNumber = (value: unknown) => typeof value === "number";

/** How strongly a principle is amplified, and among which tokens. */
export interface AmplificationOptions {
  /** r: how far beyond the principle's own effect; from 0, the principle alone, to 1000. Default 2. */
  readonly ratio?: number;
  /** Choose among the fewest tokens that hold this share of the mask's probability; 1 is no limit. Default 0.8. */
  readonly maskTopP?: number;
  /** The distribution of that probability. Default "principle". */
  readonly mask?: AlignmentMask;
  /** Temperature of that distribution. Default 0.5. */
  readonly maskTemperature?: number;
}

/**
 * Linear alignment's logits: ℓ* = (1+r)·ℓ_p − r·ℓ_0, with ℓ_p read with a principle and ℓ_0 without it, within the nucleus of
 * softmax(ℓ_p / T), −∞ elsewhere (Gao et al. 2024, arXiv 2401.11458, and its code, whose demo takes the nucleus of softmax(ℓ* /
 * T) instead). The code falls back on the principle's distribution if the amplified probabilities inside the mask underflow to 0;
 * logits do not underflow.
 *
 * @throws InputError if a setting is outside its range
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
