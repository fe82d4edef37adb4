import type { ExampleSourceOf } from "../align/example-source.js";
import type { Objective } from "../align/objective.js";
import { meanLogProb } from "../align/losses/reward.js";
import { objectiveOf, type PairLoss } from "../align/pair-objective.js";
import type { ReferencedPair } from "../align/preference.js";
import { readHead } from "../align/head-files.js";
import { scoreOf } from "../align/score-head.js";
import { supervised } from "../align/sft.js";
import { counted, countedOf, percentOf } from "../base/counted.js";
import { InputError, quote } from "../base/errors.js";
import { interruptGrace, untilAbort } from "../base/own-function.js";
import { Random } from "../base/random.js";
import {
  distinctPrompts,
  judgeSamples,
  labelSamples,
  sampleRequests,
  samplesOf,
  type LabelledSample,
  type Sample,
} from "../bootstrap/index.js";
import { pairRow } from "../data/pair-row.js";
import { promptIds } from "../data/prompt-ids.js";
import type { TokenizedDemonstration, TokenizedPair, TokenizedPrompt } from "../data/tokenize.js";
import { responseName } from "../model/generation/generate.js";
import { tokenizerDigest } from "../model/policy/fingerprint.js";
import { savePolicy } from "../model/policy/policy-files.js";
import type { TokenSequence } from "../model/scoring/batch.js";
import {
  margins,
  pairRewards,
  rewardMargins,
  type Margin,
  type PairValues,
  type Reviewed,
  type Scorer,
} from "../review/index.js";
import type { RunContext } from "./context.js";
import { requireNext, requirePairs, requireSettings, requireTrainedOn } from "./check-align.js";
import { sequenceKey } from "./check-run.js";
import { runLayout } from "./folder/layout.js";
import {
  requireDemonstrations,
  requireJudge,
  type BootstrappedPair,
  type OfflinePair,
  type RunInput,
  type RunJudge,
  type TrainingPair,
} from "./input.js";
import {
  generationOptions,
  implicitRewardName,
  lossIdentity,
  lossOf,
  sftTrainingOptions,
  trainingOptions,
  type MethodOptions,
} from "./options/index.js";
import { keptEvaluation } from "./kept-evaluation.js";
import { isBuiltIn, type Method } from "./method.js";
import { ModelCache } from "./model-cache.js";
import { ownSource } from "./own-source.js";
import { References } from "./references.js";
import { Summaries } from "./summaries.js";
import type { RunSummary, TrainedOn } from "./summary.js";
import { trainStage, type TrainStage } from "./train-stage.js";
import { TrainingCache } from "./training-cache.js";

/**
 * The stages that methods are built from: train, review, sample, label. Each runs once, and its result is stored in the
 * run's folder; a method run again on the same folder with the same arguments resumes where it stopped and ends with
 * the same bytes as one that never stopped.
 */
export class Stages {
  private readonly random: Random;
  private readonly loss: PairLoss;
  private readonly objective: Objective<ReferencedPair>;
  private readonly summaries: Summaries;
  private readonly promptOf: ReadonlyMap<string, Int32Array>;
  private readonly references: References;
  private readonly models: ModelCache;
  private readonly trainings: TrainingCache | undefined;
  private labelledBy: string | null = null;
  private trained = 0;
  private begun: Promise<void> | undefined;

  /**
   * @param modelKey identifies the model of an iteration and its engine
   * @param method properties of the method
   */
  constructor(
    private readonly input: RunInput,
    private readonly options: MethodOptions,
    private readonly context: RunContext,
    private readonly modelKey: (iteration: number) => string,
    private readonly method: Method,
  ) {
    this.random = Random.seeded(options.seed);
    this.loss = lossOf(options);
    this.objective = this.objectiveFor(this.loss);
    this.promptOf = new Map(distinctPrompts(input.pairs).map(({ id, prompt }) => [id, prompt]));
    this.models = new ModelCache(input.referenceCache, modelKey, context);
    this.trainings =
      input.referenceCache === undefined ? undefined : new TrainingCache(input.referenceCache, context.folder);
    this.references = new References(
      input,
      {
        objective: this.objective,
        training: trainingOptions(options),
        reference: options.reference,
        ...(method.columns && { columns: method.columns }),
      },
      this.models,
      context,
    );
    this.summaries = new Summaries(input, options, this.loss, this.models, context);
    const promptKey = ({ prompt }: TokenizedPrompt) => prompt.join();
    this.noteTrained("validation pairs", input.validation, "training pairs", sequenceKey);
    this.noteTrained("held-out pairs", input.heldOut?.pairs, "training pairs", sequenceKey);
    this.noteTrained("held-out prompts", input.heldOut?.prompts, "prompts of training pairs", promptKey);
  }

