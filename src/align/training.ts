import type { Random } from "../base/random.js";
import type { Feeds, Program, State } from "../engine/engine.js";
import { sizeOf, tensor, type Tensor } from "../graph/tensor.js";
import { layOut, rowsOf } from "../model/batch.js";
import { batchCost } from "../model/batch-cost.js";
import { trainedShapes } from "../model/lora.js";
import type { Policy } from "../model/policy.js";
import { defaultAdamW, momentNames, stepSizes, type AdamW } from "./adamw.js";
import type { Metrics, Objective } from "./objective.js";
import { planTraining, type MicroBatch, type PlanOptions, type StepPlan } from "./plan.js";
import { learningRateAt, type Schedule } from "./schedule.js";
import { accumulateProgram, applyProgram, gradientName, stepProgram } from "./training-program.js";

export interface TrainingOptions extends PlanOptions {
  /** Peak of the learning rate. */
  readonly learningRate: number;
  /** Default "linear". */
  readonly schedule?: Schedule;
  /** Share of the steps in which the learning rate goes up. Default 0. */
  readonly warmup?: number;
  /** Default: {@link defaultAdamW}. */
  readonly adamW?: Partial<AdamW>;
}

/** What one optimizer step reports; names are TRL's. */
export interface StepRecord extends Metrics {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly grad_norm: number;
  readonly learning_rate: number;
  /** Tokens of prompts and responses read since the training began, without padding. */
  readonly num_tokens: number;
}

/** The loss or a gradient stopped being a number. */
export class DivergenceError extends Error {
  override readonly name = "DivergenceError";
}

/** Where a training stands between two steps: all that the next step depends on besides the parameters. */
export interface TrainingPosition {
  /** Steps done. */
  readonly step: number;
  readonly tokens: number;
  /** AdamW's moments and what the objective keeps, by state name. */
  readonly moments: ReadonlyMap<string, Tensor>;
}

/**
 * A training of a policy, step by step. The policy's parameters change in place.
 *
 * @example
 * const training = await Training.begin(policy, supervised, sequences, { batchSize: 32, epochs: 1, learningRate: 1e-3 }, random);
 * for await (const { step, loss } of training.steps()) console.log(step, loss);
 */
export class Training<Example> {
  private constructor(
    private readonly policy: Policy,
    private readonly objective: Objective<Example>,
    private readonly examples: readonly Example[],
    private readonly plan: readonly StepPlan[],
    private readonly options: TrainingOptions,
    private readonly optimizer: State,
    private done: number,
    private tokens: number,
  ) {}

  /**
   * Plans a training; `from` goes on where an earlier one stood, and gives the same bytes as one
   * that never stopped, if policy, examples, options and random stream are the same.
   *
   * @throws InputError where the objective cannot be trained in such steps
   */
  static async begin<Example>(
    policy: Policy,
    objective: Objective<Example>,
    examples: readonly Example[],
    options: TrainingOptions,
    random: Random,
    from?: TrainingPosition,
  ): Promise<Training<Example>> {
    objective.check?.(options);
    const plan = planTraining(examples.map((example) => objective.sequences(example)), options, random, batchCost(policy.config));
    const accumulates = plan.some(({ microBatches }) => microBatches.length > 1);
    const tensors = [...optimizerTensors(policy, accumulates, from?.moments), ...runningScalars(objective, from?.moments)];
    const optimizer = await policy.programs.engine.createState(tensors);
    return new Training(policy, objective, examples, plan, options, optimizer, from?.step ?? 0, from?.tokens ?? 0);
  }

  /** Optimizer steps of the whole training. */
  get total(): number {
    return this.plan.length;
  }

  /**
   * Takes the steps that are left, yielding a record after each.
   *
   * @param signal stops before the next step, or within one before its next micro-batch; the step
   *   is then not taken, and {@link position} and the parameters are those after the last that was
   * @throws DivergenceError where the loss or a gradient is not a number; what was checkpointed before stays good;
   *   the signal's reason where it asked to stop
   */
  async *steps(signal?: AbortSignal): AsyncGenerator<StepRecord> {
    while (this.done < this.plan.length) {
      const record = await this.takeStep(this.plan[this.done]!, signal);
      this.done = record.step;
      this.tokens = record.num_tokens;
      yield record;
    }
  }

  /** Copies of all that {@link begin} needs, besides the parameters, to go on from here. */
  async position(): Promise<TrainingPosition> {
    const names = this.optimizer.names.filter((name) => !name.startsWith(gradientName("")));
    return { step: this.done, tokens: this.tokens, moments: await this.optimizer.read(names) };
  }

  /** Frees the optimizer's memory; the policy stays. */
  async end(): Promise<void> {
    await this.optimizer.free();
  }

