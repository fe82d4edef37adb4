import type { ColumnTable } from "arquero";
import { inspect } from "node:util";
import { InputError } from "../base/errors.js";
import { displaySymbol, type MimeBundle } from "../base/mime.js";
import { showTable } from "../notebook/table/show-table.js";
import type { NamedInterval } from "../plot/index.js";
import { secondsUpTo } from "../run/summary.js";
import { crossedInterval, type CrossedInterval, type ValueRange } from "../stats/crossed.js";
import { holmAdjusted } from "../stats/holm.js";
import { mean } from "../stats/mean.js";
import type { Run } from "./run.js";
import { tableOf, textOf } from "./table-of.js";

/** A difference between two methods. */
export interface Difference extends NamedInterval {
  /** Two-sided, uncorrected; the null hypothesis is no difference. */
  readonly pValue: number;
  /** After Holm's correction for the other methods compared with the same baseline. */
  readonly adjustedPValue: number;
  /** Whether the adjusted p-value is below 0.05. */
  readonly significant: boolean;
  /** Standard deviation of the seeds' mean differences; null for one seed. */
  readonly seedDeviation: number | null;
}

/** Results of a method in a comparison, or of the common start: means over the seeds. */
export interface MethodRow {
  readonly method: string;
  readonly goldReward?: number;
  /** 95 % interval. */
  readonly goldLow?: number;
  readonly goldHigh?: number;
  /** Standard deviation of the seeds' means; null for one seed. */
  readonly goldSeedDeviation?: number | null;
  /** Against the start; a tie counts half. */
  readonly winRate?: number;
  readonly winLow?: number;
  readonly winHigh?: number;
  readonly accuracy: number | undefined;
  /** Per run, averaged over the seeds. */
  readonly pairsSeen: number | undefined;
  readonly seconds: number | undefined;
  /** Responses that a judge graded for one run; present if some method used a judge. */
  readonly graded?: number | undefined;
}

/**
 * Methods run with the same seeds and judged on the same prompts. Intervals are 95 %, over seeds and prompts. A cell
 * shows the table.
 */
export class MethodComparison {
  constructor(
    /** The runs of each method, in the order of the seeds. */
    readonly runs: Readonly<Record<string, readonly Run[]>>,
    readonly seeds: readonly number[],
  ) {}

  /**
   * One row for the start and one per method: means over the seeds, the standard deviation of the seeds' mean gold
   * rewards (`goldSeedDeviation`), pairs seen, seconds spent and responses graded by a judge for one run.
   */
  get table(): ColumnTable {
    return tableOf(this.rows);
  }

  /** The rows of {@link table}. */
  get rows(): readonly MethodRow[] {
    const [first] = Object.values(this.runs);
    const start = first!.map((run) => ({ run, iteration: 0 }));
    return [
      this.row("start", start),
      ...Object.entries(this.runs).map(([name, runs]) => this.row(name, runs.map(lastOf))),
    ];
  }

  /** One row per run. */
  get bySeed(): ColumnTable {
    return tableOf(
      Object.entries(this.runs).flatMap(([method, runs]) =>
        runs.map((run, i) => {
          const { accuracy, goldReward, winRate } = run.iterations.at(-1)!;
          return {
            method,
            seed: this.seeds[i],
            accuracy,
            goldReward,
            winRate,
            ...costOf(lastOf(run)),
            folder: run.folder,
          };
        }),
      ),
    );
  }

  /** Gold rewards in the form that {@link plot.goldRewards} takes. */
  get goldRewards(): NamedInterval[] {
    return Object.entries(this.runs).map(([name, runs]) => ({ name, ...intervalOf(goldOf(runs.map(lastOf))) }));
  }

  /** Win rates against the start in the form that {@link plot.winRates} takes. */
  get winRates(): NamedInterval[] {
    return Object.entries(this.runs).map(([name, runs]) => ({ name, ...intervalOf(winsOf(runs.map(lastOf))) }));
  }

  /**
   * Computes the difference in gold reward between a method and a baseline, paired by seed and by prompt.
   *
   * @throws InputError if one of them is not a method of the comparison, there is no gold reward, or runs were evaluated on
   *   different prompts
   */
  difference(method: string, baseline: string): CrossedInterval {
    const [own, base] = [this.ends(method), this.ends(baseline)];
    return crossedInterval(
      pairedGold(own, base, (gold, below) => gold - below),
      { low: -1, high: 1 },
    );
  }

  /**
   * Computes the {@link difference} of every other method from the baseline, with p-values corrected for multiple
   * tests.
   *
   * @throws InputError as {@link difference} does
   */
  differencesFrom(baseline: string): Difference[] {
    this.ends(baseline);
    const names = Object.keys(this.runs).filter((name) => name !== baseline);
    const differences = names.map((name) => ({ name, ...this.difference(name, baseline) }));
    const adjusted = holmAdjusted(differences.map(({ pValue }) => pValue));
    return differences.map(({ name, mean, low, high, pValue, seedDeviation }, i) => ({
      ...{ name, mean, low, high, pValue },
      ...{ adjustedPValue: adjusted[i]!, significant: adjusted[i]! < 0.05 },
      seedDeviation,
    }));
  }