  /**
   * Returns the pairs of the data, with their log-probabilities under the model of iteration 0 if the loss reads them.
   */
  async offlinePairs(): Promise<OfflinePair[]> {
    await this.begin();
    const prompts = promptIds(this.input.pairs);
    const reference = this.objective.withReferenceLogProbs ? await this.references.start() : undefined;
    return this.input.pairs.map(({ id, prompt, chosen, rejected, columns }, i) => ({
      ...{ id, promptId: prompts[i]!, prompt, chosen, rejected },
      ...(columns && { columns }),
      ...(reference && { reference: { chosen: reference.chosen[i]!, rejected: reference.rejected[i]! } }),
    }));
  }

  get pairs(): readonly TokenizedPair[] {
    return this.input.pairs;
  }

  get hasDemonstrations(): boolean {
    return this.input.demonstrations !== undefined;
  }

  /**
   * Returns the demonstrations of the run, for a method that trains on them itself.
   *
   * @throws InputError if it was given none
   */
  requireDemonstrations(): readonly TokenizedDemonstration[] {
    return requireDemonstrations(this.input);
  }

  /** The signal that stops the run. */
  get signal(): AbortSignal | undefined {
    return this.context.controls.signal;
  }

  /** Ids of the tokens that end a response. */
  get stopIds(): readonly number[] {
    return this.input.start.tokenizer.stopIds;
  }

  /** Maximum tokens of a prompt and response together. */
  get contextLength(): number {
    return this.input.start.config.contextLength;
  }

  /** Shows a note in the run's progress output. */
  note(text: string): void {
    this.context.controls.reporter?.note?.(text);
  }

  /** Returns an independent random stream of the run. */
  fork(...labels: readonly (string | number)[]): Random {
    return this.random.fork(...labels);
  }

  /** Decodes tokens. */
  text(tokens: Iterable<number>): string {
    return this.input.start.tokenizer.decode([...tokens]);
  }

  /** Returns the prompt tokens of a sample. */
  prompt(id: string): Int32Array {
    return this.promptOf.get(id)!;
  }

  /**
   * Computes the margins of all pairs of the data before iteration `t`, under the preceding policies, and selects the
   * pairs to keep.
   *
   * @param weights of π_{t−1}, π_{t−2} …
   */
  async review(
    t: number,
    weights: readonly number[],
    select: (rows: readonly Margin[]) => readonly Reviewed[],
  ): Promise<readonly Reviewed[]> {
    await this.before("review", t);
    return this.context.folder.rows(runLayout.iteration(t).margins, async () => {
      const { pairs } = this.input;
      const { needsReference } = this.loss.reward;
      const reference = needsReference ? await this.references.start() : undefined;
      const rewards = (logProbs: PairValues) => pairRewards(this.loss, pairs, logProbs, reference);
      const earlier: number[][] = [];
      for (let before = t - 1; before >= 1 && earlier.length < weights.length - 1; before--) {
        // Under the reference itself, a loss that reads a reference has margins of 0.
        if (before > 1) earlier.push((await this.review(before, weights, select)).map(({ margin }) => margin));
        else
          earlier.push(
            needsReference ? pairs.map(() => 0) : [...rewardMargins(rewards(await this.references.start()))],
          );
      }
      const logProbs = await this.context.measured(t, "scoring", "review the pairs", (task) =>
        this.models.pairLogProbs({ model: t - 1, iteration: t, kind: "scoring" }, pairs, task),
      );
      return select(margins(pairs, rewards(logProbs), earlier, weights));
    });
  }

  /**
   * Samples responses of π_{t−1} to every prompt.
   *
   * @param temperature sampling temperature. Default: that of the run's options
   */
  async samples(t: number, responses: number, temperature = this.options.temperature): Promise<readonly Sample[]> {
    await this.before("samples", t);
    return this.context.folder.rows(runLayout.iteration(t).samples, () => this.draw(t, responses, { temperature }));
  }

  /** Samples one response of π_{t−1} to the prompt of every demonstration, under the demonstrations' ids. */
  async demonstrationSamples(t: number): Promise<readonly Sample[]> {
    await this.before("demonstrationSamples", t);
    const prompts = this.requireDemonstrations().map(({ id, prompt }) => ({ id, prompt }));
    return this.context.folder.rows(runLayout.iteration(t).samples, () => this.draw(t, 1, { prompts }));
  }

