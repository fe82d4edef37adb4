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
import { DivergenceError } from "./divergence.js";
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
  /** Peak learning rate. */
  readonly learningRate: number;
  /** Default "linear". */
  readonly schedule?: Schedule;
  /** Share of the steps spent warming up the learning rate. Default 0. */
  readonly warmup?: number;
  /** Default: {@link defaultAdamW}. */
  readonly adamW?: Partial<AdamW>;
  /**
   * Whether a layer's activations are recomputed in the backward pass instead of being stored: one more forward pass
   * per step, for a fraction of the memory. The results are the same. Default: only if nothing else fits into memory,
   * see {@link planMemory}.
   */
  readonly recompute?: boolean;
  /** Steps between evaluations on validation examples; one more follows the last step. Default: no evaluation. */
  readonly evaluateEvery?: number;
  /**
   * Metric that selects the best evaluation, whose parameters are kept at the end. Default: the last step's are kept.
   */
  readonly keepBestBy?: BestMetric;
  /** Consecutive evaluations without improvement after which training stops. Default: no early stopping. */
  readonly patience?: number;
  /**
   * Decay of an exponential moving average of the parameters, taken after each step; the average is then evaluated and
   * kept. Default: no average.
   */
  readonly emaDecay?: number;
  /** Default "fixed". */
  readonly referenceUpdate?: ReferenceUpdate;
}

/** Inputs of a training besides its examples. */
export interface TrainerInputs<Example> {
  /** The state of an earlier training to resume. */
  readonly from?: TrainerState | undefined;
  /** Examples for `evaluateEvery`, which `keepBestBy` and `patience` use; not those that results are reported on. */
  readonly validation?: readonly Example[] | undefined;
  /** The reference's parameters, for a `referenceUpdate`. Default: the policy's initial parameters. */
  readonly referenceParameters?: Parameters | undefined;
  /** Generates examples during training from the given ones. Default: the given examples are used unchanged. */
  readonly source?: ExampleSourceOf<Example> | undefined;
  /** Initial parameters of the objective's head, as returned by {@link Trainer.head}. Default: fresh ones. */
  readonly head?: Parameters | undefined;
}

/** The report of an optimizer step, and of the evaluation that follows it, if any (`eval_…`); names are TRL's. */
export interface StepRecord extends Metrics {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly grad_norm: number;
  readonly learning_rate: number;
  /** Tokens of prompts and responses read since the training began, without padding. */
  readonly num_tokens: number;
}

/** The state of a training between two steps: everything besides the parameters that the next step depends on. */
export interface TrainerState {
  /** Steps done. */
  readonly step: number;
  readonly tokens: number;
  /** AdamW's moments, the objective's running state and its head, by state name. */
  readonly moments: ReadonlyMap<string, Tensor>;
  /** The parameters' moving average. */
  readonly ema?: Parameters | undefined;
  /** The parameters of a moving reference. */
  readonly reference?: Parameters | undefined;
  /** The state of the example source, if there is one. */
  readonly source?: Parameters | undefined;
  readonly best?: Best | undefined;
  /** The report of a step whose evaluation was interrupted. */
  readonly pendingRecord?: StepRecord | undefined;
}

/** The part of a trainer's state that is stored outside the engine. */
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
   * Plans a training. With `from` it resumes an earlier one, and gives the same bytes as one that never stopped if
   * policy, examples, options and random stream are the same.
   *
   * @throws InputError if the objective does not support such steps; if an option requires missing validation examples
   *   or an objective with a reference; if an example has a column that the objective cannot use; or if not even one
   *   example fits into the memory of the policy's programs
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
    // With a fixed reference, log-probabilities are known only for examples that exist before the training.
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

  /** Seconds spent on evaluation since {@link begin}. */
  evaluationSeconds = 0;

  /** Seconds spent on sampling for new examples since {@link begin}. */
  get samplingSeconds(): number {
    return this.source?.samplingSeconds ?? 0;
  }

  /** Total number of optimizer steps. */
  get total(): number {
    return this.plan.length;
  }

  /**
   * Runs the remaining steps, yielding a record after each. After the last step, or once `patience` is exhausted, the
   * policy gets the parameters that the options ask to keep.
   *
   * @param signal stops before the next step, or within one before its next micro-batch; the step is then discarded,
   *   and {@link state} and the parameters are those after the last completed step
   * @throws DivergenceError if the loss or a gradient is NaN or infinite; earlier checkpoints stay valid; the signal's
   *   reason if it was aborted
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

  /** Returns copies of everything besides the parameters that {@link begin} needs to resume from here. */
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
   * Returns copies of the parameters of the objective's head, by their own names; empty without a head. They match the
   * policy: the current ones or, after all steps, those of the best evaluation if the options ask for it.
   */
  async head(): Promise<Parameters> {
    const { best } = this.at;
    return headParameters(this.isOver && best ? best.parameters : await this.headState());
  }

  /** Returns copies of the head's parameters by their names in the optimizer's state. */
  private headState(): Promise<Map<string, Tensor>> {
    return this.optimizer.read([...headShapes(this.objective, this.policy.config).keys()]);
  }

  /** Frees the optimizer, the moving reference and the example source, but not the policy. */
  async end(): Promise<void> {
    await this.optimizer.free();
    await this.reference?.free();
    await this.source?.free();
  }

  private get isOver(): boolean {
    const { patience = Infinity } = this.options;
    return this.at.step === this.total || (this.at.best?.since ?? 0) >= patience;
  }

  /** Takes a step and returns the progress after it, with its report still pending. */
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

  /** Returns the micro-batches of a step; with a moving reference, with their current log-probabilities under it. */
  private async load(plan: StepPlan, signal: AbortSignal | undefined): Promise<LoadedBatch<Example>[]> {
    const batches = this.source ? await this.drawn(this.source, plan, signal) : loadBatches(plan, this.examples);
    return this.reference ? this.reference.withReferenceLogProbs(this.objective, batches, signal) : batches;
  }

  /** Returns the micro-batches of a step whose examples are generated for it. */
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

  /** Runs the evaluation after the last step, if one is due. */
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

  /** Returns the evaluated parameters: those of a policy and of the head, if there is one. */
  private async evaluated(policy: Policy): Promise<Parameters> {
    return new Map([...(await policy.parameters()), ...((await this.headState()) as Parameters)]);
  }

  /** Runs a step's programs; returns what each micro-batch fetched, with the gradient norm in the last. */
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
      // Forked by step, so that a resumed training uses the same dropout.
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

/** Returns the columns of training and validation examples together. */
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

/** Returns the head's parameters: from an earlier training, as given, or fresh. */
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
