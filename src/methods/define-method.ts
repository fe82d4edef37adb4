import { z } from "zod";
import { losses } from "../align/losses/index.js";
import type { Option } from "../base/option.js";
import {
  checkPart,
  recipeForms,
  requireOwnName,
  seraForm,
  type MethodOptions,
  type RecipeOptions,
  type TrainingBudget,
} from "../run/options/index.js";
import type { Stages } from "../run/stages.js";
import { recipeOf, type MethodParts, type Recipe } from "./recipe.js";

/** The definition of a custom method. */
export interface MethodDefinition<Own extends object> {
  /** The name in summaries and tables. */
  readonly name: string;
  /**
   * Version of its code: change it with every edit that changes results, so that older runs are not mistaken for newer
   * ones.
   */
  readonly version: string;
  /**
   * Its own options with their defaults. Given values must be of the same type; a name that the library has, such as
   * `select` or `batchSize`, is the library's option with this default.
   */
  readonly options?: Own;
  /**
   * Whether it labels responses with the judge of the run (`stages.labelByJudge`). Default false, which refuses a
   * judge.
   */
  readonly labelsWithJudge?: boolean;
  /** How it spends rounds. Default: one iteration of one epoch per round, with the start as the reference. */
  readonly budget?: (rounds: number) => Partial<TrainingBudget>;
  /** Runs its stages in order: `stages.align(t, pairs, …)` for each iteration t, from 1. */
  run(stages: Stages, options: MethodOptions & Own): Promise<void>;
}

/**
 * Defines a custom method, which takes the options shared by all methods and its own, and is used like those of
 * `methods`.
 *
 * @example
 * const shortest = defineMethod({
 *   name: "shortest", version: "1", options: { share: 0.5 },
 *   async run(stages, { share, iterations }) {
 *     const pairs = (await stages.offlinePairs()).toSorted((a, b) => a.chosen.length - b.chosen.length);
 *     const kept = pairs.slice(0, Math.round(share * pairs.length));
 *     for (let t = 1; t <= iterations; t++) await stages.align(t, kept, { pairsSelected: kept.length, pairsBootstrapped: 0, bootstrap: null });
 *   },
 * });
 * const run = await train(start, pairs, shortest({ share: 0.3 })({ rounds: 1 }), { heldOut });
 * @throws InputError if it has no name or version, uses a name of the library, or differs in code from another method
 *   of the same name and version
 */
export function defineMethod<Own extends object = object>(
  definition: MethodDefinition<Own>,
): (own?: Partial<RecipeOptions & Own>) => Recipe {
  checkPart("method definition", "defineMethod", definition);
  const { name, version, options: own = {}, labelsWithJudge, budget, run } = definition;
  requireOwnName("method", "defineMethod", name, methodNames);
  const table = { ...recipeForms.direct.table, ...ownTable(own) };
  const parts: MethodParts<RecipeOptions, MethodOptions> = {
    ...{ form: { name, table }, name, version, isOwn: true },
    ...(labelsWithJudge !== undefined && { labelsWithJudge }),
    // The method's own options, such as `reference`, override its budget.
    complete: ({ rounds, ...options }) => ({
      iterations: rounds,
      epochs: 1,
      reference: "start",
      ...budget?.(rounds),
      ...options,
    }),
    // Its own options are in the table, each with a default.
    run: (stages, options) => run(stages, options as MethodOptions & Own),
  };
  return recipeOf(parts);
}

/** Names of the library's own methods, in code and in summaries; names of losses are those of direct methods. */
const methodNames = [
  ...Object.values(recipeForms).flatMap(({ name }) => [
    name,
    name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
  ]),
  ...Object.keys(losses),
];

/** Builds the table of a method's own options from their defaults. */
function ownTable(defaults: object): Readonly<Record<string, Option<unknown>>> {
  const library: Readonly<Record<string, Option<unknown>>> = { ...recipeForms.direct.table, ...seraForm.table };
  return Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [
      name,
      Object.hasOwn(library, name) ? { ...library[name]!, default: value } : ownOption(value),
    ]),
  );
}

const kinds = {
  number: { schema: z.number(), expected: "a finite number" },
  boolean: { schema: z.boolean(), expected: "true or false" },
  string: { schema: z.string(), expected: "a string" },
} as const;

/** Builds an option from its default: it accepts any value of the same type. */
function ownOption(value: unknown): Option<unknown> {
  const type = typeof value;
  const kind = Object.hasOwn(kinds, type)
    ? kinds[type as keyof typeof kinds]
    : { schema: z.json(), expected: "what JSON can hold" };
  return { ...kind, help: "an option of the method's own", default: value };
}
