import type { Objective } from "../align/objective.js";
import type { ReferencedPair } from "../align/preference.js";
import type { TrainingOptions } from "../align/trainer.js";
import type { TaskOptions } from "../base/task.js";
import type { TokenSequence } from "../model/scoring/batch.js";
import { pairLogProbs, type PairValues } from "../review/index.js";
import { columnedPairs } from "./columned-pairs.js";
import type { RunContext } from "./context.js";
import { pairLogProbsRows, pairValues } from "./evaluation.js";
import { runLayout } from "./folder/layout.js";
import type { RunInput, TrainingPair } from "./input.js";
import type { ColumnRule } from "./options/index.js";
import type { ModelCache } from "./model-cache.js";

/** The settings of a run that determine its references and what they compute. */
interface ReferenceSettings {
  readonly objective: Objective<ReferencedPair>;
  readonly training: TrainingOptions;
  /** Which model is the reference of a training: that of iteration 0, or the one that the iteration begins from. */
  readonly reference: "start" | "previous";
  /** The method's own rule, applied before the user's. */
  readonly columns?: ColumnRule;
}

/**
 * Log-probabilities of pairs under the references of a run: the model of iteration 0 and, if the run's options say so,
 * each iteration's start. They are computed lazily, when a loss or a labeller first reads them.
 */
export class References {
  private startValues: Promise<PairValues> | undefined;

  constructor(
    private readonly input: RunInput,
    private readonly settings: ReferenceSettings,
    private readonly cache: ModelCache,
    private readonly context: RunContext,
  ) {}

  /** Returns log-probabilities of the data's pairs under the model of iteration 0, computed once. */
  start(): Promise<PairValues> {
    const { pairs } = this.input;
    return (this.startValues ??= this.values(0, pairs, () =>
      this.context.measured(0, "scoring", "score under the reference", (task) =>
        this.cache.pairLogProbs({ model: 0, iteration: 0, kind: "scoring" }, pairs, task),
      ),
    ));
  }

  /** Returns pairs with their log-probabilities under the reference of iteration `t`, if the loss reads them. */
  async of(t: number, pairs: readonly TrainingPair[]): Promise<ReferencedPair[]> {
    const examples = this.examples(pairs);
    const against = this.against(t);
    if (this.readsTokens(examples)) return this.withTokens(t, against, examples);
    if (!this.settings.objective.withReferenceLogProbs) return examples;
    const known = against === 0 ? pairs.flatMap(({ reference }) => reference ?? []) : [];
    const values: PairValues =
      known.length === pairs.length
        ? {
            chosen: Float64Array.from(known, ({ chosen }) => chosen),
            rejected: Float64Array.from(known, ({ rejected }) => rejected),
          }
        : await this.values(t, pairs, () => this.score(t, against, pairs));
    return this.withSums(examples, values);
  }

  /** Returns the pairs that training evaluates on, in the same way. */
  async validation(t: number): Promise<ReferencedPair[]> {
    const { training, objective } = this.settings;
    const pairs = this.input.validation ?? this.input.heldOut?.pairs ?? [];
    if (training.evaluateEvery === undefined) return [];
    const examples = this.examples(pairs);
    const against = this.against(t);
    if (this.readsTokens(examples)) return this.withTokens(t, against, examples, "evaluation");
    if (!objective.withReferenceLogProbs) return examples;
    // Against the model of iteration 0, the values are the same in every iteration.
    const file = runLayout.iteration(against === 0 ? 0 : t).validationReference;
    const rows = await this.context.folder.rows(file, async () =>
      pairLogProbsRows(
        pairs.map(({ id }) => id),
        await this.score(t, against, pairs, "evaluation"),
      ),
    );
    return this.withSums(examples, pairValues(rows));
  }

  /** Returns the iteration whose model is the reference in training iteration `t`. */
  against(t: number): number {
    return this.settings.reference === "previous" ? t - 1 : 0;
  }

  /** Converts pairs into the trainer's form, with the columns of the data, the method and the user's own rule. */
  private examples(pairs: readonly TrainingPair[]): ReferencedPair[] {
    return columnedPairs(pairs, [this.settings.columns, this.input.columns], this.input.start.tokenizer);
  }

  private readsTokens(examples: readonly ReferencedPair[]): boolean {
    const { objective } = this.settings;
    return examples.some((example) => objective.readsReferenceTokens?.(example) ?? false);
  }

  /**
   * Adds the log-probability of each token under the reference. These are not stored: a resumed run recomputes them.
   */
  private async withTokens(
    t: number,
    against: number,
    examples: readonly ReferencedPair[],
    kind: "scoring" | "evaluation" = "scoring",
  ): Promise<ReferencedPair[]> {
    const { objective } = this.settings;
    const sequences = examples.flatMap((example) => objective.sequences(example));
    const model = await this.context.model(against);
    const logProbs = await this.context.measured(t, kind, "score under the reference", (task) =>
      this.context.executor.tokenLogProbs(model, sequences, task),
    );
    return examples.map((example, i) =>
      objective.withReferenceTokenLogProbs!(example, [logProbs[2 * i]!, logProbs[2 * i + 1]!]),
    );
  }

  private withSums(examples: readonly ReferencedPair[], { chosen, rejected }: PairValues): ReferencedPair[] {
    const { objective } = this.settings;
    return examples.map((example, i) => objective.withReferenceLogProbs!(example, [chosen[i]!, rejected[i]!]));
  }

  private score(
    t: number,
    against: number,
    pairs: readonly TrainingPair[],
    kind: "scoring" | "evaluation" = "scoring",
  ): Promise<PairValues> {
    return this.context.measured(t, kind, "score under the reference", async (task) =>
      pairLogProbs(await this.scorer(against), pairs, task),
    );
  }

  private async scorer(iteration: number) {
    const model = await this.context.model(iteration);
    return (sequences: readonly TokenSequence[], task: TaskOptions) =>
      this.context.executor.logProbs(model, sequences, task);
  }

  private async values(
    t: number,
    pairs: readonly TrainingPair[],
    make: () => Promise<PairValues>,
  ): Promise<PairValues> {
    const ids = t === 0 ? this.input.pairs.map(({ id }) => id) : pairs.map((_, i) => `${i}`);
    return pairValues(
      await this.context.folder.rows(runLayout.iteration(t).reference, async () => pairLogProbsRows(ids, await make())),
    );
  }
}
