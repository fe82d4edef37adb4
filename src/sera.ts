import { supervised } from "./align/sft.js";
import { lossNamed } from "./align/losses/index.js";
import type { PreferenceLoss } from "./align/losses/loss.js";
import { preference, type ReferencedPair } from "./align/preference.js";
import type { RunFolder } from "./align/run-folder.js";
import { Stopwatch } from "./align/stopwatch.js";
import { forgetCheckpoint, trainInFolder, type Phase } from "./align/train-in-folder.js";
import { InputError } from "./base/errors.js";
import { writeJson } from "./base/files.js";
import { Random } from "./base/random.js";
import { reported, type Reporter } from "./base/work.js";
import {
  distinctPrompts,
  formPairs,
  labelSamples,
  sampleResponses,
  type BootstrapCounts,
  type BootstrappedRow,
  type LabelledSample,
  type Sample,
} from "./bootstrap/index.js";
import { pairRow } from "./data/pair-row.js";
import type { TokenizedDemonstration, TokenizedPair } from "./data/tokenize.js";
import type { ProgramCache } from "./engine/program-cache.js";
import type { Checkpoint } from "./model/checkpoint.js";
import { Policy } from "./model/policy.js";
import { loadPolicy, savePolicy } from "./model/policy-files.js";
import { checkSeraOptions, defaultSera, type SeraOptions } from "./sera-options.js";
import { margins, pairLogProbs, pairRewards, selectTop, type PairValues, type Reviewed } from "./review/index.js";

/** What a run begins from. */
export interface SeraInput {
  /** The model that iteration 1 begins from and that stays the reference; trained on `demonstrations` first if they are given. */
  readonly start: Checkpoint;
  /** The model that the start is an adapter on; its parameters stay as they are, and are held once for all iterations. */
  readonly base?: Policy;
  readonly demonstrations?: readonly TokenizedDemonstration[];
  readonly pairs: readonly TokenizedPair[];
  /** Called with each iteration's policy, 0 being the reference; what it returns goes into the summary. */
  readonly evaluate?: (policy: Policy, iteration: number) => Promise<Evaluation>;
}

/** How a policy does on held-out pairs. */
export interface Evaluation extends Judged {
  /** Share of pairs whose implicit reward margin is above 0; null under the reference itself. */
  readonly accuracy: number | null;
  /** Mean implicit reward margin over β, in nats. */
  readonly meanMargin: number | null;
}

/** What a gold reward says of a policy's responses, where there is one. */
export interface Judged {
  /** Mean gold reward of the responses, and its 95 % bootstrap interval over prompts. */
  readonly goldReward?: number;
  readonly goldRewardInterval?: readonly [low: number, high: number];
  /** Share of prompts on which the gold reward is above the reference's, ties counted half; and its interval. */
  readonly winRate?: number;
  readonly winRateInterval?: readonly [low: number, high: number];
}

/** What one iteration did, and how its policy does. */
export interface IterationSummary extends Evaluation {
  readonly iteration: number;
  /** Pairs of the data that were trained on. */
  readonly pairsKept: number | null;
  /** Pairs of the policy's own that were trained on. */
  readonly pairsMade: number | null;
  readonly bootstrap: BootstrapCounts | null;
  readonly seconds: Readonly<Record<"training" | "scoring" | "sampling" | "evaluation", number>>;
}

/** `summary.json` of a run. */
export interface SeraSummary {
  /** "sera", or the loss's name where there was one iteration only. */
  readonly method: string;
  readonly loss: string;
  readonly seed: number;
  readonly iterations: readonly IterationSummary[];
}

/**
 * SeRA: trains the policy on all pairs; then, at each further iteration, keeps the pairs with the
 * largest implicit reward margins, adds pairs of the policy's own responses labelled by its own
 * implicit reward, and trains it on these (arXiv 2410.09362, algorithm 1). With one iteration it is
 * the plain direct alignment algorithm.
 *
 * Everything is left in `folder`; called again on the same folder with the same arguments it goes
 * on where it stopped, and ends with the same bytes as a run that never stopped.
 *
 * @param options those that differ from {@link defaultSera}
 * @throws InputError where an option is outside its range, or the folder holds a run on other data;
 *   DivergenceError where training leads to numbers that are none; the signal's reason where it asked to stop
 */
