import type { ColumnTable } from "arquero";
import { inspect } from "node:util";
import { InputError, quote } from "../base/errors.js";
import type { PreferencePair } from "../data/pair.js";
import type { Recipe } from "../methods/recipe.js";
import { checkShared, takenBy } from "../methods/shared.js";
import type { RecipeOptions, Spelling } from "../run/options/index.js";
import type { Policy } from "../model/policy/policy.js";
import { displaySymbol, type MimeBundle } from "../base/mime.js";
import { showTable } from "../notebook/table/show-table.js";
import type { NamedInterval } from "../plot/index.js";
import { checkPairColumns } from "../run/check-run.js";
import type { RunControls, RunInput } from "../run/input.js";
import type { Method } from "../run/method.js";
import { openPrepared, prepareMethod, type PreparedRun, type RunPlace } from "../run/open-run.js";
import { plannedSteps } from "../run/planned-steps.js";
import { workSeconds } from "../run/summary.js";
import { crossedInterval, type CrossedInterval, type ValueRange } from "../stats/crossed.js";
import { mean } from "../stats/mean.js";
import { holmAdjusted } from "../stats/holm.js";
import { checkSettings } from "./check-settings.js";
import { Run } from "./run.js";
import { runProgress } from "./run-progress.js";
import { tableOf, textOf } from "./table-of.js";
import { cellControls, judgedInput, runInput, separateSettings, type RunSettings } from "./train.js";

/** What the methods of a comparison share: how each is trained, and on what all are judged. */
export interface CompareOptions extends Omit<Partial<RecipeOptions>, "seed">, Omit<RunSettings, "folder" | "redoFrom"> {
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
  const { seeds = [1, 2, 3], ...given } = options;
  const { settings, own: shared } = separateSettings(given);
  if ("seed" in shared)
    throw new InputError("`seed` is not an option of compare; use `seeds`, as in { seeds: [1, 2, 3] }");
  const own = (["folder", "redoFrom"] as const).find((name) => settings[name] !== undefined);
  if (own) throw new InputError(`\`${own}\` is not an option of compare, whose runs have a folder each; leave it out`);
  checkSettings(pairs, settings);
  const controls = cellControls(settings);
  const planned = planRuns(recipes, shared, seeds);
  // One that all refuse is refused by the first; otherwise it is for those that label with it.
  const isJudged = planned.some(({ method }) => method.labelsWithJudge);
  const input = runInput(start, pairs, settings);
  return runAll(planned, input, controls, {
    inputFor: ({ method }) =>
      isJudged && !method.labelsWithJudge ? input : judgedInput(input, method, pairs, settings.judge),
    placeOf: () => ({}),
  });
}

/** One run of a comparison. */
export interface PlannedRun {
  /** What the method is called in the comparison. */
  readonly name: string;
  readonly seed: number;
  readonly method: Method;
}

/**
 * Every method with every seed, method by method. All are made before any is run, so that what one of them refuses is
 * known at once.
 *
 * @param spelling how messages write names: as in a cell by default
 * @throws InputError as {@link compare}
 */
export function planRuns(
  recipes: Readonly<Record<string, Recipe>>,
  shared: Partial<RecipeOptions>,
  seeds: readonly number[],
  spelling?: Spelling,
): PlannedRun[] {
  if (typeof recipes !== "object" || recipes === null)
    throw new InputError(
      `recipes: found ${quote(recipes)}, expected methods by the names to show, as in { DPO: methods.direct({ beta: 1 }) }`,
    );
  if (!Array.isArray(seeds))
    throw new InputError(`seeds: found ${quote(seeds)}, expected a list of whole numbers, as in [1, 2, 3]`);
  const names = Object.keys(recipes);
  if (names.length === 0 || seeds.length === 0) {
    throw new InputError(
      `compare: found ${names.length} methods and ${seeds.length} seeds, expected at least one of each`,
    );
  }
  const notRecipe = names.find((name) => typeof recipes[name] !== "function" || !Array.isArray(recipes[name].takes));
  if (notRecipe !== undefined)
    throw new InputError(
      `${notRecipe}: not a recipe; give one of methods, called, as in { ${quote(notRecipe)}: methods.direct({ beta: 1 }) }, or what defineMethod gives, called`,
    );
  checkShared("compare", Object.values(recipes), shared, spelling);
  return names.flatMap((name) =>
    seeds.map((seed) => {
      const method = recipes[name]!({ ...takenBy(recipes[name]!, shared), seed });
      if (method.options.seed !== seed)
        throw new InputError(
          `${name}: found seed ${method.options.seed} among its own options, expected none; all methods are run with the seeds of the comparison`,
        );
      return { name, seed, method };
    }),
  );
}

/** What each run of a comparison is given, and where it is kept. */
export interface RunsOfComparison {
  inputFor(run: PlannedRun): RunInput;
  placeOf(run: PlannedRun): RunPlace;
}

/**
 * Runs what was planned, one after another, each shown as one line that counts its steps. What can be seen to be wrong with
 * a method is told before the first run.
 *
 * @param input what all are given
 * @throws InputError naming the method whose run would fail, and as {@link openRun}
 */
