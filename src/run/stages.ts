import { checkTrainingInputs } from "../align/check-training.js";
import type { PreferenceLoss } from "../align/losses/index.js";
import { preference } from "../align/preference.js";
import type { RunFolder } from "../align/run-folder.js";
import { supervised } from "../align/sft.js";
import { Stopwatch } from "../align/stopwatch.js";
import { forgetCheckpoint, trainInFolder, type LoggedStep, type Phase } from "../align/train-in-folder.js";
import { InputError } from "../base/errors.js";
import { writeJson } from "../base/files.js";
import { Random } from "../base/random.js";
import { reported } from "../base/task.js";
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
import type { TokenizedPair } from "../data/tokenize.js";
import type { ProgramCache } from "../engine/program-cache.js";
import { Policy } from "../model/policy.js";
import { savePolicy } from "../model/policy-files.js";
import { margins, pairLogProbs, pairRewards, rewardMargins, type Margin, type PairValues, type Reviewed } from "../review/index.js";
import type { BootstrappedPair, OfflinePair, RunInput, TrainingPair, RunControls } from "./input.js";
import { generationOptions, lossOf, sftTrainingOptions, trainingOptions, type MethodOptions } from "./options/index.js";
import { References } from "./references.js";
import type { IterationSummary, RunSummary, TrainedOn } from "./summary.js";
import { Workplace } from "./workplace.js";

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
  private readonly references: References;

  private constructor(
    private readonly input: RunInput,
    private readonly options: MethodOptions,
    private readonly place: Workplace,
  ) {
    this.references = new References(input, options, place);
    this.random = Random.seeded(options.seed);
    this.loss = lossOf(options);
    this.promptOf = new Map(distinctPrompts(input.pairs).map(({ id, prompt }) => [id, prompt]));
  }

  /**
   * Begins a run, or goes on with the one in the folder: trains the start on demonstrations where there are some, and
   * evaluates it as iteration 0.
   *
   * @throws InputError where there is no pair, the folder holds a run on others, or training is to evaluate on held-out
   *   pairs that there are none of
   */
  static async begin(input: RunInput, options: MethodOptions, folder: RunFolder, programs: ProgramCache, watch: RunControls): Promise<Stages> {
    if (input.pairs.length === 0) throw new InputError("found no preference pair, expected at least one");
    checkTrainingInputs(preference(lossOf(options)), trainingOptions(options), input.heldOut ?? []);
    await folder.fixedRows("pairs.jsonl", input.pairs.map(pairRow));
    const stopwatch = await Stopwatch.at(folder.file("seconds.json"));
    const stages = new Stages(input, options, new Workplace(folder, programs, watch, stopwatch, input.base, options.iterations));
    await stages.start();
    await stages.references.start();
    await stages.summarize(0, null, 0);
    return stages;
  }

  /** The pairs of the data, with their log-probabilities under the model of iteration 0, which are computed once. */
  async offlinePairs(): Promise<OfflinePair[]> {
    const reference = await this.references.start();
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

  /** The text of tokens. */
  text(tokens: Iterable<number>): string {
    return this.input.start.tokenizer.decode([...tokens]);
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
    return this.place.folder.rows(marginsFile(t), async () => {
      const { pairs } = this.input;
      const reference = await this.references.start();
      const rewards = (logProbs: PairValues) => pairRewards(this.loss, pairs, logProbs, reference);
      const earlier: number[][] = [];
      for (let before = t - 1; before >= 1 && earlier.length < weights.length - 1; before--) {
        earlier.push(before === 1 ? [...rewardMargins(rewards(reference))] : (await this.review(before, weights, select)).map(({ margin }) => margin));
      }
      const logProbs = await this.place.measured(t, "scoring", "review the pairs", t - 1, (policy, work) => pairLogProbs(policy, pairs, work));
      return select(margins(pairs, rewards(logProbs), earlier, weights));
    });
  }

  /** Responses of π_{t−1} to every prompt, as `label` gives them back. */
  samples<Kept extends Sample>(t: number, responses: number, label: (drawn: readonly Sample[]) => Promise<readonly Kept[]>): Promise<readonly Kept[]> {
    return this.place.folder.rows<Kept>(`iteration-${t}/samples.jsonl`, async () => label(await this.draw(t, responses)));
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
      for (const iteration of new Set([0, ...earlier])) loaded.set(iteration, await this.place.policy(iteration));
      return await this.place.measured(t, "scoring", "label responses", t - 1, (newest, work) => {
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
    const { start } = this.input;
    const judge = this.requireJudge();
    return this.place.stopwatch.measure(t, "scoring", () =>
      reported(this.place.label("judge responses", t), this.place.watch, (work) =>
        judgeSamples(samples, (tokens) => start.tokenizer.decode(tokens), judge, work),
      ),
    );
  }

  /**
   * The judge that the run was given. A method that is going to label by it asks before it trains.
   *
   * @throws InputError where it was given none
   */
  requireJudge(): ResponseJudge {
    const { judge } = this.input;
    if (!judge) throw new InputError("this method labels responses with a judge; pass `judge`");
    return judge;
  }

  /** Writes made pairs down in texts, as `bootstrapped.jsonl` of iteration `t`. */
  async saveBootstrapped(t: number, pairs: readonly BootstrappedPair[]): Promise<void> {
    const { tokenizer } = this.input.start;
    const text = (tokens: Int32Array) => tokenizer.decode(tokens);
    await this.place.folder.rows<BootstrappedRow>(`iteration-${t}/bootstrapped.jsonl`, async () =>
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
      examples: await this.references.of(t, pairs),
      heldOut: await this.references.heldOut(t),
      options: trainingOptions(this.options),
      start: () => this.place.policy(t - 1),
      reference: () => this.place.policy(this.references.against(t)),
    });
    const steps = (await this.place.folder.known<LoggedStep>("metrics.jsonl")).filter(({ phase, iteration }) => phase === "align" && iteration === t);
    await this.summarize(t, trainedOn, Math.round(pairs.length * Number(steps.at(-1)!.epoch)));
  }

  /** Writes the summary of a run that has ended. */
  async end(method: string): Promise<RunSummary> {
    const { loss, options } = this;
    const summary: RunSummary = { method, loss: loss.name, seed: options.seed, iterations: this.summaries };
    await writeJson(this.place.folder.file("summary.json"), summary);
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
      options: sftTrainingOptions(this.options),
      start: () => (base ? base.withAdapter(start.config.adapter!, start.parameters) : Policy.create(this.place.programs, start)),
    });
  }

  private async train<Example>(phase: Phase<Example>): Promise<void> {
    const { kind, iteration } = phase;
    const model = `iteration-${iteration}/model`;
    if (!(await this.place.folder.has(model))) {
      await this.place.stopwatch.measure(iteration, "training", async () => {
        const label = kind === "sft" ? "sft" : this.place.label("align", iteration);
        const random = this.random.fork(kind, iteration);
        const policy = await reported(label, this.place.watch, (work) => trainInFolder(this.place.folder, phase, random, work));
        await savePolicy(policy, this.place.folder.file(model));
        await policy.free();
        // Trainings of other iterations have batches of other shapes.
        await this.place.programs.clear();
      });
    }
    await forgetCheckpoint(this.place.folder, iteration);
  }

  private async draw(t: number, responses: number): Promise<Sample[]> {
    const generation = generationOptions(this.options);
    const random = this.random.fork("sample", t);
    const batches = await this.place.measured(t, "sampling", "write responses", t - 1, (policy, work) =>
      this.place.folder.growingRows<Sample[]>(drawnFile(t), (known) =>
        sampleResponses(policy, this.prompts, responses, random, { ...generation, skipBatches: known }, work),
      ),
    );
    return batches.flat();
  }

  private async summarize(iteration: number, trainedOn: TrainedOn | null, pairsSeen: number): Promise<void> {
    // The samples are labelled and the policy is trained: what was drawn before the labels is not needed any more.
    await this.place.folder.remove(drawnFile(iteration));
    const { evaluate } = this.input;
    const figures = evaluate
      ? await this.place.folder.json(`iteration-${iteration}/evaluation.json`, () =>
          this.place.stopwatch.measure(iteration, "evaluation", () =>
            this.place.withPolicy(iteration, (policy) => evaluate(policy, iteration)),
          ),
        )
      : { accuracy: null, meanMargin: null };
    const seconds = (kind: string) => this.place.stopwatch.of(iteration, kind);
    this.summaries.push({
      iteration,
      pairsSelected: trainedOn?.pairsSelected ?? null,
      pairsBootstrapped: trainedOn?.pairsBootstrapped ?? null,
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
}

const marginsFile = (t: number) => `iteration-${t}/margins.jsonl`;
const drawnFile = (t: number) => `iteration-${t}/unlabelled.jsonl`;
