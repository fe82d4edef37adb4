import { checkTrainingInputs } from "../align/check-training.js";
import { lossNamed, type PreferenceLoss } from "../align/losses/index.js";
import { preference, type ReferencedPair } from "../align/preference.js";
import type { RunFolder } from "../align/run-folder.js";
import { supervised } from "../align/sft.js";
import { Stopwatch } from "../align/stopwatch.js";
import { forgetCheckpoint, trainInFolder, type LoggedStep, type Phase } from "../align/train-in-folder.js";
import { InputError } from "../base/errors.js";
import { writeJson } from "../base/files.js";
import { Random } from "../base/random.js";
import { reported, type Reporter, type Work } from "../base/work.js";
import {
  distinctPrompts,
  judgeSamples,
  labelSamples,
  sampleResponses,
  type BootstrappedRow,
  type LabelledSample,
  type ResponseJudge,
  type Sample,
} from "../bootstrap/index.js";
import { pairRow } from "../data/pair-row.js";
import { promptIds } from "../data/prompt-ids.js";
import type { TokenizedDemonstration, TokenizedPair } from "../data/tokenize.js";
import type { ProgramCache } from "../engine/program-cache.js";
import type { TokenSequence } from "../model/batch.js";
import type { Checkpoint } from "../model/checkpoint.js";
import { Policy } from "../model/policy.js";
import { loadPolicy, savePolicy } from "../model/policy-files.js";
import { cachedPairLogProbs, margins, pairLogProbs, pairRewards, type Margin, type PairValues, type Reviewed } from "../review/index.js";
import type { MethodOptions } from "./options.js";
import type { Evaluation, IterationSummary, RunSummary, TrainedOn } from "./summary.js";

/** What a run begins from. */
export interface RunInput {
  /** The model that iteration 1 begins from and that stays the reference; trained on `demonstrations` first if they are given. */
  readonly start: Checkpoint;
  /** The model that the start is an adapter on; its parameters stay as they are, and are held once for all iterations. */
  readonly base?: Policy;
  readonly demonstrations?: readonly TokenizedDemonstration[];
  readonly pairs: readonly TokenizedPair[];
  /** A folder that keeps log-probabilities of pairs under references for other runs; see {@link cachedPairLogProbs}. Default: none is kept. */
  readonly referenceCache?: string;
  /** Held-out pairs, for evaluations during training. */
  readonly heldOut?: readonly TokenizedPair[];
  /** Scores responses, for methods that label by a judge. */
  readonly judge?: ResponseJudge;
  /** Called with each iteration's policy, 0 being the reference; what it returns goes into the summary. */
  readonly evaluate?: (policy: Policy, iteration: number) => Promise<Evaluation>;
}

/** How long work is shown and stopped. */
export interface Watch {
  readonly signal?: AbortSignal;
  readonly reporter?: Reporter;
}

/** Two responses to one prompt, one of them preferred. */
export interface TrainingPair {
  readonly prompt: Int32Array;
  readonly chosen: Int32Array;
  readonly rejected: Int32Array;
  /** Log-probabilities under the model of iteration 0, where they are known. */
  readonly reference?: { readonly chosen: number; readonly rejected: number };
}

/** A pair of the data. */
export interface OfflinePair extends TrainingPair {
  readonly id: string;
  /** The id of the first pair that has this prompt, which samples are named by. */
  readonly promptId: string;
}

/** A pair that was made, and how it is written down. */
export interface MadePair extends TrainingPair {
  readonly row: Omit<BootstrappedRow, "prompt" | "chosen" | "rejected">;
}

/**
 * The stages of which every method is made: train, review, sample, label. Each is done once and its result kept in the
 * run's folder; a method that is run again on the same folder with the same arguments goes on where it stopped, and
 * ends with the same bytes as one that never stopped.
 */
export class Stages {
  private readonly random: Random;
  private readonly loss: PreferenceLoss;
  private readonly summaries: IterationSummary[] = [];
  private readonly promptOf: ReadonlyMap<string, Int32Array>;
  private startLogProbs: Promise<PairValues> | undefined;

  private constructor(
    private readonly input: RunInput,
    private readonly options: MethodOptions,
    private readonly folder: RunFolder,
    private readonly programs: ProgramCache,
    private readonly watch: Watch,
    private readonly stopwatch: Stopwatch,
  ) {
    this.random = Random.seeded(options.seed);
    this.loss = lossNamed(options.loss, options);
    this.promptOf = new Map(distinctPrompts(input.pairs).map(({ id, prompt }) => [id, prompt]));
  }

