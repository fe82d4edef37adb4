import { implicitReward, type HasImplicitReward } from "../align/losses/reward.js";
import type { TaskOptions } from "../base/task.js";
import type { TokenizedPrompt } from "../data/tokenize.js";
import type { TokenSequence } from "../model/scoring/batch.js";
import { ensemble, finiteLogProbs, type Scorer } from "../review/index.js";
import type { Sample } from "./sample.js";

/** A sample and its reward. */
export interface LabelledSample extends Sample {
  /** log π_ref(y | x) under the reference, if the reward reads it. */
  readonly reference?: number;
  /** The ensembled implicit reward over β in nats, the likelihood in nats per token, or a judge's score. */
  readonly reward: number;
}

/** Policies whose implicit rewards are combined, with their weights. */
export interface Labellers {
  /** The loss that defines the implicit reward. */
  readonly loss: HasImplicitReward;
  /** Policies and weights, possibly including the reference; for SeRA π_{t−1} with 1−γ and π_{t−2} with γ. */
  readonly policies: readonly { readonly policy: Scorer; readonly weight: number }[];
  /** May be omitted if the reward does not read it. */
  readonly reference?: Scorer;
  /**
   * log π(y | x) of every sample under policies that need not score them again, such as the one that sampled them.
   * Default: none.
   */
  readonly known?: ReadonlyMap<Scorer, Float64Array>;
}

/**
 * Scores every sample with the ensembled implicit reward of policies (SeRA, arXiv 2410.09362, section 3).
 *
 * @throws DivergenceError if a log-probability is not finite; InputError if the reward reads the reference and it was
 *   omitted
 */
export async function labelSamples(
  samples: readonly Sample[],
  prompts: readonly TokenizedPrompt[],
  { loss, policies, reference, known = new Map() }: Labellers,
  { signal, onProgress }: TaskOptions = {},
): Promise<LabelledSample[]> {
  const promptOf = new Map(prompts.map(({ id, prompt }) => [id, prompt]));
  const sequences = samples.map(
    ({ id, tokens }): TokenSequence => ({ prompt: promptOf.get(id)!, response: Int32Array.from(tokens) }),
  );
  const ofReward = loss.reward.needsReference && reference ? [reference] : [];
  const read = new Set([...ofReward, ...policies.map(({ policy }) => policy)]);
  const byPolicy = new Map([...known].filter(([policy]) => read.has(policy)));
  const asked = [...read].filter((policy) => !byPolicy.has(policy));
  for (const [i, policy] of asked.entries()) {
    const before = i * sequences.length;
    const logProbs = await finiteLogProbs(policy, sequences, {
      ...(signal && { signal }),
      onProgress: (done) => onProgress?.(before + done, asked.length * sequences.length),
    });
    byPolicy.set(policy, logProbs);
  }
  const weights = policies.map(({ weight }) => weight);
  return samples.map((sample, i) => {
    const atReference = reference && byPolicy.get(reference)?.[i];
    const rewards = policies.map(({ policy }) =>
      implicitReward(loss, { policy: byPolicy.get(policy)![i]!, reference: atReference, length: sample.tokens.length }),
    );
    return {
      ...sample,
      ...(atReference !== undefined && { reference: atReference }),
      reward: ensemble(rewards, weights),
    };
  });
}