export async function runSera(
  input: SeraInput,
  options: Partial<SeraOptions>,
  folder: RunFolder,
  programs: ProgramCache,
  watch: { readonly signal?: AbortSignal; readonly reporter?: Reporter } = {},
): Promise<SeraSummary> {
  const all = { ...defaultSera, ...options };
  checkSeraOptions(all);
  const run = new SeraRun(input, all, folder, programs, watch, await Stopwatch.at(folder.file("seconds.json")));
  return run.run();
}

class SeraRun {
  private readonly random: Random;
  private readonly loss: PreferenceLoss;

  constructor(
    private readonly input: SeraInput,
    private readonly options: SeraOptions,
    private readonly folder: RunFolder,
    private readonly programs: ProgramCache,
    private readonly watch: { readonly signal?: AbortSignal; readonly reporter?: Reporter },
    private readonly stopwatch: Stopwatch,
  ) {
    this.random = Random.seeded(options.seed);
    this.loss = lossNamed(options.loss, options);
  }

  async run(): Promise<SeraSummary> {
    const { pairs } = this.input;
    if (pairs.length === 0) throw new InputError("found no preference pair, expected at least one");
    const { iterations, seed } = this.options;
    const loss = this.loss.name;
    await this.folder.fixedRows("pairs.jsonl", pairs.map(pairRow));
    await this.start();
    const reference = await this.reference();
    const summaries = [await this.summarize(0, null, null, null)];
    for (let t = 1; t <= iterations; t++) {
      const reviewed = t === 1 ? undefined : await this.review(t, reference);
      const made = t === 1 ? undefined : await this.bootstrap(t);
      const examples = [...this.keptExamples(reviewed, reference), ...(made?.examples ?? [])];
      if (examples.length === 0) {
        throw new InputError(`iteration ${t}: found no pair to train on, none kept and none made, expected a larger select or bootstrap`);
      }
      await this.align(t, examples);
      const kept = examples.length - (made?.examples.length ?? 0);
      summaries.push(await this.summarize(t, kept, made ? made.examples.length : 0, made?.counts ?? null));
    }
    const summary: SeraSummary = { method: iterations === 1 ? loss : "sera", loss, seed, iterations: summaries };
    await writeJson(this.folder.file("summary.json"), summary);
    return summary;
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

  private async align(iteration: number, examples: readonly ReferencedPair[]): Promise<void> {
    await this.train({
      kind: "align",
      iteration,
      objective: preference(this.loss),
      examples,
      options: this.options.training,
      start: () => this.policy(iteration - 1),
    });
  }

  private async train<Example>(phase: Phase<Example>): Promise<void> {
    const { kind, iteration } = phase;
    const model = `iteration-${iteration}/model`;
    if (!(await this.folder.has(model))) {
      await this.stopwatch.measure(iteration, "training", async () => {
        const label = kind === "sft" ? "sft" : `align ${iteration}/${this.options.iterations}`;
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

  /** Log-probabilities of all pairs under the reference, computed once. */
  private async reference(): Promise<PairValues> {
    const rows = await this.folder.rows("reference.jsonl", () =>
      this.measured(0, "scoring", "score under the reference", 0, async (policy, work) => {
        const { chosen, rejected } = await pairLogProbs(policy, this.input.pairs, work);
        return this.input.pairs.map(({ id }, i) => ({ id, chosen: chosen[i]!, rejected: rejected[i]! }));
      }),
    );
    return {
      chosen: Float64Array.from(rows, ({ chosen }) => chosen),
      rejected: Float64Array.from(rows, ({ rejected }) => rejected),
    };
  }

  /** Margins of all pairs under the last two policies, and which of them are kept. */
  private review(t: number, reference: PairValues): Promise<readonly Reviewed[]> {
    return this.folder.rows(marginsFile(t), async () => {
      const { pairs } = this.input;
      const previous = t === 2 ? this.marginsOf(reference, reference) : (await this.review(t - 1, reference)).map(({ margin }) => margin);
      const logProbs = await this.measured(t, "scoring", "review the pairs", t - 1, (policy, work) => pairLogProbs(policy, pairs, work));
      const all = margins(pairs, pairRewards(this.loss, pairs, logProbs, reference), previous, this.options.gamma);
      return selectTop(all, this.options.select);
    });
  }

  /** Margins of a policy by its log-probabilities; those of the reference are 0 unless the loss knows no reference. */
  private marginsOf(logProbs: PairValues, reference: PairValues): number[] {
    const { chosen, rejected } = pairRewards(this.loss, this.input.pairs, logProbs, reference);
    return Array.from(chosen, (reward, i) => reward - rejected[i]!);
  }

  private keptExamples(reviewed: readonly Reviewed[] | undefined, reference: PairValues): ReferencedPair[] {
    return this.input.pairs.flatMap(({ prompt, chosen, rejected }, i) =>
      reviewed && !reviewed[i]!.kept
        ? []
        : {
            chosen: { prompt, response: chosen },
            rejected: { prompt, response: rejected },
            referenceChosen: reference.chosen[i]!,
            referenceRejected: reference.rejected[i]!,
          },
    );
  }

  /** The policy's own pairs: sampled, labelled by its implicit reward, the clearest kept. */
  private async bootstrap(t: number): Promise<{ examples: ReferencedPair[]; counts: BootstrapCounts } | undefined> {
    const count = Math.round(this.options.bootstrap * this.input.pairs.length);
    if (count === 0) return undefined;
    const prompts = distinctPrompts(this.input.pairs);
    const samples = await this.folder.rows<LabelledSample>(`iteration-${t}/samples.jsonl`, async () =>
      this.label(t, prompts, await this.sample(t, prompts)),
    );
    await this.folder.remove(unlabelledFile(t));
    const { pairs, counts } = formPairs(samples, count, this.input.start.tokenizer.stopIds);
    const promptOf = new Map(prompts.map(({ id, prompt }) => [id, prompt]));
    const { tokenizer } = this.input.start;
    await this.folder.rows<BootstrappedRow>(`iteration-${t}/bootstrapped.jsonl`, async () =>
      pairs.map(({ id, chosen, rejected, margin }) => ({
        id,
        prompt: tokenizer.decode(promptOf.get(id)!),
        chosen: tokenizer.decode(chosen.tokens),
        rejected: tokenizer.decode(rejected.tokens),
        chosenReward: chosen.reward,
        rejectedReward: rejected.reward,
        margin,
      })),
    );
    const sequence = (id: string, { tokens }: Sample) => ({ prompt: promptOf.get(id)!, response: Int32Array.from(tokens) });
    const examples = pairs.map(({ id, chosen, rejected }) => ({
      chosen: sequence(id, chosen),
      rejected: sequence(id, rejected),
      referenceChosen: chosen.reference,
      referenceRejected: rejected.reference,
    }));
    return { examples, counts };
  }

  private async sample(t: number, prompts: ReturnType<typeof distinctPrompts>): Promise<Sample[]> {
    const { responses, generation } = this.options;
    const random = this.random.fork("sample", t);
    const batches = await this.measured(t, "sampling", "write responses", t - 1, (policy, work) =>
      this.folder.growingRows<Sample[]>(unlabelledFile(t), (known) =>
        sampleResponses(policy, prompts, responses, random, { ...generation, skipBatches: known }, work),
      ),
    );
    return batches.flat();
  }

  private async label(t: number, prompts: ReturnType<typeof distinctPrompts>, samples: readonly Sample[]): Promise<LabelledSample[]> {
    const reference = await this.policy(0);
    const previous = t === 2 ? undefined : await this.policy(t - 2);
    try {
      return await this.measured(t, "scoring", "label responses", t - 1, (newest, work) =>
        labelSamples(samples, prompts, { loss: this.loss, newest, previous, reference, gamma: this.options.gamma }, work),
      );
    } finally {
      await reference.free();
      await previous?.free();
    }
  }

  private async summarize(
    iteration: number,
    pairsKept: number | null,
    pairsMade: number | null,
    bootstrap: BootstrapCounts | null,
  ): Promise<IterationSummary> {
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
    return {
      iteration,
      pairsKept,
      pairsMade,
      bootstrap,
      ...figures,
      seconds: {
        training: seconds("training"),
        scoring: seconds("scoring"),
        sampling: seconds("sampling"),
        evaluation: seconds("evaluation"),
      },
    };
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
    work: (policy: Policy, inner: Parameters<Parameters<typeof reported>[2]>[0]) => Promise<T>,
  ): Promise<T> {
    return this.stopwatch.measure(iteration, kind, async () => {
      const policy = await this.policy(policyOf);
      try {
        return await reported(iteration === 0 ? label : `${label} ${iteration}/${this.options.iterations}`, this.watch, (inner) => work(policy, inner));
      } finally {
        await policy.free();
      }
    });
  }
}

const marginsFile = (t: number) => `iteration-${t}/margins.jsonl`;
const unlabelledFile = (t: number) => `iteration-${t}/unlabelled.jsonl`;