  /**
   * Begins a run, or goes on with the one in the folder: trains the start on demonstrations where there are some, and
   * evaluates it as iteration 0.
   *
   * @throws InputError where there is no pair, the folder holds a run on others, or training is to evaluate on held-out
   *   pairs that there are none of
   */
  static async begin(input: RunInput, options: MethodOptions, folder: RunFolder, programs: ProgramCache, watch: Watch): Promise<Stages> {
    if (input.pairs.length === 0) throw new InputError("found no preference pair, expected at least one");
    checkTrainingInputs(preference(lossNamed(options.loss, options)), options.training, input.heldOut ?? []);
    await folder.fixedRows("pairs.jsonl", input.pairs.map(pairRow));
    const stages = new Stages(input, options, folder, programs, watch, await Stopwatch.at(folder.file("seconds.json")));
    await stages.start();
    await stages.reference();
    await stages.summarize(0, null, 0);
    return stages;
  }

  /** The pairs of the data, with their log-probabilities under the model of iteration 0, which are computed once. */
  async offlinePairs(): Promise<OfflinePair[]> {
    const reference = await this.reference();
    const prompts = promptIds(this.input.pairs);
    return this.input.pairs.map(({ id, prompt, chosen, rejected }, i) => ({
      ...{ id, promptId: prompts[i]!, prompt, chosen, rejected },
      reference: { chosen: reference.chosen[i]!, rejected: reference.rejected[i]! },
    }));
  }

  get pairs(): readonly TokenizedPair[] {
    return this.input.pairs;
  }

  /** Ids of the tokens that end a response. */
  get stopIds(): readonly number[] {
    return this.input.start.tokenizer.stopIds;
  }

  /** An independent random stream of the run. */
  fork(...labels: readonly (string | number)[]): Random {
    return this.random.fork(...labels);
  }

  /** Tokens of the prompt of a sample. */
  prompt(id: string): Int32Array {
    return this.promptOf.get(id)!;
  }

  /**
   * Margins of all pairs of the data before iteration `t`, under the policies before it, and which of them are kept.
   *
   * @param weights of π_{t−1}, π_{t−2} …
   */
  review(t: number, weights: readonly number[], select: (rows: readonly Margin[]) => readonly Reviewed[]): Promise<readonly Reviewed[]> {
    return this.folder.rows(marginsFile(t), async () => {
      const { pairs } = this.input;
      const reference = await this.reference();
      const rewards = (logProbs: PairValues) => pairRewards(this.loss, pairs, logProbs, reference);
      const earlier: number[][] = [];
      for (let before = t - 1; before >= 1 && earlier.length < weights.length - 1; before--) {
        earlier.push(before === 1 ? marginsOf(rewards(reference)) : (await this.review(before, weights, select)).map(({ margin }) => margin));
      }
      const logProbs = await this.measured(t, "scoring", "review the pairs", t - 1, (policy, work) => pairLogProbs(policy, pairs, work));
      return select(margins(pairs, rewards(logProbs), earlier, weights));
    });
  }

  /** Responses of π_{t−1} to every prompt, as `label` gives them back. */
  samples<Kept extends Sample>(t: number, responses: number, label: (drawn: readonly Sample[]) => Promise<readonly Kept[]>): Promise<readonly Kept[]> {
    return this.folder.rows<Kept>(`iteration-${t}/samples.jsonl`, async () => label(await this.draw(t, responses)));
  }

  /**
   * Labels samples by the implicit reward of the policies before iteration `t`, against the model of iteration 0.
   *
   * @param weights of π_{t−1}, π_{t−2} …
   */
  async labelByReward(t: number, weights: readonly number[], samples: readonly Sample[]): Promise<readonly LabelledSample[]> {
    const earlier = weights.map((_, i) => t - 1 - i).filter((iteration) => iteration >= 0 && iteration < t - 1);
    const loaded = new Map<number, Policy>();
    try {
      for (const iteration of new Set([0, ...earlier])) loaded.set(iteration, await this.policy(iteration));
      return await this.measured(t, "scoring", "label responses", t - 1, (newest, work) => {
        const policies = [newest, ...earlier.map((iteration) => loaded.get(iteration)!)].map((policy, i) => ({ policy, weight: weights[i]! }));
        return labelSamples(samples, this.prompts, { loss: this.loss, policies, reference: loaded.get(0)! }, work);
      });
    } finally {
      for (const policy of loaded.values()) await policy.free();
    }
  }

  /**
   * Labels samples by the judge that the run was given.
   *
   * @throws InputError where it was given none
   */
  labelByJudge(t: number, samples: readonly Sample[]): Promise<readonly LabelledSample[]> {
    const { judge, start } = this.input;
    if (!judge) throw new InputError("judge: found none, expected one; this method labels responses by a judge");
    return this.stopwatch.measure(t, "scoring", () =>
      reported(this.label("judge responses", t), this.watch, (work) =>
        judgeSamples(samples, (tokens) => start.tokenizer.decode(tokens), judge, work),
      ),
    );
  }