  /**
   * Samples responses of π_{t−1} to prompts, with their rewards and anything else that `label` adds.
   *
   * @param prompts ids of the prompts to answer. Default: all
   */
  async labelledSamples(
    t: number,
    responses: number,
    label: (drawn: readonly Sample[]) => Promise<readonly LabelledSample[]>,
    prompts?: ReadonlySet<string>,
  ): Promise<readonly LabelledSample[]> {
    await this.before("labelledSamples", t);
    const { labelledSamples, labels } = runLayout.iteration(t);
    const labelled = await this.context.folder.rows(labelledSamples, async () =>
      this.untilAbort(
        label(await this.draw(t, responses, { prompts: this.prompts.filter(({ id }) => prompts?.has(id) ?? true) })),
      ),
    );
    if (this.context.folder.isDone(labels.path))
      this.labelledBy = (await this.context.folder.readJson(labels)).labelledBy;
    return labelled;
  }

  /**
   * Labels samples with the implicit reward of the policies before iteration `t`.
   *
   * @param weights of π_{t−1}, π_{t−2} …; a policy of weight 0 is not evaluated
   * @param against the iteration whose model is the reference of the reward. Default 0
   */
  async labelByReward(
    t: number,
    weights: readonly number[],
    samples: readonly Sample[],
    against = 0,
  ): Promise<readonly LabelledSample[]> {
    await this.noteLabels(t, implicitRewardName);
    const scorers = new Map<number, Scorer>();
    const scorer = async (iteration: number) => {
      const known = scorers.get(iteration) ?? (await this.scorer(iteration));
      scorers.set(iteration, known);
      return known;
    };
    const counted = weights
      .map((weight, i) => ({ weight, iteration: t - 1 - i }))
      .filter(({ weight, iteration }) => weight !== 0 && iteration >= 0);
    const policies = [];
    for (const { weight, iteration } of counted) policies.push({ weight, policy: await scorer(iteration) });
    const reference = await scorer(against);
    const labellers = { loss: this.loss, policies, reference, known: knownLogProbs(samples, scorers) };
    const labelled = await this.context.measured(t, "scoring", "label responses", (task) =>
      labelSamples(samples, this.prompts, labellers, task),
    );
    // A sample's stored reference log-probability is that of iteration 0's model.
    return against === 0 ? labelled : labelled.map(({ reference: _, ...sample }) => sample);
  }

  /**
   * Labels samples with their length-normalized log-likelihood under the policy before iteration `t`, in nats per token:
   * SimPO's reward (arXiv 2405.14734, equation 4), whatever the loss of the run.
   */
  async labelByLikelihood(t: number, samples: readonly Sample[]): Promise<readonly LabelledSample[]> {
    await this.noteLabels(t, "likelihood");
    const policy = await this.scorer(t - 1);
    const labellers = {
      loss: { name: "likelihood", reward: meanLogProb },
      policies: [{ policy, weight: 1 }],
      known: knownLogProbs(samples, new Map([[t - 1, policy]])),
    };
    return this.context.measured(t, "scoring", "label responses", (task) =>
      labelSamples(samples, this.prompts, labellers, task),
    );
  }

  /**
   * Labels samples with the score head trained along with the policy before iteration `t`; see `scoreHead`.
   *
   * @throws InputError if the policy was trained without a score head
   */
  async labelByScoreHead(t: number, samples: readonly Sample[]): Promise<readonly LabelledSample[]> {
    await this.noteLabels(t, "score head");
    const { folder } = this.context;
    const head = await readHead(folder.file(runLayout.iteration(t - 1).model));
    if (!head) throw new InputError(`iteration ${t - 1}: no head was trained beside its model; train it by scoreHead`);
    const sequences = samples.map(({ id, tokens }) => ({ prompt: this.prompt(id), response: Int32Array.from(tokens) }));
    const embeddings = await this.embeddings(t, t - 1, sequences);
    return samples.map((sample, i) => ({ ...sample, reward: scoreOf(embeddings[i]!, head) }));
  }

  /**
   * Labels samples with the run's judge.
   *
   * @throws InputError if it was given none
   */
  async labelByJudge(t: number, samples: readonly Sample[]): Promise<readonly LabelledSample[]> {
    const judge = this.requireJudge();
    await this.noteLabels(t, judge.name, samples.length);
    return this.context.measured(t, "scoring", "judge responses", (task) =>
      judgeSamples(samples, (tokens) => this.text(tokens), judge.score, task),
    );
  }

