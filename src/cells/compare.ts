import type { ColumnTable } from "arquero";
import { InputError } from "../base/errors.js";
import { Random } from "../base/random.js";
import type { PreferencePair } from "../data/pair.js";
import type { JudgedResponse } from "../judge/evaluate.js";
import type { Recipe } from "../methods/recipe.js";
import { checkShared, takenBy } from "../methods/shared.js";
import type { RecipeOptions } from "../run/options/index.js";
import type { Policy } from "../model/policy.js";
import { cell } from "../notebook/display.js";
import { displaySymbol, type MimeBundle } from "../notebook/mime.js";
import { showTable } from "../notebook/table/show-table.js";
import type { NamedInterval } from "../plot/index.js";
import { workSeconds } from "../run/summary.js";
import { crossedInterval } from "../stats/crossed.js";
import type { Interval } from "../stats/interval.js";
import type { Run } from "./run.js";
import { runProgress } from "./run-progress.js";
import { tableOf } from "./table-of.js";
import { train, type RunSettings } from "./train.js";

/** What the methods of a comparison share: how each is trained, and on what all are judged. */
export interface CompareOptions extends Omit<Partial<RecipeOptions>, "seed">, Omit<RunSettings, "folder" | "watch"> {
  /** Every method is run once with each. Default [1, 2, 3]. */
  readonly seeds?: readonly number[];
}

/**
 * Runs methods beside each other, each with every seed, from one start on the same pairs and at the same cost in pairs
 * (`rounds`, default 3), and judges them on the same held-out prompts. A run that has ended is read from its folder, so
 * a comparison that was interrupted goes on when its cell is run again.
 *
 * @param recipes by the names to show; an option of a recipe's own comes before one that the methods share
 * @example const result = await compare(start, pairs, { DPO: methods.direct({ beta: 1 }), SeRA: methods.sera({ beta: 2 }) }, { heldOut });
 * @throws InputError where there is no method or no seed, or a method is told what it cannot do
 */
