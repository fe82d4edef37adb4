import { dpo } from "../../src/align/losses/dpo.js";
import { preference, type ReferencedPair } from "../../src/align/preference.js";
import { Trainer, type StepRecord, type TrainingOptions } from "../../src/align/trainer.js";
import { Random } from "../../src/base/random.js";
import type { Policy } from "../../src/model/policy/policy.js";
import { randomPairs } from "./tiny-model.js";

/** Trains an epoch of DPO on random pairs, four per step; returns its records and final parameters. Frees the policy. */
export async function dpoSteps(
  policy: Policy,
  pairCount: number,
  options: Omit<TrainingOptions, "batchSize" | "epochs">,
) {
  const pairs = randomPairs(pairCount, Random.seeded(5)).map(
    ({ prompt, chosen, rejected }): ReferencedPair => ({
      chosen: { prompt, response: chosen },
      rejected: { prompt, response: rejected },
      referenceChosen: -20,
      referenceRejected: -21,
    }),
  );
  const training = await Trainer.begin(
    policy,
    preference(dpo({ beta: 0.1 })),
    pairs,
    { batchSize: 4, epochs: 1, ...options },
    Random.seeded(3),
  );
  const records: StepRecord[] = [];
  for await (const record of training.steps()) records.push(record);
  await training.end();
  const parameters = await policy.parameters();
  await policy.free();
  return { records, parameters };
}