  async [displaySymbol](): Promise<MimeBundle> {
    return showTable(this.table, { title: titleOf(this.seeds) })[displaySymbol]();
  }

  /** Returns the table as text. */
  toString(): string {
    return textOf(this.table, titleOf(this.seeds));
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** Returns the final iteration of each run of a method. @throws InputError if there is no such method */
  private ends(method: string): End[] {
    const runs = Object.hasOwn(this.runs, method) ? this.runs[method] : undefined;
    if (!runs)
      throw new InputError(
        `there is no method ${JSON.stringify(method)}; choose one of ${Object.keys(this.runs).join(", ")}`,
      );
    return runs.map(lastOf);
  }

  private row(method: string, ends: readonly End[]): MethodRow {
    const meanOf = (valueOf: (end: End) => number | null | undefined) => {
      const values = ends.flatMap((end) => valueOf(end) ?? []);
      return values.length === 0 ? undefined : mean(values);
    };
    const gold = ends.every(hasGold) ? crossedInterval(goldOf(ends), inShare) : undefined;
    const wins = gold && crossedInterval(winsOf(ends), inShare);
    return {
      method,
      ...(gold && {
        goldReward: gold.mean,
        goldLow: gold.low,
        goldHigh: gold.high,
        goldSeedDeviation: gold.seedDeviation,
      }),
      ...(wins && { winRate: wins.mean, winLow: wins.low, winHigh: wins.high }),
      accuracy: meanOf(({ run, iteration }) => run.iterations[iteration]!.accuracy),
      pairsSeen: meanOf((end) => costOf(end).pairsSeen),
      seconds: meanOf((end) => costOf(end).seconds),
      ...(this.isGraded && {
        graded: meanOf(({ run, iteration }) => (iteration === 0 ? 0 : (run.summary.graded ?? 0))),
      }),
    };
  }

  /** Whether a judge has graded responses for any of the methods. */
  private get isGraded(): boolean {
    return Object.values(this.runs)
      .flat()
      .some(({ summary }) => summary.graded !== undefined);
  }
}

function titleOf(seeds: readonly number[]): string {
  return seeds.length === 1
    ? `seed ${seeds[0]} only, with 95 % intervals over prompts; they say nothing about other seeds`
    : `means over seeds ${seeds.join(", ")}, with 95 % intervals over seeds and prompts`;
}

/** Range of gold rewards and wins. */
const inShare: ValueRange = { low: 0, high: 1 };

function intervalOf(rows: readonly (readonly number[])[]) {
  const { mean, low, high } = crossedInterval(rows, inShare);
  return { mean, low, high };
}

/** A run at its last iteration, or at its start. */
interface End {
  readonly run: Run;
  readonly iteration: number;
}

const lastOf = (run: Run): End => ({ run, iteration: run.iterations.length - 1 });

const hasGold = ({ run, iteration }: End) => run.iterations[iteration]!.goldReward !== undefined;

/** Returns gold rewards of shape [runs, held-out prompts]. */
function goldOf(ends: readonly End[]): number[][] {
  return ends.map(({ run, iteration }) => run.goldRewards(iteration));
}

/** Returns gold rewards keyed by prompt id, in prompt order. */
function goldById({ run, iteration }: End): Map<string, number> {
  const golds = run.goldRewards(iteration);
  return new Map((run.iteration(iteration).responses.array("id") as string[]).map((id, i) => [id, golds[i]!]));
}

/** Scores each response against that of the same run's start: 1 if its gold reward is higher, ½ for a tie. */
function winsOf(ends: readonly End[]): number[][] {
  return pairedGold(
    ends,
    ends.map(({ run }) => ({ run, iteration: 0 })),
    (gold, start) => (1 + Math.sign(gold - start)) / 2,
  );
}

/** Compares the gold rewards of runs with those of others, matching seeds by position and prompts by id. */
function pairedGold(
  ends: readonly End[],
  others: readonly End[],
  compared: (gold: number, other: number) => number,
): number[][] {
  return ends.map((end, seed) => {
    const golds = goldById(others[seed]!);
    return [...goldById(end)].map(([id, gold]) => {
      const other = golds.get(id);
      if (other === undefined)
        throw new InputError(
          `prompt ${JSON.stringify(id)} was answered in only one of two runs that are compared; evaluate both on the same held-out pairs`,
        );
      return compared(gold, other);
    });
  });
}

/** Returns a run's cost up to an iteration: pairs trained on, and seconds of training, review and sampling. */
function costOf({ run, iteration }: End): { readonly pairsSeen: number; readonly seconds: number } {
  const done = run.iterations.slice(0, iteration + 1);
  return {
    pairsSeen: done.reduce((sum, { pairsSeen }) => sum + pairsSeen, 0),
    seconds: secondsUpTo(run.iterations, iteration),
  };
}
