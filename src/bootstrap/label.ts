import type { PreferenceLoss } from "../align/losses/loss.js";
import { implicitReward } from "../align/losses/reward.js";
import type { Work } from "../base/work.js";
import type { TokenSequence } from "../model/batch.js";
import type { Policy } from "../model/policy.js";
import { ensemble, finiteLogProbs } from "../review/index.js";
import type { PromptTokens, Sample } from "./sample.js";

/** A sample with what the implicit reward makes of it. */
export interface LabelledSample extends Sample {
  /** log π_ref(y | x). */
  readonly reference: number;
  /** The ensembled implicit reward over β; for DPO and its like (1−γ)·ρ(π_{t−1}) + γ·ρ(π_{t−2}). */
  readonly reward: number;
}

/** The policies whose implicit rewards are ensembled. */
export interface Labellers {
  /** The loss whose implicit reward it is. */
  readonly loss: PreferenceLoss;
  /** π_{t−1} */
  readonly newest: Policy;
  /** π_{t−2}; undefined where that is the reference. */
  readonly previous: Policy | undefined;
  readonly reference: Policy;
  /** Weight of π_{t−2}. */
  readonly gamma: number;
}

/**
 * Scores every sample by the implicit reward of the last two policies (SeRA, arXiv 2410.09362, section 3).
 *
 * @throws DivergenceError where a log-probability is not finite
 */
export async function labelSamples(
  samples: readonly Sample[],
  prompts: readonly PromptTokens[],
  { loss, newest, previous, reference, gamma }: Labellers,
  { signal, onProgress }: Work = {},
): Promise<LabelledSample[]> {
  const promptOf = new Map(prompts.map(({ id, prompt }) => [id, prompt]));
  const sequences = samples.map(
    ({ id, tokens }): TokenSequence => ({ prompt: promptOf.get(id)!, response: Int32Array.from(tokens) }),
  );
  const policies = previous ? [newest, reference, previous] : [newest, reference];
  const logProbs: Float64Array[] = [];
  for (const [i, policy] of policies.entries()) {
    const before = i * sequences.length;
    logProbs.push(
      await finiteLogProbs(policy, sequences, {
        ...(signal && { signal }),
        onProgress: (done) => onProgress?.(before + done, policies.length * sequences.length),
      }),
    );
  }
  const [byNewest, byReference, byPrevious] = logProbs as [Float64Array, Float64Array, Float64Array | undefined];
  return samples.map((sample, i) => {
    const atReference = byReference[i]!;
    const rewardOf = (policy: number) => implicitReward(loss, { policy, reference: atReference, length: sample.tokens.length });
    const previous = rewardOf(byPrevious ? byPrevious[i]! : atReference);
    return { ...sample, reference: atReference, reward: ensemble(rewardOf(byNewest[i]!), previous, gamma) };
  });
}