  /** Labels existing responses with rewards, and stores them like sampled ones. */
  async labelledResponses(
    t: number,
    responses: readonly Sample[],
    label: (responses: readonly Sample[]) => Promise<readonly LabelledSample[]>,
  ): Promise<readonly LabelledSample[]> {
    await this.before("labelledResponses", t);
    const { labelledSamples, labels } = runLayout.iteration(t);
    const labelled = await this.context.folder.rows(labelledSamples, async () => this.untilAbort(label(responses)));
    this.labelledBy = (await this.context.folder.readJson(labels)).labelledBy;
    return labelled;
  }

  /**
   * Returns some responses graded by the judge, stored along with the samples of iteration `t`.
   *
   * @param budget how many responses the judge may grade; it is not called if more are chosen
   * @param choose chooses the responses to grade; called if they are not stored yet
   * @throws InputError if the run was given no judge, or more are chosen
   */
  async gradedResponses(
    t: number,
    budget: number,
    choose: () => Promise<readonly Sample[]>,
  ): Promise<readonly LabelledSample[]> {
    await this.before("gradedResponses", t);
    const { graded, labels } = runLayout.iteration(t);
    const rows = await this.context.folder.rows(graded, async () => {
      const chosen = await this.untilAbort(choose());
      if (chosen.length > budget)
        throw new InputError(
          `budget: ${chosen.length} responses were chosen to be graded, and the judge may grade ${budget}`,
        );
      return this.labelByJudge(t, chosen);
    });
    this.labelledBy = (await this.context.folder.readJson(labels)).labelledBy;
    return rows;
  }

  /** Computes the mean last hidden state of an iteration's model over each sequence's response, [hidden] each. */
  async embeddings(
    t: number,
    iteration: number,
    sequences: readonly TokenSequence[],
  ): Promise<readonly Float32Array[]> {
    await this.before("embeddings", t);
    const model = await this.context.model(iteration);
    return this.context.measured(t, "scoring", "embed responses", (task) =>
      this.context.executor.embeddings(model, sequences, task),
    );
  }

  /**
   * Records, for the summary, what labels the samples of iteration `t`.
   *
   * @param graded how many responses a judge grades. Default: there is no judge
   */
  async noteLabels(t: number, labelledBy: string, graded?: number): Promise<void> {
    await this.before("noteLabels", t);
    await this.context.folder.json(runLayout.iteration(t).labels, async () => ({
      labelledBy,
      ...(graded !== undefined && { graded }),
    }));
  }

  /**
   * Returns the run's judge. A method that labels with it calls this before it trains.
   *
   * @throws InputError if it was given none
   */
  requireJudge(): RunJudge {
    return requireJudge(this.input);
  }

  /** Writes bootstrapped pairs as texts and tokens to `bootstrapped.jsonl` of iteration `t`. */
  async saveBootstrapped(t: number, pairs: readonly BootstrappedPair[]): Promise<void> {
    await this.before("saveBootstrapped", t);
    await this.context.folder.rows(runLayout.iteration(t).bootstrapped, async () => {
      const tokenizer = tokenizerDigest(this.input.start.tokenizer);
      return pairs.map(({ row: { id, ...row }, prompt, chosen, rejected }) => ({
        ...{ id, prompt: this.text(prompt), chosen: this.text(chosen), rejected: this.text(rejected) },
        ...row,
        tokens: { tokenizer, prompt: [...prompt], chosen: [...chosen], rejected: [...rejected] },
      }));
    });
  }

