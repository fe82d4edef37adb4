import type { Random } from "../base/random.js";
import type { State } from "../engine/engine.js";
import type { Tensor } from "../graph/tensor.js";
import { batchCost } from "../model/batch-cost.js";
import type { Policy } from "../model/policy.js";
import { feedsOf, loadBatches, perExample, slotsOf, totalLoss } from "./micro-batches.js";
import type { MovingReference } from "./moving-reference.js";
import type { Metrics, Objective } from "./objective.js";
import { planTraining, type PlanOptions } from "./plan.js";
import { evaluationProgram } from "./training-program.js";

/**
 * The loss of held-out examples and their metrics, as training has them, under TRL's names: `eval_loss`,
 * `eval_rewards/accuracies` and so on. The loss is that of one step over all of them.
 *
 * @param options how many examples go through the model at once, and in which rows, as in training
 * @param during `running` holds what the objective keeps from step to step, and is read; a `reference` that moves says
 *   what the examples' log-probabilities under it are now
 */
export async function evaluateObjective<Example>(
  policy: Policy,
  objective: Objective<Example>,
  examples: readonly Example[],
  { batchSize, microBatchSize = batchSize, sharePrompts }: PlanOptions,
  random: Random,
  { running, reference }: { readonly running: State; readonly reference: MovingReference | undefined },
  signal?: AbortSignal,
): Promise<Metrics> {
  const { config, programs, tokenizer } = policy;
  const whole = { batchSize: examples.length, microBatchSize, epochs: 1, ...(sharePrompts !== undefined && { sharePrompts }) };
  const [plan] = planTraining(examples.map((example) => objective.sequences(example)), whole, random, batchCost(config));
  const loaded = loadBatches(plan!, examples);
  const batches = reference ? await reference.withReferenceLogProbs(objective, loaded, signal) : loaded;
  const inOrder = batches.flatMap((batch) => batch.examples);
  const fetched: Record<string, Tensor>[] = [];
  for (const batch of batches) {
    signal?.throwIfAborted();
    const build = () => evaluationProgram({ config, objective, shape: batch.shape, slots: slotsOf(objective, batch) });
    const executable = await programs.get(JSON.stringify(["evaluate", objective.key, batch.shape, config]), build);
    fetched.push(await executable.run(feedsOf(objective, batch, inOrder, tokenizer.padId), [...policy.states, running]));
  }
  const metrics = { loss: totalLoss(fetched), ...objective.metrics(inOrder, perExample(batches, fetched)) };
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`eval_${name}`, value]));
}
