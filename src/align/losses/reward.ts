import { InputError } from "../../base/errors.js";

/** A response's log-probabilities, summed over its tokens, and how many tokens it has, at least 1. */
export interface ResponseLogProbs {
  /** log π(y | x) */
  readonly policy: number;
  /** log π_ref(y | x) */
  readonly reference: number;
  /** |y| */
  readonly length: number;
}

/** The reward of one response that a loss implies, over β: a pair's margin is the difference of two. */
export interface ImplicitReward {
  readonly name: string;
  /** Whether it reads the reference's log-probability. */
  readonly needsReference: boolean;
  of(response: ResponseLogProbs): number;
}

/** What of a loss concerns its reward. */
export interface HasImplicitReward {
  readonly name: string;
  readonly reward: ImplicitReward;
}

/**
 * The implicit reward over β of a response under a loss, in nats.
 *
 * @param response its log-probabilities; that under the reference may be left out where the loss does not need it
 * @throws InputError as {@link referenceOf}
 */
export function implicitReward(
  loss: HasImplicitReward,
  { policy, reference, length }: Omit<ResponseLogProbs, "reference"> & { readonly reference?: number | undefined },
): number {
  return loss.reward.of({ policy, reference: referenceOf(loss, reference), length });
}

/**
 * The reference's log-probability of a response; 0, which nothing reads, where it is left out because the loss does not need it.
 *
 * @throws InputError if the loss needs it and it was left out
 */
export function referenceOf({ name, reward }: HasImplicitReward, logProb: number | undefined): number {
  if (logProb !== undefined || !reward.needsReference) return logProb ?? 0;
  throw new InputError(
    `the loss ${name} needs the reference's log-probability of every response, and one has none; ` +
      "score the pairs under the reference, or choose a loss without a reference: simpo, orpo, nll",
  );
}

/** ρ(y) = log π(y | x) − log π_ref(y | x), in which β·log Z(x) has dropped out (Rafailov et al. 2023, arXiv 2305.18290, equation 5). */
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

/** From here on a mean token probability counts as 1, whose odds would be infinite. */
export const maxLogProb = -1e-8;

/** log p̄/(1−p̄) with p̄ = exp(l̄(y)), without a reference (Hong et al. 2024, arXiv 2403.07691, equation 4). */
export const logOdds: ImplicitReward = {
  name: "logOdds",
  needsReference: false,
  of(response) {
    const mean = Math.min(meanLogProb.of(response), maxLogProb);
    // log(1−eˡ): of its two forms, each cancels where the other does not.
    return mean - (mean < -Math.LN2 ? Math.log1p(-Math.exp(mean)) : Math.log(-Math.expm1(mean)));
  },
};