  /**
   * Trains π_t from π_{t−1}, or an earlier one, on pairs, with the loss of the run, and evaluates it.
   *
   * @param t one more than in the last call, starting at 1
   * @param settings of this iteration, which override the run's options
   * @throws InputError if there are no pairs, `t` is out of order, or another argument is not as its type says
   */
  async align(
    t: number,
    pairs: readonly TrainingPair[],
    trainedOn: TrainedOn,
    settings: IterationTraining = {},
  ): Promise<void> {
    requireNext(t, this.trained + 1);
    requirePairs(t, pairs);
    requireTrainedOn(t, trainedOn);
    requireSettings(t, settings);
    if (pairs.length === 0) {
      throw new InputError(
        `iteration ${t}: no pairs to train on: none were selected and none bootstrapped; raise select or bootstrap, or sample more responses`,
      );
    }
    const { loss = this.loss, source, from = t - 1, ...own } = settings;
    this.trained = t;
    await this.begin();
    const previous = this.references.against(t) === from;
    await trainStage(this.context, {
      kind: "align",
      iteration: t,
      objective: this.objectiveFor(loss),
      examples: () => this.references.of(t, pairs),
      validation: () => this.references.validation(t),
      options: trainingOptions({ ...this.options, ...own }),
      random: this.random.fork("align", t),
      from: () => this.context.model(from),
      ...(!previous && { reference: () => this.context.model(0) }),
      ...(source && { source: this.sourceOf(source) }),
      ...(settings.loss === undefined &&
        this.shared(() => ({
          from: this.modelKey(from),
          ...(!previous && { reference: this.modelKey(0) }),
          loss: lossIdentity(this.options),
        }))),
    });
    const steps = (await this.context.folder.readRows(runLayout.metrics)).filter(
      ({ phase, iteration }) => phase === "align" && iteration === t,
    );
    const { keepBestBy } = this.options;
    const kept = keepBestBy && keptEvaluation(steps, keepBestBy);
    const pairsSeen = Math.round(pairs.length * Number(steps.at(-1)!.epoch));
    await this.summaries.add(t, trainedOn, pairsSeen, kept);
  }

  /**
   * Writes the summary of a finished run.
   *
   * @throws InputError if nothing was trained
   */
  async end(method: string): Promise<RunSummary> {
    const isStartTrained = this.begun !== undefined && this.trainsStart;
    if (this.trained === 0 && !isStartTrained)
      throw new InputError(
        `the method ${quote(method)} trained no iteration; its \`run\` has to call stages.align(1, pairs, …) and await it`,
      );
    return this.summaries.write(method, this.labelledBy);
  }

  /**
   * Lets other runs take over a training, if its objective is known by the run's options: not that of a method's own.
   *
   * @param identity identifies the models and the objective of the training
   */
  private shared(identity: () => unknown): Pick<TrainStage<never>, "shared"> {
    const { trainings } = this;
    const isKnown = isBuiltIn(this.method) && !this.method.objective;
    return trainings && isKnown ? { shared: { trainings, identity } } : {};
  }

  /** Waits for a function of the method, but not for ever if the run is aborted. */
  private async untilAbort<T>(result: T | Promise<T>): Promise<T> {
    return untilAbort(Promise.resolve(result), { signal: this.signal, grace: interruptGrace });
  }

  /** Returns the source of the examples of a training, wrapped if it is not the library's. */
  private sourceOf(source: ExampleSourceOf<ReferencedPair>): ExampleSourceOf<ReferencedPair> {
    return isBuiltIn(this.method) ? source : ownSource(this.method.name, source, this.signal);
  }

  /** Whether the model of iteration 0 is fine-tuned on the run's demonstrations. */
  private get trainsStart(): boolean {
    return this.hasDemonstrations && !this.method.trainsOnDemonstrations;
  }

  /**
   * Begins a stage of iteration `t`, which needs the model of the iteration before.
   *
   * @throws InputError if that is not trained yet
   */
  private async before(stage: string, t: number): Promise<void> {
    const next = this.trained + 1;
    if (!(Number.isInteger(t) && t >= 1 && t <= next))
      throw new InputError(
        `stages.${stage}: found iteration ${quote(t)}, expected ${next === 1 ? "1" : `one from 1 to ${next}`}; the iteration before it must be trained first`,
      );
    await this.begin();
  }

  private get prompts() {
    return [...this.promptOf].map(([id, prompt]) => ({ id, prompt }));
  }

  /** Notes how many evaluation rows are also trained on, which makes the evaluation too optimistic. */
  private noteTrained<Row>(
    what: string,
    rows: readonly Row[] = [],
    trained: string,
    keyOf: (row: Row | TokenizedPair) => string,
  ): void {
    const known = new Set(this.input.pairs.map(keyOf));
    const both = rows.filter((row) => known.has(keyOf(row))).length;
    if (both > 0) this.note(`${both} of the ${rows.length} ${what} are ${trained} too`);
  }

  /**
   * Writes the inputs and the model of iteration 0, fine-tuned on demonstrations if there are any, and evaluates it.
   * Every stage calls it; only the first call does the work.
   */
  begin(): Promise<void> {
    return (this.begun ??= this.start());
  }