  /** Writes made pairs down in texts, as `bootstrapped.jsonl` of iteration `t`. */
  async keepMade(t: number, pairs: readonly MadePair[]): Promise<void> {
    const { tokenizer } = this.input.start;
    const text = (tokens: Int32Array) => tokenizer.decode(tokens);
    await this.folder.rows<BootstrappedRow>(`iteration-${t}/bootstrapped.jsonl`, async () =>
      pairs.map(({ row: { id, ...row }, prompt, chosen, rejected }) => ({
        ...{ id, prompt: text(prompt), chosen: text(chosen), rejected: text(rejected) },
        ...row,
      })),
    );
  }

  /**
   * Trains π_t from π_{t−1} on pairs, by the loss of the run, and evaluates it.
   *
   * @throws InputError where there is no pair
   */
  async align(t: number, pairs: readonly TrainingPair[], trainedOn: TrainedOn): Promise<void> {
    if (pairs.length === 0) {
      throw new InputError(`iteration ${t}: found no pair to train on, none kept and none made, expected a larger select or bootstrap`);
    }
    await this.train({
      kind: "align",
      iteration: t,
      objective: preference(this.loss),
      examples: await this.referenced(t, pairs),
      heldOut: await this.heldOut(t),
      options: this.options.training,
      start: () => this.policy(t - 1),
      reference: () => this.policy(this.against(t)),
    });
    const steps = (await this.folder.known<LoggedStep>("metrics.jsonl")).filter(({ phase, iteration }) => phase === "align" && iteration === t);
    await this.summarize(t, trainedOn, Math.round(pairs.length * Number(steps.at(-1)!.epoch)));
  }

  /** Writes the summary of a run that has ended. */
  async end(method: string): Promise<RunSummary> {
    const { loss, options } = this;
    const summary: RunSummary = { method, loss: loss.name, seed: options.seed, iterations: this.summaries };
    await writeJson(this.folder.file("summary.json"), summary);
    return summary;
  }

  private get prompts() {
    return [...this.promptOf].map(([id, prompt]) => ({ id, prompt }));
  }

  /** The reference model of iteration 0: the start as given, or trained on demonstrations. */
  private async start(): Promise<void> {
    const { start, base, demonstrations } = this.input;
    await this.train({
      kind: "sft",
      iteration: 0,
      objective: supervised,
      examples: demonstrations ?? [],
      options: this.options.sft,
      start: () => (base ? base.withAdapter(start.config.adapter!, start.parameters) : Policy.create(this.programs, start)),
    });
  }

  private async train<Example>(phase: Phase<Example>): Promise<void> {
    const { kind, iteration } = phase;
    const model = `iteration-${iteration}/model`;
    if (!(await this.folder.has(model))) {
      await this.stopwatch.measure(iteration, "training", async () => {
        const label = kind === "sft" ? "sft" : this.label("align", iteration);
        const random = this.random.fork(kind, iteration);
        const policy = await reported(label, this.watch, (work) => trainInFolder(this.folder, phase, random, work));
        await savePolicy(policy, this.folder.file(model));
        await policy.free();
        // Trainings of other iterations have batches of other shapes.
        await this.programs.clear();
      });
    }
    await forgetCheckpoint(this.folder, iteration);
  }

  /** Log-probabilities of the data's pairs under the model of iteration 0, computed once. */
  private reference(): Promise<PairValues> {
    const { pairs, referenceCache } = this.input;
    this.startLogProbs ??= this.pairValues("reference.jsonl", pairs.map(({ id }) => id), () =>
      this.measured(0, "scoring", "score under the reference", 0, (policy, work) =>
        referenceCache === undefined ? pairLogProbs(policy, pairs, work) : cachedPairLogProbs(policy, pairs, referenceCache, work),
      ),
    );
    return this.startLogProbs;
  }

  /** Pairs with their log-probabilities under the reference that the run trains against. */
  private async referenced(t: number, pairs: readonly TrainingPair[]): Promise<ReferencedPair[]> {
    const against = this.against(t);
    const known = against === 0 ? pairs.flatMap(({ reference }) => reference ?? []) : [];
    const values: PairValues =
      known.length === pairs.length
        ? { chosen: Float64Array.from(known, ({ chosen }) => chosen), rejected: Float64Array.from(known, ({ rejected }) => rejected) }
        : await this.pairValues(`iteration-${t}/reference.jsonl`, pairs.map((_, i) => `${i}`), () =>
            this.measured(t, "scoring", "score under the reference", against, (policy, work) => pairLogProbs(policy, pairs, work)),
          );
    return withReference(pairs, values);
  }

