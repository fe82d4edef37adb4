import type { Parameters } from "../model/parameters/parameters.js";
import type { Policy } from "../model/policy/policy.js";
import { rowLogProbs, rowTokenLogProbs } from "../model/scoring/score.js";
import { FollowingPolicy } from "./following-policy.js";
import { rowsOfBatch, type LoadedBatch } from "./micro-batches.js";
import type { Objective } from "./objective.js";

/**
 * Whether the reference stays fixed ("fixed") or after every `everySteps` steps (default 1) becomes
 * (1 − ema)·π_ref + ema·π (default 1: the policy itself). TR-DPO (Gorbatovski et al. 2024, arXiv 2404.09656): its hard
 * update is `{ everySteps: τ }`, its soft one `{ ema: α }`.
 */
export type ReferenceUpdate = "fixed" | { readonly everySteps?: number; readonly ema?: number };

/** A reference that follows the policy while it is trained. */
export class MovingReference {
  private constructor(private readonly model: FollowingPolicy) {}

  /** @param parameters current parameters of the reference, which shares the policy's config and base */
  static async begin(policy: Policy, parameters: Parameters, update: ReferenceUpdate): Promise<MovingReference> {
    const { everySteps = 1, ema: weight = 1 } = update === "fixed" ? { everySteps: Infinity } : update;
    return new MovingReference(await FollowingPolicy.begin(policy, parameters, { everySteps, weight }));
  }

  /** Returns micro-batches whose examples have log-probabilities under the current reference. */
  async withReferenceLogProbs<Example>(
    objective: Objective<Example>,
    batches: readonly LoadedBatch<Example>[],
    signal?: AbortSignal,
  ): Promise<LoadedBatch<Example>[]> {
    const referred: LoadedBatch<Example>[] = [];
    for (const batch of batches) {
      signal?.throwIfAborted();
      const rows = rowsOfBatch(objective, batch);
      const byToken = batch.examples.some((example) => objective.readsReferenceTokens?.(example));
      const renew = byToken
        ? renewed(
            objective,
            await rowTokenLogProbs(this.model.policy, rows, batch.shape),
            objective.withReferenceTokenLogProbs!,
          )
        : renewed(objective, await rowLogProbs(this.model.policy, rows, batch.shape), objective.withReferenceLogProbs!);
      referred.push({ ...batch, examples: batch.examples.map(renew) });
    }
    return referred;
  }

  /** Updates the reference after a step, towards the policy or another leader. */
  follow(leader: Policy, step: number): Promise<void> {
    return this.model.follow(leader, step);
  }

  /** Returns copies of its parameters. */
  parameters(): Promise<Parameters> {
    return this.model.parameters();
  }

  free(): Promise<void> {
    return this.model.free();
  }
}

/** Updates each example with the values found for its sequences. */
function renewed<Example, T>(
  objective: Objective<Example>,
  found: Iterable<T>,
  renew: (example: Example, found: readonly T[]) => Example,
): (example: Example) => Example {
  const left = [...found];
  return (example) => renew.call(objective, example, left.splice(0, objective.sequences(example).length));
}