export async function runAll(
  planned: readonly PlannedRun[],
  input: RunInput,
  controls: RunControls,
  { inputFor, placeOf }: RunsOfComparison,
): Promise<MethodComparison> {
  const prepare = (run: PlannedRun, controls: RunControls) => prepareMethod(run.method, inputFor(run), controls);
  const prepared = new Map<PlannedRun, PreparedRun>();
  // The other seeds are of the same options and the same data.
  for (const run of planned.filter(({ name }, i) => planned.findIndex((other) => other.name === name) === i)) {
    prepared.set(run, await named(run.name, () => checked(prepare(run, controls))));
  }
  const sizes = { pairs: input.pairs.length, demonstrations: input.demonstrations?.length ?? 0 };
  const runs: Record<string, Run[]> = {};
  for (const [i, run] of planned.entries()) {
    const progress = runProgress(
      controls.reporter,
      `${i + 1}/${planned.length} ${run.name}, seed ${run.seed}`,
      plannedSteps(run.method, sizes),
    );
    const own = { ...controls, reporter: progress.reporter };
    try {
      const ready = prepared.get(run) ?? (await prepare(run, own));
      prepared.delete(run);
      const { folder } = await openPrepared(ready, placeOf(run), own);
      (runs[run.name] ??= []).push(await Run.open(folder, input.start));
      progress.complete();
    } finally {
      progress.finish();
    }
  }
  return new MethodComparison(
    runs,
    planned.filter(({ name }) => name === planned[0]!.name).map(({ seed }) => seed),
  );
}

async function checked(preparing: Promise<PreparedRun>): Promise<PreparedRun> {
  const prepared = await preparing;
  checkPairColumns(prepared.method, prepared.input);
  return prepared;
}

/** What is wrong with a method is told with its name in the comparison. */
async function named<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${name}: ${error.message}`, { cause: error }) : error;
  }
}

/** A difference between two methods. */
export interface Difference extends NamedInterval {
  /** Two-sided, of no difference; for this method alone. */
  readonly pValue: number;
  /** After Holm's correction for the other methods compared with the same baseline. */
  readonly adjustedPValue: number;
  /** Whether the adjusted p-value is below 0.05. */
  readonly significant: boolean;
  /** Standard deviation of the seeds' mean differences; null for one seed. */
  readonly seedDeviation: number | null;
}

/** How a method does in a comparison, or the start that all began from: means over the seeds. */
export interface MethodRow {
  readonly method: string;
  readonly goldReward?: number;
  /** 95 % interval. */
  readonly goldLow?: number;
  readonly goldHigh?: number;
  /** Standard deviation of the seeds' means; null for one seed. */
  readonly goldSeedDeviation?: number | null;
  /** Against the start. */
  readonly winRate?: number;
  readonly winLow?: number;
  readonly winHigh?: number;
  readonly accuracy: number | undefined;
  /** By one run. */
  readonly pairsSeen: number | undefined;
  readonly seconds: number | undefined;
  /** Responses that a judge graded for one run; where one was asked by some method. */
  readonly graded?: number | undefined;
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

  /**
   * A row for the start and one for each method: means over the seeds, the standard deviation of the seeds' mean gold
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

  /** A row for each run. */
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

  /** Gold rewards as {@link plot.goldRewards} draws them. */
  get goldRewards(): NamedInterval[] {
    return Object.entries(this.runs).map(([name, runs]) => ({ name, ...intervalOf(goldOf(runs.map(lastOf))) }));
  }

  /** Win rates against the start as {@link plot.winRates} draws them. */
  get winRates(): NamedInterval[] {
    return Object.entries(this.runs).map(([name, runs]) => ({ name, ...intervalOf(winsOf(runs.map(lastOf))) }));
  }

  /**
   * How much more gold reward a method earns than another, paired by seed and by prompt.
   *
   * @throws InputError where one of them is not a method of the comparison, there is no gold reward, or runs were evaluated on
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
   * {@link difference} of every other method from the baseline, with p-values that are corrected for their number.
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

  /** Its table as text. */
  toString(): string {
    return textOf(this.table, titleOf(this.seeds));
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** Where the runs of a method ended. @throws InputError where there is no such method */
  private ends(method: string): End[] {
    const runs = this.runs[method];
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

/** Of gold rewards and wins. */
const inShare: ValueRange = { low: 0, high: 1 };

function intervalOf(rows: readonly (readonly number[])[]) {
  const { mean, low, high } = crossedInterval(rows, inShare);
  return { mean, low, high };
}

/** Where a run ended, or began. */
interface End {
  readonly run: Run;
  readonly iteration: number;
}

const lastOf = (run: Run): End => ({ run, iteration: run.iterations.length - 1 });

const hasGold = ({ run, iteration }: End) => run.iterations[iteration]!.goldReward !== undefined;

/** Gold rewards, a row for each run and a column for each held-out prompt. */
function goldOf(ends: readonly End[]): number[][] {
  return ends.map(({ run, iteration }) => run.goldRewards(iteration));
}

/** Gold rewards by the ids of the prompts, in the prompts' order. */
function goldById({ run, iteration }: End): Map<string, number> {
  const golds = run.goldRewards(iteration);
  return new Map((run.iteration(iteration).responses.array("id") as string[]).map((id, i) => [id, golds[i]!]));
}

/** 1 where a response has more gold reward than that of the start of the same run, ½ for a tie. */
function winsOf(ends: readonly End[]): number[][] {
  return pairedGold(
    ends,
    ends.map(({ run }) => ({ run, iteration: 0 })),
    (gold, start) => (1 + Math.sign(gold - start)) / 2,
  );
}

/** Compares the gold rewards of runs with those of others, seed by seed in the order given, and prompt by prompt by their ids. */
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

/** What a run has cost until there: pairs that it has trained on, and seconds of training, review and sampling. */
function costOf({ run, iteration }: End): { readonly pairsSeen: number; readonly seconds: number } {
  const done = run.iterations.slice(0, iteration + 1);
  return {
    pairsSeen: done.reduce((sum, { pairsSeen }) => sum + pairsSeen, 0),
    seconds: workSeconds(done),
  };
}