  /** The held-out pairs in the same way, where training evaluates on them. */
  private async heldOut(t: number): Promise<ReferencedPair[]> {
    const { heldOut = [] } = this.input;
    if (this.options.training.evaluateEvery === undefined) return [];
    const against = this.against(t);
    const file = against === 0 ? "held-out-reference.jsonl" : `iteration-${t}/held-out-reference.jsonl`;
    const values = await this.pairValues(file, heldOut.map(({ id }) => id), () =>
      this.measured(t, "scoring", "score held-out pairs under the reference", against, (policy, work) => pairLogProbs(policy, heldOut, work)),
    );
    return withReference(heldOut, values);
  }

  /** The iteration whose model is the reference of another's training. */
  private against(t: number): number {
    return this.options.reference === "previous" ? t - 1 : 0;
  }

  private async pairValues(file: string, ids: readonly string[], make: () => Promise<PairValues>): Promise<PairValues> {
    const rows = await this.folder.rows(file, async () => {
      const { chosen, rejected } = await make();
      return ids.map((id, i) => ({ id, chosen: chosen[i]!, rejected: rejected[i]! }));
    });
    return {
      chosen: Float64Array.from(rows, ({ chosen }) => chosen),
      rejected: Float64Array.from(rows, ({ rejected }) => rejected),
    };
  }

  private async draw(t: number, responses: number): Promise<Sample[]> {
    const { generation } = this.options;
    const random = this.random.fork("sample", t);
    const batches = await this.measured(t, "sampling", "write responses", t - 1, (policy, work) =>
      this.folder.growingRows<Sample[]>(drawnFile(t), (known) =>
        sampleResponses(policy, this.prompts, responses, random, { ...generation, skipBatches: known }, work),
      ),
    );
    return batches.flat();
  }

  private async summarize(iteration: number, trainedOn: TrainedOn | null, pairsSeen: number): Promise<void> {
    // The samples are labelled and the policy is trained: what was drawn before the labels is not needed any more.
    await this.folder.remove(drawnFile(iteration));
    const { evaluate } = this.input;
    const figures = evaluate
      ? await this.folder.json(`iteration-${iteration}/evaluation.json`, () =>
          this.stopwatch.measure(iteration, "evaluation", async () => {
            const policy = await this.policy(iteration);
            try {
              return await evaluate(policy, iteration);
            } finally {
              await policy.free();
            }
          }),
        )
      : { accuracy: null, meanMargin: null };
    const seconds = (kind: string) => this.stopwatch.of(iteration, kind);
    this.summaries.push({
      iteration,
      pairsKept: trainedOn?.pairsKept ?? null,
      pairsMade: trainedOn?.pairsMade ?? null,
      pairsSeen,
      bootstrap: trainedOn?.bootstrap ?? null,
      ...figures,
      seconds: {
        training: seconds("training"),
        scoring: seconds("scoring"),
        sampling: seconds("sampling"),
        evaluation: seconds("evaluation"),
      },
    });
  }

  /** The trained policy of an iteration. */
  private policy(iteration: number): Promise<Policy> {
    return loadPolicy(this.programs, this.folder.file(`iteration-${iteration}/model`), this.input.base);
  }

  /** Does work with the policy of an iteration, shown and timed. */
  private measured<T>(
    iteration: number,
    kind: string,
    label: string,
    policyOf: number,
    work: (policy: Policy, inner: Work) => Promise<T>,
  ): Promise<T> {
    return this.stopwatch.measure(iteration, kind, async () => {
      const policy = await this.policy(policyOf);
      try {
        return await reported(this.label(label, iteration), this.watch, (inner) => work(policy, inner));
      } finally {
        await policy.free();
      }
    });
  }

  private label(label: string, iteration: number): string {
    return iteration === 0 ? label : `${label} ${iteration}/${this.options.iterations}`;
  }
}

function withReference(pairs: readonly TrainingPair[], values: PairValues): ReferencedPair[] {
  return pairs.map(({ prompt, chosen, rejected }, i) => ({
    chosen: { prompt, response: chosen } satisfies TokenSequence,
    rejected: { prompt, response: rejected },
    referenceChosen: values.chosen[i]!,
    referenceRejected: values.rejected[i]!,
  }));
}

/** Chosen less rejected. */
function marginsOf({ chosen, rejected }: PairValues): number[] {
  return Array.from(chosen, (reward, i) => reward - rejected[i]!);
}

const marginsFile = (t: number) => `iteration-${t}/margins.jsonl`;
const drawnFile = (t: number) => `iteration-${t}/unlabelled.jsonl`;