export async function compare(
  start: Policy,
  pairs: readonly PreferencePair[],
  recipes: Readonly<Record<string, Recipe>>,
  options: CompareOptions = {},
): Promise<MethodComparison> {
  const { seeds = [1, 2, 3], heldOut, judge, truncatePrompts, referenceCache, ...shared } = options;
  const names = Object.keys(recipes);
  if (names.length === 0 || seeds.length === 0) {
    throw new InputError(`compare: found ${names.length} methods and ${seeds.length} seeds, expected at least one of each`);
  }
  checkShared("compare", Object.values(recipes), shared);
  // All are made before any is run: what one of them refuses is known at once.
  const planned = names.flatMap((name) => seeds.map((seed) => ({ name, seed, method: recipes[name]!({ ...takenBy(recipes[name]!, shared), seed }) })));
  const runs: Record<string, Run[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (const [i, { name, seed, method }] of planned.entries()) {
    const { iterations, epochs, batchSize } = method.options;
    const steps = iterations * epochs * Math.ceil(pairs.length / batchSize);
    const progress = runProgress(cell.reporter, `${i + 1}/${planned.length} ${name}, seed ${seed}`, steps);
    try {
      const watch = { signal: cell.signal, reporter: progress.reporter };
      runs[name]!.push(await train(start, pairs, method, { heldOut, judge, truncatePrompts, referenceCache, watch }));
    } finally {
      progress.finish();
    }
  }
  return new MethodComparison(runs, seeds);
}

/** A difference between two methods. */
export interface Difference extends NamedInterval {
  /** Whether the interval leaves out 0. */
  readonly significant: boolean;
}

/**
 * Methods run with the same seeds and judged on the same prompts. Intervals are 95 %, over seeds and prompts. Shown in a
 * cell, it is its table.
 */
export class MethodComparison {
  constructor(
    /** The runs of each method, in the order of the seeds. */
    readonly runs: Readonly<Record<string, readonly Run[]>>,
    readonly seeds: readonly number[],
  ) {}

  /** A row for the start and one for each method: means over the seeds, pairs seen and seconds spent by one run. */
  get table(): ColumnTable {
    const [first] = Object.values(this.runs);
    const start = first!.map((run) => ({ run, iteration: 0 }));
    return tableOf([this.row("start", start), ...Object.entries(this.runs).map(([name, runs]) => this.row(name, runs.map(lastOf)))]);
  }

  /** A row for each run. */
  get bySeed(): ColumnTable {
    return tableOf(
      Object.entries(this.runs).flatMap(([method, runs]) =>
        runs.map((run, i) => {
          const { accuracy, goldReward, winRate } = run.iterations.at(-1)!;
          return { method, seed: this.seeds[i], accuracy, goldReward, winRate, ...costOf(lastOf(run)), folder: run.folder };
        }),
      ),
    );
  }

  /** Gold rewards as {@link plot.goldRewards} draws them. */
  get goldRewards(): NamedInterval[] {
    return Object.entries(this.runs).map(([name, runs]) => ({ name, ...this.interval("gold", name, goldOf(runs.map(lastOf))) }));
  }

  /** Win rates against the start as {@link plot.winRates} draws them. */
  get winRates(): NamedInterval[] {
    return Object.entries(this.runs).map(([name, runs]) => ({ name, ...this.interval("wins", name, winsOf(runs.map(lastOf))) }));
  }

  /**
   * How much more gold reward each other method has than one of them, seed by seed and prompt by prompt.
   *
   * @throws InputError where the baseline is none of the methods, or there is no gold reward
   */
  differencesFrom(baseline: string): Difference[] {
    const base = this.runs[baseline];
    if (!base) throw new InputError(`found the baseline ${JSON.stringify(baseline)}, expected one of ${Object.keys(this.runs).join(", ")}`);
    const below = goldOf(base.map(lastOf));
    return Object.entries(this.runs)
      .filter(([name]) => name !== baseline)
      .map(([name, runs]) => {
        const above = goldOf(runs.map(lastOf));
        const interval = this.interval("difference", name, above.map((row, seed) => row.map((gold, i) => gold - below[seed]![i]!)));
        return { name, ...interval, significant: interval.low > 0 || interval.high < 0 };
      });
  }

  async [displaySymbol](): Promise<MimeBundle> {
    return showTable(this.table, { title: `means over seeds ${this.seeds.join(", ")}, with 95 % intervals over seeds and prompts` })[displaySymbol]();
  }

  private row(method: string, ends: readonly End[]) {
    const mean = (valueOf: (end: End) => number | null | undefined) => {
      const values = ends.flatMap((end) => valueOf(end) ?? []);
      return values.length === 0 ? undefined : values.reduce((a, b) => a + b, 0) / values.length;
    };
    const gold = ends.every(hasGold) ? this.interval("gold", method, goldOf(ends)) : undefined;
    const wins = gold && this.interval("wins", method, winsOf(ends));
    return {
      method,
      ...(gold && { goldReward: gold.mean, goldLow: gold.low, goldHigh: gold.high }),
      ...(wins && { winRate: wins.mean, winLow: wins.low, winHigh: wins.high }),
      accuracy: mean(({ run, iteration }) => run.iterations[iteration]!.accuracy),
      pairsSeen: mean((end) => costOf(end).pairsSeen),
      seconds: mean((end) => costOf(end).seconds),
    };
  }

  private interval(figure: string, name: string, rows: readonly (readonly number[])[]): Interval {
    return crossedInterval(rows, Random.seeded(0).fork(figure, name));
  }
}

/** Where a run ended, or began. */
interface End {
  readonly run: Run;
  readonly iteration: number;
}

const lastOf = (run: Run): End => ({ run, iteration: run.iterations.length - 1 });

const responsesOf = ({ run, iteration }: End) => run.iteration(iteration).responses.objects() as JudgedResponse[];

const hasGold = ({ run, iteration }: End) => run.iterations[iteration]!.goldReward !== undefined;

/** Gold rewards, a row for each run and a column for each held-out prompt. */
function goldOf(ends: readonly End[]): number[][] {
  if (!ends.every(hasGold)) throw new InputError("found runs without a gold reward, expected held-out prompts of the synthetic world");
  return ends.map((end) => responsesOf(end).map(({ gold }) => gold));
}

/** 1 where a response has more gold reward than the start's, ½ for a tie. */
function winsOf(ends: readonly End[]): number[][] {
  const own = goldOf(ends);
  const starts = goldOf(ends.map(({ run }) => ({ run, iteration: 0 })));
  return own.map((row, i) => row.map((gold, prompt) => (1 + Math.sign(gold - starts[i]![prompt]!)) / 2));
}

/** What a run has cost until there: pairs that it has trained on, and seconds of training, review and sampling. */
function costOf({ run, iteration }: End): { readonly pairsSeen: number; readonly seconds: number } {
  const done = run.iterations.slice(0, iteration + 1);
  return {
    pairsSeen: done.reduce((sum, { pairsSeen }) => sum + pairsSeen, 0),
    seconds: workSeconds(done),
  };
}
