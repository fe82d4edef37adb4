import type { PairLoss, PairObjective } from "../align/pair-objective.js";
import type { InputTexts, RunControls, RunInput } from "../run/input.js";
import { methodWith, type Method, type RunTexts, type TrainedPairs } from "../run/method.js";
import type { InputSizes, PlannedTraining } from "../run/planned-steps.js";
import {
  checkOptions,
  givenNames,
  resolveOptions,
  type ColumnRule,
  type Form,
  type MethodOptions,
  type RecipeOptions,
} from "../run/options/index.js";
import type { Stages } from "../run/stages.js";

/** A method with its own options, to be completed with the shared ones; its own override these. */
export interface Recipe {
  (shared?: Partial<RecipeOptions>): Method;
  /** Names of the options that it accepts. */
  readonly takes: readonly string[];
}

/** The parts of a method. */
export interface MethodParts<Given extends object, Complete extends MethodOptions> {
  /** The options that it accepts. */
  readonly form: Form<Given>;
  /** The name in a run's summary. */
  readonly name: string | ((options: Complete) => string);
  /** Version of its code: change it with every edit that changes results. */
  readonly version: string;
  /**
   * Returns all options of its runs: the given ones, and those that it sets itself.
   *
   * @throws InputError if it does not support this number of rounds
   */
  complete(options: Given): Complete;
  /** As {@link Method.objective}. */
  objective?(loss: PairLoss, options: Complete): PairObjective;
  /** As {@link Method.columns}. */
  columns?(options: Complete): ColumnRule;
  /** As {@link Method.rewrite}. */
  rewrite?(texts: InputTexts, options: Complete, controls: RunControls): Promise<RunTexts> | RunTexts;
  /** As {@link Method.trainings}. */
  trainings?(options: Complete, sizes: InputSizes): readonly PlannedTraining[];
  /** As {@link Method.losses}. */
  losses?(loss: PairLoss, options: Complete): readonly PairLoss[];
  /** As {@link Method.trainsOn}. */
  trainsOn?(options: Complete): TrainedPairs;
  /** As {@link Method.check}. */
  check?(input: RunInput, options: Complete): void;
  run(stages: Stages, options: Complete): Promise<void>;
  /** As {@link Method.trainsOnDemonstrations}. */
  readonly trainsOnDemonstrations?: boolean;
  /** As {@link Method.drawsPairs}. */
  readonly drawsPairs?: boolean;
  /** Whether its code is the user's. Default false. */
  readonly isOwn?: boolean;
  /** Whether it labels responses with the run's judge. Default: if the option `labelBy` says so. */
  readonly labelsWithJudge?: boolean;
}

/**
 * Creates a method from options; later ones override earlier ones.
 *
 * @throws InputError as {@link resolveOptions}, or if the method does not support this number of rounds
 */
export function methodOf<Given extends object, Complete extends MethodOptions>(
  parts: MethodParts<Given, Complete>,
  ...given: readonly Partial<Given>[]
): Method {
  const { form, version, complete, columns, objective, losses, trainsOn, rewrite, trainings, check, run } = parts;
  const options = complete(resolveOptions(form, ...given));
  const name = typeof parts.name === "string" ? parts.name : parts.name(options);
  const { labelsWithJudge = "labelBy" in options && options.labelBy === "judge" } = parts;
  return methodWith({
    ...{ name, version, options, given: givenNames(...given), labelsWithJudge, run },
    ...(parts.trainsOnDemonstrations && { trainsOnDemonstrations: true }),
    ...(parts.drawsPairs && { drawsPairs: true }),
    ...(parts.isOwn && { isOwn: true }),
    ...(objective && { objective: (loss: PairLoss) => objective(loss, options) }),
    ...(losses && { losses: (loss: PairLoss) => losses(loss, options) }),
    ...(trainsOn && { trainsOn: trainsOn(options) }),
    ...(check && { check }),
    ...(columns && { columns: columns(options) }),
    ...(trainings && { trainings: (sizes: InputSizes) => trainings(options, sizes) }),
    ...(rewrite && { rewrite: (texts: InputTexts, controls: RunControls) => rewrite(texts, options, controls) }),
  });
}

/**
 * Creates a method in the form that `methods` and `compare` take: its own options first, then the shared ones.
 *
 * @returns a function that throws InputError for an own option that is unknown or outside its range
 */
export function recipeOf<Given extends object, Complete extends MethodOptions>(
  parts: MethodParts<Given, Complete>,
): (own?: Partial<Given>) => Recipe {
  const takes = Object.keys(parts.form.table);
  return (own = {}) => {
    checkOptions(parts.form, own);
    // Shared options are checked by name; their values are the same in all methods.
    const recipe = (shared: Partial<RecipeOptions> = {}) => methodOf(parts, shared as Partial<Given>, own);
    return Object.assign(recipe, { takes });
  };
}
