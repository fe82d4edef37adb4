import { dpo } from "../src/align/losses/dpo.js";
import type { MemoryChoice } from "../src/align/memory-plan.js";
import { preference } from "../src/align/preference.js";
import { Trainer, type TrainingOptions } from "../src/align/trainer.js";
import { Random } from "../src/base/random.js";
import type { Policy } from "../src/model/policy/policy.js";
import type { TokenSequence } from "../src/model/scoring/batch.js";
import { responseLogProbs } from "../src/model/scoring/score.js";
import { timed, type Spent } from "./spent.js";

/**
 * Computes the log-probabilities of pairs under the current policy, which is the reference, and runs an epoch of DPO on them.
 *
 * @param pairs the chosen and the rejected response of each pair
 * @throws Error if the first loss is not ln 2
 */
export async function epochOfDpo(
  policy: Policy,
  pairs: readonly (readonly [chosen: TokenSequence, rejected: TokenSequence])[],
  options: Pick<TrainingOptions, "batchSize" | "microBatchSize">,
): Promise<{ readonly scoring: Spent; readonly training: Spent; readonly memory: MemoryChoice }> {
  const { result: reference, spent: scoring } = await timed(() => responseLogProbs(policy, pairs.flat()));
  const examples = pairs.map(([chosen, rejected], i) => ({
    ...{ chosen, rejected },
    referenceChosen: reference[2 * i]!,
    referenceRejected: reference[2 * i + 1]!,
  }));
  const { result: memory, spent: training } = await timed(async () => {
    const own = { epochs: 1, learningRate: 1e-4, ...options };
    const trainer = await Trainer.begin(policy, preference(dpo({ beta: 0.1 })), examples, own, Random.seeded(2));
    for await (const { step, loss } of trainer.steps()) {
      if (step === 1 && Math.abs(loss - Math.LN2) > 1e-3) throw new Error(`the first loss is ${loss}, not ln 2`);
    }
    return trainer.memory;
  });
  return { scoring, training, memory };
}
