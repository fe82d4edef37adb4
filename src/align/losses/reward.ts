import { InputError } from "../../base/errors.js";

/** A response's log-probabilities, summed over its tokens, and its number of tokens, at least 1. */
export interface ResponseLogProbs {
  /** log π(y | x) */
  readonly policy: number;
  /** log π_ref(y | x) */
  readonly reference: number;
  /** |y| */
  readonly length: number;
}

/** The implicit reward of a response under a loss, over β; a pair's margin is the difference of two. */
export interface ImplicitReward {
  readonly name: string;
  /** Whether it reads the reference's log-probability. */
  readonly needsReference: boolean;
  of(response: ResponseLogProbs): number;
}

/** The reward-related part of a loss. */
export interface HasImplicitReward {
  readonly name: string;
  readonly reward: ImplicitReward;
}

/**
 * Computes the implicit reward over β of a response under a loss, in nats.
 *
 * @param response its log-probabilities; the reference's may be omitted if the loss does not need it
 * @throws InputError as {@link referenceOf}
 */
export function implicitReward(
  loss: HasImplicitReward,
  { policy, reference, length }: Omit<ResponseLogProbs, "reference"> & { readonly reference?: number | undefined },
): number {
  return loss.reward.of({ policy, reference: referenceOf(loss, reference), length });
}

/**
 * Returns the reference's log-probability of a response, or an unused 0 if the loss does not need it and it was
 * omitted.
 *
 * @throws InputError if the loss needs it and it was omitted
 */
export function referenceOf({ name, reward }: HasImplicitReward, logProb: number | undefined): number {
  if (logProb !== undefined || !reward.needsReference) return logProb ?? 0;
  throw new InputError(
    `the loss ${name} needs the reference's log-probability of every response, and one has none; ` +
      "score the pairs under the reference, or choose a loss without a reference: simpo, orpo, nll",
  );
}

/**
 * ρ(y) = log π(y | x) − log π_ref(y | x), without the term β·log Z(x), which cancels (Rafailov et al. 2023, arXiv
 * 2305.18290, equation 5).
 */
export const logRatio: ImplicitReward = {
  name: "logRatio",
  needsReference: true,
  of: ({ policy, reference }) => policy - reference,
};

/** ρ(y) / |y|: the mean over the tokens. */
export const meanLogRatio: ImplicitReward = {
  name: "meanLogRatio",
  needsReference: true,
  of: (response) => logRatio.of(response) / response.length,
};

/** l̄(y) = log π(y | x) / |y|, without a reference (Meng et al. 2024, arXiv 2405.14734, equation 4). */
export const meanLogProb: ImplicitReward = {
  name: "meanLogProb",
  needsReference: false,
  of: ({ policy, length }) => policy / length,
};

/** Upper limit of a mean log-probability; a probability of 1 would have infinite odds. */
export const maxLogProb = -1e-8;

/** log p̄/(1−p̄) with p̄ = exp(l̄(y)), without a reference (Hong et al. 2024, arXiv 2403.07691, equation 4). */
export const logOdds: ImplicitReward = {
  name: "logOdds",
  needsReference: false,
  of(response) {
    const mean = Math.min(meanLogProb.of(response), maxLogProb);
    // log(1−eˡ): each of the two forms is accurate where the other suffers cancellation.
    return mean - (mean < -Math.LN2 ? Math.log1p(-Math.exp(mean)) : Math.log(-Math.expm1(mean)));
  },
};
