import type { ReferencedPair } from "../align/preference.js";
import type { TokenSequence } from "../model/batch.js";
import { cachedPairLogProbs, pairLogProbs, type PairValues } from "../review/index.js";
import type { RunInput, TrainingPair } from "./input.js";
import type { MethodOptions } from "./options/index.js";
import type { Workplace } from "./workplace.js";

/** What the references of a run say of pairs: the model of iteration 0, and where the run asks for it each iteration's start. */
export class References {
  private startLogProbs: Promise<PairValues> | undefined;

  constructor(
    private readonly input: RunInput,
    private readonly options: MethodOptions,
    private readonly place: Workplace,
  ) {}

  /** Log-probabilities of the data's pairs under the model of iteration 0, computed once. */
  start(): Promise<PairValues> {
    const { pairs, referenceCache } = this.input;
    this.startLogProbs ??= this.pairValues("reference.jsonl", pairs.map(({ id }) => id), () =>
      this.place.measured(0, "scoring", "score under the reference", 0, (policy, work) =>
        referenceCache === undefined ? pairLogProbs(policy, pairs, work) : cachedPairLogProbs(policy, pairs, referenceCache, work),
      ),
    );
    return this.startLogProbs;
  }

  /** Pairs with their log-probabilities under the reference that the run trains against. */
  async of(t: number, pairs: readonly TrainingPair[]): Promise<ReferencedPair[]> {
    const against = this.against(t);
    const known = against === 0 ? pairs.flatMap(({ reference }) => reference ?? []) : [];
    const values: PairValues =
      known.length === pairs.length
        ? { chosen: Float64Array.from(known, ({ chosen }) => chosen), rejected: Float64Array.from(known, ({ rejected }) => rejected) }
        : await this.pairValues(`iteration-${t}/reference.jsonl`, pairs.map((_, i) => `${i}`), () =>
            this.place.measured(t, "scoring", "score under the reference", against, (policy, work) => pairLogProbs(policy, pairs, work)),
          );
    return withReference(pairs, values);
  }

  /** The held-out pairs in the same way, where training evaluates on them. */
  async heldOut(t: number): Promise<ReferencedPair[]> {
    const { heldOut = [] } = this.input;
    if (this.options.evaluateEvery === undefined) return [];
    const against = this.against(t);
    const file = against === 0 ? "held-out-reference.jsonl" : `iteration-${t}/held-out-reference.jsonl`;
    const values = await this.pairValues(file, heldOut.map(({ id }) => id), () =>
      this.place.measured(t, "scoring", "score held-out pairs under the reference", against, (policy, work) => pairLogProbs(policy, heldOut, work)),
    );
    return withReference(heldOut, values);
  }

  /** The iteration whose model is the reference of another's training. */
  against(t: number): number {
    return this.options.reference === "previous" ? t - 1 : 0;
  }

  private async pairValues(file: string, ids: readonly string[], make: () => Promise<PairValues>): Promise<PairValues> {
    const rows = await this.place.folder.rows(file, async () => {
      const { chosen, rejected } = await make();
      return ids.map((id, i) => ({ id, chosen: chosen[i]!, rejected: rejected[i]! }));
    });
    return {
      chosen: Float64Array.from(rows, ({ chosen }) => chosen),
      rejected: Float64Array.from(rows, ({ rejected }) => rejected),
    };
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
