import type { Random } from "../base/random.js";
import type { Program, State } from "../engine/engine.js";
import type { Tensor } from "../graph/tensor.js";
import type { Policy } from "../model/policy/policy.js";
import { batchCost } from "../model/scoring/batch-cost.js";
import { feedsOf, loadBatches, perExample, slotsOf, totalLoss, type LoadedBatch } from "./micro-batches.js";
import type { MovingReference } from "./moving-reference.js";
import { objectiveMetrics } from "./objective-metrics.js";
import type { Metrics, Objective } from "./objective.js";
import { feedBatch } from "./own-objective.js";
import { planTraining, type PlanOptions } from "./plan.js";
import { evaluationProgram, lossProgram, readingProgram } from "./training-program.js";

/** What an evaluation needs besides policy and examples. */
export interface EvaluationContext {
  /** The objective's running state and its head; read only. */
  readonly running: State;
  /** A moving reference recomputes the examples' log-probabilities. */
  readonly reference: MovingReference | undefined;
  /** See {@link Objective.columns}. */
  readonly columns: readonly string[];
}

/**
 * Computes the loss and the training metrics of validation examples, under TRL's names: `eval_loss`,
 * `eval_rewards/accuracies` and so on. The loss is that of one step over all of them, whatever the micro-batch size.
 *
 * @param options micro-batch size and row layout, as in training
 */
export async function evaluateObjective<Example>(
  policy: Policy,
  objective: Objective<Example>,
  examples: readonly Example[],
  { batchSize, microBatchSize = batchSize, sharePrompts }: PlanOptions,
  random: Random,
  context: EvaluationContext,
  signal?: AbortSignal,
): Promise<Metrics> {
  const whole = {
    batchSize: examples.length,
    microBatchSize,
    epochs: 1,
    ...(sharePrompts !== undefined && { sharePrompts }),
  };
  const [plan] = planTraining(
    examples.map((example) => objective.sequences(example)),
    whole,
    random,
    batchCost(policy.config),
  );
  const loaded = loadBatches(plan!, examples);
  const batches = context.reference ? await context.reference.withReferenceLogProbs(objective, loaded, signal) : loaded;
  const { loss, fetched } = await (objective.needsWholeStep ? together : oneByOne)(
    policy,
    objective,
    batches,
    context,
    signal,
  );
  const metrics = {
    loss,
    ...objectiveMetrics(
      objective,
      batches.flatMap((batch) => batch.examples),
      fetched,
    ),
  };
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`eval_${name}`, value]));
}

/** The loss, and the values fetched for each example, in the order of the batches. */
interface Evaluated {
  readonly loss: number;
  readonly fetched: Readonly<Record<string, Float64Array>>;
}

/** Computes loss and metrics of batches whose losses add up. */
async function oneByOne<Example>(
  policy: Policy,
  objective: Objective<Example>,
  batches: readonly LoadedBatch<Example>[],
  { running, columns }: EvaluationContext,
  signal?: AbortSignal,
): Promise<Evaluated> {
  const { config, states } = policy;
  const program = (batch: LoadedBatch<Example>) => ({
    key: ["evaluate", batch.shape, columns, config],
    build: () =>
      evaluationProgram({ config, objective, shape: batch.shape, slots: slotsOf(objective, batch), columns }),
  });
  const fetched = await runEach(policy, objective, batches, { program, columns, states: [...states, running] }, signal);
  return { loss: totalLoss(fetched), fetched: perExample(batches, fetched) };
}

/** How {@link runEach} runs a batch: the program, its cache key, and the states that it reads. */
interface BatchRun<Example> {
  program(batch: LoadedBatch<Example>): { readonly key: readonly unknown[]; build(): Program };
  readonly columns: readonly string[];
  readonly states: readonly State[];
}

/** Runs a program on each batch of one step; returns the values that each run fetched. */
async function runEach<Example>(
  { programs, tokenizer }: Policy,
  objective: Objective<Example>,
  batches: readonly LoadedBatch<Example>[],
  { program, columns, states }: BatchRun<Example>,
  signal?: AbortSignal,
): Promise<Record<string, Tensor>[]> {
  const step = batches.flatMap((batch) => batch.examples);
  const fetched: Record<string, Tensor>[] = [];
  for (const batch of batches) {
    signal?.throwIfAborted();
    const { key, build } = program(batch);
    const executable = await programs.getBuilt(objective, JSON.stringify(key), build);
    fetched.push(await executable.run(feedsOf(objective, batch, { step, columns }, tokenizer.padId), states));
  }
  return fetched;
}

/**
 * Computes loss and metrics for a loss that compares all examples: the model reads them batch by batch, the loss all at
 * once.
 */
async function together<Example>(
  policy: Policy,
  objective: Objective<Example>,
  batches: readonly LoadedBatch<Example>[],
  { running, columns }: EvaluationContext,
  signal?: AbortSignal,
): Promise<Evaluated> {
  const { config, programs, states } = policy;
  const program = ({ shape }: LoadedBatch<Example>) => ({
    key: ["read", shape, config],
    build: () => readingProgram({ config, objective, shape }),
  });
  const read = await runEach(policy, objective, batches, { program, columns, states }, signal);
  const step = batches.flatMap((batch) => batch.examples);
  const sequences = batches.map(({ examples }) => examples.flatMap((example) => objective.sequences(example)));
  const tokensOf = sequences.map((own) => own.reduce((count, { response }) => count + response.length, 0));
  const tokens = tokensOf.reduce((a, b) => a + b, 0);
  const joined = (name: string, width: number) => {
    const all = new Float32Array(tokens * width);
    let at = 0;
    read.forEach((of, i) => {
      all.set((of[name]!.data as Float32Array).subarray(0, tokensOf[i]! * width), at);
      at += tokensOf[i]! * width;
    });
    return all;
  };
  const lengths = sequences.flat().map(({ response }) => response.length);
  const sizes = { slots: step.length, responses: lengths.length, tokens };
  const { feeds } = feedBatch(objective, step, { step, columns, ...sizes });
  const build = () => lossProgram({ config, objective, columns }, sizes);
  const executable = await programs.getBuilt(objective, JSON.stringify(["loss", sizes, columns, config]), build);
  const found = await executable.run(
    {
      ...feeds,
      tokenLogProbs: joined("tokenLogProbs", 1),
      response: Int32Array.from(lengths.flatMap((length, response) => new Array<number>(length).fill(response))),
      ...(objective.head && { hidden: joined("hidden", config.hiddenSize) }),
    },
    [running],
  );
  const { loss, ...numbers } = found;
  const fetched = Object.fromEntries(
    Object.entries(numbers).map(([name, { data }]) => [name, Float64Array.from(data)]),
  );
  return { loss: loss!.data[0]!, fetched };
}
