import type { Random } from "../base/random.js";
import type { Feeds, Program, State } from "../engine/engine.js";
import { sizeOf, tensor, type Shape, type Tensor } from "../graph/tensor.js";
import { dropoutFeeds } from "../model/parameters/lora/dropout.js";
import type { Parameters } from "../model/parameters/parameters.js";
import { requireTrainable } from "../model/parameters/quantization/quantized-weights.js";
import type { Policy } from "../model/policy/policy.js";
import { batchCost } from "../model/scoring/batch-cost.js";
import { mostRows } from "../model/scoring/log-probs.js";
import { defaultAdamW, momentNames, stepSizes, type AdamW } from "./adamw.js";
import { betterOf, type Best, type BestMetric } from "./best.js";
import { checkTrainingInputs } from "./check-training.js";
import { evaluateObjective } from "./evaluation.js";
import type { ExampleSource, ExampleSourceOf } from "./example-source.js";
import { headName, headParameters, headShapes, initialHead, withoutHead } from "./head.js";
import { planMemory, type MemoryChoice } from "./memory-plan.js";
import { feedsOf, loadBatches, perExample, slotsOf, totalLoss, type LoadedBatch } from "./micro-batches.js";
import { mixed } from "./moving-average.js";
import { MovingReference, type ReferenceUpdate } from "./moving-reference.js";
import { objectiveMetrics } from "./objective-metrics.js";
import type { Metrics, Objective } from "./objective.js";
import type { PlanOptions, StepPlan } from "./plan.js";
import { learningRateAt, type Schedule } from "./schedule.js";
import { accumulateProgram, applyProgram, changedShapes, gradientName, stepProgram } from "./training-program.js";

export interface TrainingOptions extends PlanOptions {
  /** Peak of the learning rate. */
  readonly learningRate: number;
  /** Default "linear". */
  readonly schedule?: Schedule;
  /** Share of the steps in which the learning rate goes up. Default 0. */
  readonly warmup?: number;
  /** Default: {@link defaultAdamW}. */
  readonly adamW?: Partial<AdamW>;
  /**
   * Whether a layer's activations are computed again when its gradient is, instead of being kept until then: a
   * forward pass more in each step, for a fraction of the memory. The numbers are the same. Default: where nothing else
   * fits into memory, see {@link planMemory}.
   */
  readonly recompute?: boolean;
  /** Steps between evaluations on validation examples; one more is made after the last step. Default: none is made. */
  readonly evaluateEvery?: number;
  /** The metric of the evaluation that was best, whose parameters are kept at the end. Default: those of the last step are. */
  readonly keepBestBy?: BestMetric;
  /** Evaluations in a row without a better one after which training ends early. Default: it does not. */
  readonly patience?: number;
  /**
   * Decay of an exponential moving average of the parameters, taken after each step; it is then what is evaluated and
   * kept. Default: there is none.
   */
  readonly emaDecay?: number;
  /** Default "fixed". */
  readonly referenceUpdate?: ReferenceUpdate;
}

/** What a training may be given beside its examples. */
export interface TrainerInputs<Example> {
  /** Where an earlier training stood, to go on from there. */
  readonly from?: TrainerState | undefined;
  /** Examples for `evaluateEvery`, by which `keepBestBy` and `patience` choose: not those that results are reported on. */
  readonly validation?: readonly Example[] | undefined;
  /** The reference's parameters, for a `referenceUpdate`. Default: those that the policy begins with. */
  readonly referenceParameters?: Parameters | undefined;
  /** Makes the examples while the training goes on, of those that it is given. Default: they are trained on as they are. */
  readonly source?: ExampleSourceOf<Example> | undefined;
  /** Parameters that the objective's head begins with, as {@link Trainer.head} gives them. Default: fresh ones. */
  readonly head?: Parameters | undefined;
}

/** What one optimizer step reports, and the evaluation that follows it where there is one (`eval_…`); names are TRL's. */
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
export interface TrainerState {
  /** Steps done. */
  readonly step: number;
  readonly tokens: number;
  /** AdamW's moments, what the objective keeps and its head, by state name. */
  readonly moments: ReadonlyMap<string, Tensor>;
  /** The parameters' moving average. */
  readonly ema?: Parameters | undefined;
  /** The reference's parameters, where it moves. */
  readonly reference?: Parameters | undefined;
  /** What makes the examples, where something does. */
  readonly source?: Parameters | undefined;
  readonly best?: Best | undefined;
  /** The report of a step whose evaluation was stopped. */
  readonly pendingRecord?: StepRecord | undefined;
}

/** The part of a trainer's state that is not in the engine. */
type ProgressState = Omit<TrainerState, "moments" | "reference" | "source">;