  private async takeStep({ microBatches, epoch }: StepPlan, signal: AbortSignal | undefined): Promise<StepRecord> {
    const step = this.done + 1;
    const { learningRate, schedule = "linear", warmup = 0 } = this.options;
    const adamW = { ...defaultAdamW, ...this.options.adamW };
    const rate = learningRateAt(learningRate, schedule, warmup, step, this.total);
    const examples = microBatches.flatMap(({ indices }) => indices.map((i) => this.examples[i]!));
    const fetched = await this.runStep(microBatches, examples, adamW, stepSizes(adamW, rate, step), signal);
    const record = {
      step,
      epoch,
      loss: fetched.reduce((total, { loss }) => total + (loss?.data[0] ?? 0), 0),
      grad_norm: fetched.at(-1)!.gradNorm!.data[0]!,
      learning_rate: rate,
      num_tokens: this.tokens + this.tokensOf(examples),
      ...this.objective.metrics(examples, this.perExample(microBatches, fetched)),
    };
    if (!Number.isFinite(record.loss) || !Number.isFinite(record.grad_norm)) {
      throw new DivergenceError(
        `step ${step}: the loss is ${record.loss} and the gradient's norm ${record.grad_norm}; ` +
          `a smaller learning rate than ${learningRate} may help`,
      );
    }
    return record;
  }

  /** Runs a step's programs: what each micro-batch fetched, and the gradient's norm in the last. */
  private async runStep(
    microBatches: readonly MicroBatch[],
    examples: readonly Example[],
    adamW: AdamW,
    sizes: Feeds,
    signal: AbortSignal | undefined,
  ) {
    const { config } = this.policy;
    signal?.throwIfAborted();
    if (microBatches.length === 1) {
      const [batch] = microBatches as [MicroBatch];
      const build = () => stepProgram(config, this.objective, adamW, batch.shape, this.places(batch));
      return [await this.run(["step", this.objective.key, adamW, batch.shape], build, { ...this.feed(batch, examples), ...sizes })];
    }
    const fetched: Record<string, Tensor>[] = [];
    for (const [i, batch] of microBatches.entries()) {
      signal?.throwIfAborted();
      const build = () => accumulateProgram(config, this.objective, batch.shape, this.places(batch));
      const keep = Float32Array.of(i === 0 ? 0 : 1);
      fetched.push(await this.run(["accumulate", this.objective.key, batch.shape], build, { ...this.feed(batch, examples), keep }));
    }
    fetched.push(await this.run(["apply", adamW], () => applyProgram(config, adamW), sizes));
    return fetched;
  }

  private async run(key: readonly unknown[], build: () => Program, feeds: Feeds): Promise<Record<string, Tensor>> {
    const executable = await this.policy.programs.get(JSON.stringify([...key, this.policy.config]), build);
    return executable.run(feeds, [...this.policy.states, this.optimizer]);
  }

  /** Examples that a micro-batch's program has room for. */
  private places({ indices, shape }: MicroBatch): number {
    return shape.responses / this.objective.sequences(this.examples[indices[0]!]!).length;
  }

  private feed(batch: MicroBatch, step: readonly Example[]): Feeds {
    const examples = batch.indices.map((i) => this.examples[i]!);
    const { tokenWeight, feeds } = this.objective.feed(examples, step, this.places(batch));
    const rows = examples.flatMap((example) => rowsOf(this.objective.sequences(example), batch.shape.sharesPrompts));
    return { ...layOut(rows, batch.shape, this.policy.tokenizer.padId, tokenWeight), ...feeds };
  }

  private tokensOf(examples: readonly Example[]): number {
    return examples
      .flatMap((example) => this.objective.sequences(example))
      .reduce((count, { prompt, response }) => count + prompt.length + response.length, 0);
  }

  /** What was fetched for each example, the micro-batches after each other, their padding left out. */
  private perExample(microBatches: readonly MicroBatch[], fetched: readonly Record<string, Tensor>[]) {
    const columns: Record<string, Float64Array> = {};
    for (const name of Object.keys(fetched[0]!)) {
      columns[name] = Float64Array.from(
        microBatches.flatMap(({ indices }, i) => [...fetched[i]![name]!.data.subarray(0, indices.length)]),
      );
    }
    return columns;
  }
}

function optimizerTensors({ config }: Policy, accumulates: boolean, moments?: ReadonlyMap<string, Tensor>): [string, Tensor][] {
  return [...trainedShapes(config)].flatMap(([name, shape]) => {
    const zeros = () => tensor(shape, new Float32Array(sizeOf(shape)));
    const { mean, square } = momentNames(name);
    const kept = [mean, square].map((moment): [string, Tensor] => [moment, moments?.get(moment) ?? zeros()]);
    return accumulates ? [...kept, [gradientName(name), zeros()] as [string, Tensor]] : kept;
  });
}

function runningScalars<Example>({ running = [] }: Objective<Example>, kept?: ReadonlyMap<string, Tensor>): [string, Tensor][] {
  return running.map((name) => [name, kept?.get(name) ?? tensor([], new Float32Array(1))]);
}
