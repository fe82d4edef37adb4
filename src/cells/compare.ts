import { InputError, quote } from "../base/errors.js";
import type { Reporter } from "../base/task.js";
import type { PreferencePair } from "../data/pair.js";
import type { Recipe } from "../methods/recipe.js";
import { checkShared, takenBy } from "../methods/shared.js";
import type { RecipeOptions, Spelling } from "../run/options/index.js";
import type { Policy } from "../model/policy/policy.js";
import { checkPairColumns } from "../run/check-run.js";
import type { RunControls, RunInput } from "../run/input.js";
import type { Method } from "../run/method.js";
import { openPrepared, prepareMethod, type PreparedRun, type RunPlace } from "../run/open-run.js";
import { plannedSteps } from "../run/planned-steps.js";
import { checkSettings } from "./check-settings.js";
import { firstOfKind } from "./first-of-kind.js";
import { MethodComparison } from "./method-comparison.js";
import { Run } from "./run.js";
import { runProgress } from "./run-progress.js";
import { cellControls, judgedInput, runInput, separateSettings, type RunSettings } from "./train.js";

/** Options shared by all methods of a comparison: training, held-out prompts and the run settings. */
export interface CompareOptions extends Omit<Partial<RecipeOptions>, "seed">, Omit<RunSettings, "folder" | "redoFrom"> {
  /** Each method is run once per seed. Default [1, 2, 3]. */
  readonly seeds?: readonly number[];
}

/**
 * Compares methods: runs each with every seed, from the same start, on the same pairs and with the same budget of pairs
 * (`rounds`, default 3), and judges them on the same held-out prompts. Finished runs are read from their folders, so an
 * interrupted comparison resumes when its cell is run again. What runs note, such as responses cut off, is shown once for
 * each kind of note, with the run that had it first.
 *
 * @param recipes keyed by display name; a recipe's own options override the shared ones
 * @example const result = await compare(start, pairs, { DPO: methods.direct({ beta: 1 }), SeRA: methods.sera({ beta: 2 }) }, { heldOut });
 * @throws InputError if there is no method or no seed, or a method does not support an option
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
  // A judge that no method uses is rejected by the first; otherwise it goes to the methods that label with it.
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
  /** The method's name in the comparison. */
  readonly name: string;
  readonly seed: number;
  readonly method: Method;
}

/**
 * Plans a run for every method and seed, method by method. All are created before any is run, so that unsupported
 * options are reported at once.
 *
 * @param spelling how messages spell option names; as in a cell by default
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
  if (new Set(seeds).size < seeds.length)
    throw new InputError(`seeds: found ${quote(seeds)}, expected each seed once; a repeated seed repeats its run`);
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

/** The input and folder of each run of a comparison. */
export interface RunsOfComparison {
  inputFor(run: PlannedRun): RunInput;
  placeOf(run: PlannedRun): RunPlace;
}

/**
 * Runs the planned runs one after another, each shown as one line that counts its steps, with its notes below, of which
 * each kind is shown once. Every method is checked before the first run.
 *
 * @param input the input of all runs
 * @throws InputError naming the method whose run would fail, or as {@link openRun}
 */
export async function runAll(
  planned: readonly PlannedRun[],
  input: RunInput,
  controls: RunControls,
  { inputFor, placeOf }: RunsOfComparison,
): Promise<MethodComparison> {
  const prepare = (run: PlannedRun, controls: RunControls) => prepareMethod(run.method, inputFor(run), controls);
  const note = firstOfKind((text) => controls.reporter?.note?.(text));
  const prepared = new Map<PlannedRun, PreparedRun>();
  // A method's other seeds have the same options and data.
  for (const run of planned.filter(({ name }, i) => planned.findIndex((other) => other.name === name) === i)) {
    const own = { ...controls, reporter: notedBy(controls.reporter, (text) => note(run.name, text)) };
    prepared.set(run, await named(run.name, () => checked(prepare(run, own))));
  }
  const sizes = { pairs: input.pairs.length, demonstrations: input.demonstrations?.length ?? 0 };
  const runs: Record<string, Run[]> = {};
  for (const [i, run] of planned.entries()) {
    const label = `${run.name}, seed ${run.seed}`;
    const progress = runProgress(
      controls.reporter,
      `${i + 1}/${planned.length} ${label}`,
      plannedSteps(run.method, sizes),
      (text) => note(label, text),
    );
    const own = { ...controls, reporter: progress.reporter };
    try {
      const ready = prepared.get(run) ?? (await prepare(run, own));
      prepared.delete(run);
      const { folder } = await progress.within(() => openPrepared(ready, placeOf(run), own));
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

/** A reporter with the phases of another, and notes of its own. */
const notedBy = (reporter: Reporter | undefined, note: (text: string) => void): Reporter | undefined =>
  reporter && { start: (...phase) => reporter.start(...phase), note };

async function checked(preparing: Promise<PreparedRun>): Promise<PreparedRun> {
  const prepared = await preparing;
  checkPairColumns(prepared.method, prepared.input);
  return prepared;
}

/** Prefixes a method's errors with its name in the comparison. */
async function named<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${name}: ${error.message}`, { cause: error }) : error;
  }
}