/**
 * A training of a policy, step by step. The policy's parameters change in place.
 *
 * @example
 * const training = await Trainer.begin(policy, supervised, sequences, { batchSize: 32, epochs: 1, learningRate: 1e-3 }, random);
 * for await (const { step, loss } of training.steps()) console.log(step, loss);
 */
export class Trainer<Example> {
  private constructor(
    private readonly policy: Policy,
    private readonly objective: Objective<Example>,
    private readonly examples: readonly Example[],
    private readonly validation: readonly Example[],
    private readonly columns: readonly string[],
    /** How the training fits into the memory of the policy's programs. */
    readonly memory: MemoryChoice,
    private readonly plan: readonly StepPlan[],
    private readonly options: TrainingOptions,
    private readonly random: Random,
    private readonly optimizer: State,
    private readonly reference: MovingReference | undefined,
    private readonly source: ExampleSource<Example> | undefined,
    private at: ProgressState,
  ) {}

  /**
   * Plans a training; `from` goes on where an earlier one stood, and gives the same bytes as one
   * that never stopped, if policy, examples, options and random stream are the same.
   *
   * @throws InputError if the objective cannot be trained in such steps, or an option asks for what is not given:
   *   validation examples, an objective with a reference; where an example has what the objective has no use for; or
   *   where not one example fits into the memory of the policy's programs
   */
  static async begin<Example>(
    policy: Policy,
    objective: Objective<Example>,
    examples: readonly Example[],
    options: TrainingOptions,
    random: Random,
    { from, validation = [], referenceParameters, source: sourceOf, head }: TrainerInputs<Example> = {},
  ): Promise<Trainer<Example>> {
    requireTrainable(policy.config);
    checkTrainingInputs(objective, options, validation);
    const columns = columnsIn(objective, examples, validation);
    const { emaDecay, referenceUpdate = "fixed" } = options;
    const { config, programs } = policy;
    const { provider = "cpu" } = await programs.engine.describe();
    const task = {
      config,
      objective,
      examples,
      options,
      memory: programs.memory,
      onDevice: provider !== "cpu",
      drawn: sourceOf !== undefined,
    };
    const { steps: plan, ...memory } = planMemory(task, random, batchCost(config));
    const accumulates = plan.some(({ microBatches }) => microBatches.length > 1);
    const tensors = [
      ...optimizerTensors(changedShapes(policy.config, objective), accumulates, from?.moments),
      ...runningTensors(objective, from?.moments),
      ...headTensors(objective, policy, random.fork("head"), from?.moments, head),
    ];
    const optimizer = await policy.programs.engine.createState(tensors);
    // Under a reference that stays, only examples that are there before the training are known already.
    const moving =
      referenceUpdate === "fixed" && !(sourceOf && objective.withReferenceLogProbs)
        ? undefined
        : await MovingReference.begin(
            policy,
            from?.reference ?? referenceParameters ?? (await policy.parameters()),
            referenceUpdate,
          );
    const source = await sourceOf?.(policy, examples, random.fork("source"), from?.source);
    const {
      step = 0,
      tokens = 0,
      ema = emaDecay === undefined ? undefined : await policy.parameters(),
      best,
      pendingRecord,
    } = from ?? {};
    const at = { step, tokens, ema, best, pendingRecord };
    const chosen = { ...options, microBatchSize: memory.microBatchSize, recompute: memory.recompute };
    return new Trainer(
      policy,
      objective,
      examples,
      validation,
      columns,
      memory,
      plan,
      chosen,
      random,
      optimizer,
      moving,
      source,
      at,
    );
  }

  /** Seconds that evaluations have taken since {@link begin}. */
  evaluationSeconds = 0;

  /** Seconds that making examples has sampled since {@link begin}. */
  get samplingSeconds(): number {
    return this.source?.samplingSeconds ?? 0;
  }

  /** Optimizer steps of the whole training. */
  get total(): number {
    return this.plan.length;
  }

  /**
   * Takes the steps that are left, yielding a record after each. When they are all taken, or the
   * best evaluation is long enough ago, the policy gets the parameters that the options ask to keep.
   *
   * @param signal stops before the next step, or within one before its next micro-batch; the step
   *   is then not taken, and {@link state} and the parameters are those after the last that was
   * @throws DivergenceError if the loss or a gradient is not a number; what was checkpointed before stays good;
   *   the signal's reason where it asked to stop
   */
  async *steps(signal?: AbortSignal): AsyncGenerator<StepRecord> {
    while (this.at.pendingRecord || !this.isOver) {
      if (!this.at.pendingRecord) this.at = await this.takeStep(this.plan[this.at.step]!, signal);
      const evaluation = await this.evaluate(signal);
      const record = { ...this.at.pendingRecord!, ...evaluation };
      this.at = { ...this.at, pendingRecord: undefined };
      yield record;
    }
    const { best, ema } = this.at;
    if (best) await this.policy.replace(withoutHead(best.parameters));
    else if (ema) await this.policy.replace(ema);
  }