  private async start(): Promise<void> {
    const { start, pairs, heldOut, validation, demonstrations } = this.input;
    const { folder } = this.context;
    await folder.rows(runLayout.pairs, async () => pairs.map(pairRow));
    if (heldOut) await folder.rows(runLayout.heldOutPairs, async () => heldOut.pairs.map(pairRow));
    if (heldOut?.prompts) {
      const rows = heldOut.prompts.map(({ id, prompt }) => ({ id, prompt: [...prompt] }));
      await folder.rows(runLayout.heldOutPrompts, async () => rows);
    }
    if (validation) await folder.rows(runLayout.validationPairs, async () => validation.map(pairRow));
    if (demonstrations) {
      await folder.rows(runLayout.demonstrations, async () =>
        demonstrations.map(({ id, prompt, response }) => ({ id, prompt: [...prompt], response: [...response] })),
      );
    }
    if (demonstrations && this.trainsStart) {
      await trainStage(this.context, {
        kind: "sft",
        iteration: 0,
        objective: supervised,
        examples: async () => demonstrations,
        validation: async () => [],
        options: sftTrainingOptions(this.options),
        random: this.random.fork("sft", 0),
        from: async () => "start",
        ...this.shared(() => ({ from: this.modelKey(0) })),
      });
    }
    const { model } = runLayout.iteration(0);
    if (!folder.isDone(model)) {
      await savePolicy(start, folder.file(model));
      await folder.seal([model]);
    }
    await this.summaries.add(0, null, 0);
  }

  private async draw(
    t: number,
    responses: number,
    {
      prompts = this.prompts,
      temperature = this.options.temperature,
    }: { readonly prompts?: readonly TokenizedPrompt[]; readonly temperature?: number },
  ): Promise<Sample[]> {
    const random = this.random.fork("sample", t);
    const options = generationOptions({ ...this.options, temperature });
    const settings = { ...options, stream: random.name };
    const samples = await this.context.measured(t, "sampling", "sample responses", (task) =>
      this.models.samples({ model: t - 1, iteration: t, kind: "sampling" }, prompts, responses, settings, async () => {
        const model = await this.context.model(t - 1);
        const batches = await this.context.folder.growRows(runLayout.iteration(t).drawn, (kept) => {
          const known = new Set(kept.flat().map(({ id, number }) => responseName(id, number)));
          const requests = sampleRequests(prompts, responses);
          const drawn = this.context.executor.samples(
            model,
            requests,
            random,
            { ...options, known, logProbs: true },
            task,
          );
          return samplesOf(drawn, prompts);
        });
        return batches.flat();
      }),
    );
    const drawn = samples.map((sample) => ({ ...sample, writer: t - 1 }));
    const cut = drawn.filter(({ complete }) => !complete).length;
    if (cut > 0)
      this.note(
        `${countedOf(cut, drawn.length, "response")} (${percentOf(cut, drawn.length)}) ${cut === 1 ? "was" : "were"} cut off at ${counted(this.options.maxNewTokens, "token")}`,
      );
    return drawn;
  }

  /** Returns the objective of training with a loss. */
  private objectiveFor(loss: PairLoss): Objective<ReferencedPair> {
    return this.method.objective?.(loss) ?? objectiveOf(loss);
  }

  private async scorer(iteration: number): Promise<Scorer> {
    const model = await this.context.model(iteration);
    return (sequences, task) => this.context.executor.logProbs(model, sequences, task);
  }
}

/** Settings of a single iteration. A loss reads the same reference as the run's. */
export interface IterationTraining extends Partial<Pick<MethodOptions, "epochs" | "learningRate" | "referenceEvery">> {
  readonly loss?: PairLoss;
  /** The iteration whose model training begins from. Default: the previous one. */
  readonly from?: number;
  /** Generates pairs during training from the given ones. Default: the given pairs are used unchanged. */
  readonly source?: ExampleSourceOf<ReferencedPair>;
}

/** Returns log π(y | x) of samples under the model that sampled all of them, if it is among these and stored the values. */
function knownLogProbs(
  samples: readonly Sample[],
  scorers: ReadonlyMap<number, Scorer>,
): ReadonlyMap<Scorer, Float64Array> {
  const writer = samples[0]?.writer;
  const scorer = writer === undefined ? undefined : scorers.get(writer);
  const isKnown = samples.every((sample) => sample.writer === writer && sample.logProb !== undefined);
  return new Map(scorer && isKnown ? [[scorer, Float64Array.from(samples, ({ logProb }) => logProb!)]] : []);
}