  /** Copies of all that {@link begin} needs, besides the parameters, to go on from here. */
  async state(): Promise<TrainerState> {
    const names = this.optimizer.names.filter((name) => !name.startsWith(gradientName("")));
    return {
      ...this.at,
      moments: await this.optimizer.read(names),
      reference: await this.reference?.parameters(),
      source: await this.source?.state(),
    };
  }

  /**
   * Copies of the parameters of the objective's head, by its own names; none without a head. They are those of the policy:
   * as they are now, or, once all steps are taken, of the best evaluation where the options ask to keep that.
   */
  async head(): Promise<Parameters> {
    const { best } = this.at;
    return headParameters(this.isOver && best ? best.parameters : await this.headState());
  }

  /** Copies of the head's parameters by their names in the optimizer's state. */
  private headState(): Promise<Map<string, Tensor>> {
    return this.optimizer.read([...headShapes(this.objective, this.policy.config).keys()]);
  }

  /** Frees the memory of the optimizer, of a reference that moves and of what makes examples; the policy stays. */
  async end(): Promise<void> {
    await this.optimizer.free();
    await this.reference?.free();
    await this.source?.free();
  }

  private get isOver(): boolean {
    const { patience = Infinity } = this.options;
    return this.at.step === this.total || (this.at.best?.since ?? 0) >= patience;
  }

  /** Takes a step: where the training stands after it, its report not given yet. */
  private async takeStep(plan: StepPlan, signal: AbortSignal | undefined): Promise<ProgressState> {
    const step = this.at.step + 1;
    const { learningRate, schedule = "linear", warmup = 0 } = this.options;
    const adamW = { ...defaultAdamW, ...this.options.adamW };
    const rate = learningRateAt(learningRate, schedule, warmup, step, this.total);
    signal?.throwIfAborted();
    const batches = await this.load(plan, signal);
    await this.policy.prepareToWrite();
    const examples = batches.flatMap((batch) => batch.examples);
    const fetched = await this.runStep(batches, examples, adamW, stepSizes(adamW, rate, step), signal);
    const record = {
      step,
      epoch: plan.epoch,
      loss: totalLoss(fetched),
      grad_norm: fetched.at(-1)!.gradNorm!.data[0]!,
      learning_rate: rate,
      num_tokens: this.at.tokens + this.tokensOf(examples),
      ...objectiveMetrics(this.objective, examples, perExample(batches, fetched)),
      ...this.source?.metrics,
    };
    if (!Number.isFinite(record.loss) || !Number.isFinite(record.grad_norm)) {
      throw new DivergenceError(
        `training diverged at step ${step}: loss ${record.loss}, gradient norm ${record.grad_norm}; ` +
          `try a learning rate below ${learningRate}`,
      );
    }
    await this.source?.follow(this.policy, step);
    await this.reference?.follow(this.source?.leader ?? this.policy, step);
    const ema = this.at.ema && mixed(this.at.ema, await this.policy.parameters(), 1 - this.options.emaDecay!);
    return { ...this.at, step, tokens: record.num_tokens, ema, pendingRecord: record };
  }

  /** The micro-batches of a step; under a reference that moves with what it says of them now. */
  private async load(plan: StepPlan, signal: AbortSignal | undefined): Promise<LoadedBatch<Example>[]> {
    const batches = this.source ? await this.drawn(this.source, plan, signal) : loadBatches(plan, this.examples);
    return this.reference ? this.reference.withReferenceLogProbs(this.objective, batches, signal) : batches;
  }

  /** The micro-batches of a step whose examples are made for it. */
  private async drawn(
    source: ExampleSource<Example>,
    { microBatches }: StepPlan,
    signal: AbortSignal | undefined,
  ): Promise<LoadedBatch<Example>[]> {
    const planned = microBatches.flatMap(({ indices }) => indices);
    const examples = await source.next(this.at.step + 1, planned, signal);
    let at = 0;
    return microBatches.map(({ indices, shape }) => ({ shape, examples: examples.slice(at, (at += indices.length)) }));
  }

  /** The evaluation that follows the step that was taken last, where one does. */
  private async evaluate(signal: AbortSignal | undefined): Promise<Metrics> {
    const { evaluateEvery, keepBestBy } = this.options;
    const { step, ema, best } = this.at;
    if (evaluateEvery === undefined || (step % evaluateEvery !== 0 && step !== this.total)) return {};
    const policy = ema ? await this.policy.withParameters(ema) : this.policy;
    const begin = performance.now();
    try {
      const context = { running: this.optimizer, reference: this.reference, columns: this.columns };
      const found = await evaluateObjective(
        policy,
        this.objective,
        this.validation,
        this.options,
        this.random.fork("validation"),
        context,
        signal,
      );
      if (keepBestBy)
        this.at = { ...this.at, best: await betterOf(best, keepBestBy, found, step, () => this.evaluated(policy)) };
      return found;
    } finally {
      this.evaluationSeconds += (performance.now() - begin) / 1000;
      if (ema) await policy.free();
    }
  }

  /** What an evaluation was of: the parameters of a policy, and of the head, if there is one. */
  private async evaluated(policy: Policy): Promise<Parameters> {
    return new Map([...(await policy.parameters()), ...((await this.headState()) as Parameters)]);
  }

  /** Runs a step's programs: what each micro-batch fetched, and the gradient's norm in the last. */
  private async runStep(
    batches: readonly LoadedBatch<Example>[],
    step: readonly Example[],
    adamW: AdamW,
    sizes: Feeds,
    signal: AbortSignal | undefined,
  ) {
    const { config, tokenizer } = this.policy;
    const { recompute = false } = this.options;
    const { columns } = this;
    const made = (batch: LoadedBatch<Example>) => ({
      config,
      objective: this.objective,
      shape: batch.shape,
      slots: slotsOf(this.objective, batch),
      columns,
      recompute,
    });
    const feeds = (batch: LoadedBatch<Example>, number: number) => ({
      ...feedsOf(this.objective, batch, { step, columns }, tokenizer.padId),
      // Named by the step, so that a training that goes on where another stopped drops the same.
      ...dropoutFeeds(config, mostRows(batch.shape), this.random.fork("dropout", this.at.step, number)),
    });
    if (batches.length === 1) {
      const [batch] = batches as [LoadedBatch<Example>];
      const build = () => stepProgram(made(batch), adamW);
      return [await this.run(["step", adamW, batch.shape, recompute], build, { ...feeds(batch, 0), ...sizes })];
    }
    const fetched: Record<string, Tensor>[] = [];
    for (const [i, batch] of batches.entries()) {
      signal?.throwIfAborted();
      const build = () => accumulateProgram(made(batch));
      const keep = Float32Array.of(i === 0 ? 0 : 1);
      fetched.push(await this.run(["accumulate", batch.shape, recompute], build, { ...feeds(batch, i), keep }));
    }
    fetched.push(await this.run(["apply", adamW], () => applyProgram(config, adamW, this.objective), sizes));
    return fetched;
  }

  private async run(key: readonly unknown[], build: () => Program, feeds: Feeds): Promise<Record<string, Tensor>> {
    const executable = await this.policy.programs.getBuilt(
      this.objective,
      JSON.stringify([...key, this.columns, this.policy.config]),
      build,
    );
    return executable.run(feeds, [...this.policy.states, this.optimizer]);
  }

  private tokensOf(examples: readonly Example[]): number {
    return examples
      .flatMap((example) => this.objective.sequences(example))
      .reduce((count, { prompt, response }) => count + prompt.length + response.length, 0);
  }
}

/** What training and validation examples come with together. */
function columnsIn<Example>(
  objective: Objective<Example>,
  ...sets: readonly (readonly Example[])[]
): readonly string[] {
  return [...new Set(sets.flatMap((examples) => objective.columns?.(examples) ?? []))].sort();
}

function optimizerTensors(
  shapes: ReadonlyMap<string, Shape>,
  accumulates: boolean,
  moments?: ReadonlyMap<string, Tensor>,
): [string, Tensor][] {
  return [...shapes].flatMap(([name, shape]) => {
    const zeros = () => tensor(shape, new Float32Array(sizeOf(shape)));
    const { mean, square } = momentNames(name);
    const kept = [mean, square].map((moment): [string, Tensor] => [moment, moments?.get(moment) ?? zeros()]);
    return accumulates ? [...kept, [gradientName(name), zeros()] as [string, Tensor]] : kept;
  });
}

/** The head's parameters: as an earlier training left them, as they were given, or fresh. */
function headTensors<Example>(
  objective: Objective<Example>,
  { config }: Policy,
  random: Random,
  kept?: ReadonlyMap<string, Tensor>,
  given?: Parameters,
): [string, Tensor][] {
  const own = new Map([...(given ?? [])].map(([name, values]) => [headName(name), values]));
  return [...headShapes(objective, config)].map(([name, shape]) => {
    return [name, kept?.get(name) ?? own.get(name) ?? initialHead(name, shape, config, random)];
  });
}

function runningTensors<Example>(
  { running = [], runningShapes = {} }: Objective<Example>,
  kept?: ReadonlyMap<string, Tensor>,
): [string, Tensor][] {
  return running.map((name) => {
    const shape = runningShapes[name] ?? [];
    return [name, kept?.get(name) ?? tensor(shape, new Float32Array(sizeOf(shape)))];
  });
}
