import { lossSettingNames } from "../../align/losses/settings.js";
import { withDefaults, type OptionTable } from "../../base/option.js";
import type {
  AihfOptions,
  BmcRecipeOptions,
  IrepoOptions,
  LoopOptions,
  LossOptions,
  MethodOptions,
  RecipeOptions,
  RewardAugmentedOptions,
  RewardOptions,
  SamplingOptions,
  SelfPlayOptions,
  SeraOptions,
  SftOptions,
  SharedOptions,
  SpoOptions,
  AugmentationOptions,
  ProxyOptions,
  SpreadOptions,
  TrainingBudget,
} from "./method-options.js";
import {
  augmentationTable,
  bmcTable,
  budgetTable,
  degreeTable,
  goalTable,
  jointTable,
  loopTable,
  memoryTable,
  proxyTable,
  recipeTable,
  rewardTable,
  samplingTable,
  seedTable,
  selfPlayTable,
  sftTable,
  sharedTable,
  spreadTable,
  voteTable,
} from "./tables.js";

/** A set of options, with the name that messages use for it. */
export interface Form<Options> {
  readonly name: string;
  readonly table: OptionTable<Options>;
}

/** Options of a method defined by its loss alone. */
export type DirectOptions = RecipeOptions;

/** Options of supervised fine-tuning, which has neither another loss nor a reference. */
export type SftMethodOptions = Omit<RecipeOptions, keyof LossOptions | "referenceEvery" | "referenceEma">;

/** Options of a recipe over SeRA's loop. */
export interface SelfImprovingOptions extends RecipeOptions, LoopOptions, Pick<TrainingBudget, "reference"> {}

/** Options of iterative DPO, which trains only on its own pairs from the second round on. */
export type IterativeDpoOptions = Omit<
  SelfImprovingOptions,
  "select" | "selectBy" | "perPrompt" | "gamma" | "rewardAgainst" | "disjoint"
>;

/** Options of SPIN, whose iterations each take several of the rounds. */
export interface SpinOptions extends RecipeOptions, SelfPlayOptions {}

/** Options of SPA, whose rounds are epochs of each part of the prompts. */
export interface SpaOptions extends RecipeOptions, SpreadOptions, RewardOptions, Pick<LoopOptions, "responses"> {}

/** Options of SAPO (arXiv 2405.20830), which uses only the chosen responses of the pairs. */
export interface SapoOptions extends RecipeOptions, AugmentationOptions {}

/** Options of a proxy reward model (arXiv 2407.02119), whose pairs all consist of sampled or graded responses. */
export interface ProxyRewardOptions extends RecipeOptions, ProxyOptions, Pick<LoopOptions, "responses"> {}

/** Options of {@link align}: those of a direct alignment algorithm, with its epochs. */
export interface AlignOptions extends SharedOptions, Pick<TrainingBudget, "epochs"> {}

const recipe: OptionTable<RecipeOptions> = { ...sharedTable, ...recipeTable };
const selfImproving: OptionTable<SelfImprovingOptions> = { ...recipe, ...loopTable, reference: budgetTable.reference };

/** The options of each method, keyed by its name in `methods`. */
export const recipeForms = {
  direct: { name: "direct", table: recipe } satisfies Form<DirectOptions>,
  sft: {
    name: "sft",
    table: omit(recipe, "loss", ...lossSettingNames, "referenceEvery", "referenceEma"),
  } satisfies Form<SftMethodOptions>,
  sera: { name: "sera", table: selfImproving } satisfies Form<SelfImprovingOptions>,
  iterativeDpo: {
    name: "iterativeDpo",
    table: omit(
      withDefaults(selfImproving, { bootstrap: 1, labelBy: "judge", reference: "previous" }),
      "select",
      "selectBy",
      "perPrompt",
      "gamma",
      "rewardAgainst",
      "disjoint",
    ),
  } satisfies Form<IterativeDpoOptions>,
  dice: {
    name: "dice",
    table: withDefaults(selfImproving, {
      ...{ select: 0.5, selectBy: "random", bootstrap: 0.5, gamma: 0, reference: "previous", rewardAgainst: "round" },
      ...{ lengthPenalty: "auto", penaltyStep: 0.001, completeOnly: true, disjoint: true },
    }),
  } satisfies Form<SelfImprovingOptions>,
  spin: { name: "spin", table: { ...recipe, ...selfPlayTable } } satisfies Form<SpinOptions>,
  rewardAugmented: {
    name: "rewardAugmented",
    table: { ...recipe, ...goalTable },
  } satisfies Form<RewardAugmentedOptions>,
  bmc: {
    name: "bmc",
    table: { ...withDefaults(recipe, { loss: "dpo-bmc" }), ...bmcTable },
  } satisfies Form<BmcRecipeOptions>,
  irepo: {
    name: "irepo",
    table: {
      ...omit(recipe, "loss", ...lossSettingNames.filter((name) => name !== "beta")),
      responses: loopTable.responses,
      ...voteTable,
    },
  } satisfies Form<IrepoOptions>,
  aihf: {
    name: "aihf",
    table: {
      ...omit(
        recipe,
        "loss",
        ...lossSettingNames.filter((name) => name !== "beta"),
        "sftEpochs",
        "sftLearningRate",
        "sftBatchSize",
      ),
      ...jointTable,
    },
  } satisfies Form<AihfOptions>,
  spo: { name: "spo", table: { ...recipe, ...degreeTable } } satisfies Form<SpoOptions>,
  sapo: { name: "sapo", table: { ...recipe, ...augmentationTable } } satisfies Form<SapoOptions>,
  proxyReward: {
    name: "proxyReward",
    table: { ...recipe, ...proxyTable, responses: { ...loopTable.responses, default: 2 } },
  } satisfies Form<ProxyRewardOptions>,
  curryDpo: { name: "curryDpo", table: recipe } satisfies Form<RecipeOptions>,
  spa: {
    name: "spa",
    table: { ...recipe, ...spreadTable, ...rewardTable, responses: { ...loopTable.responses, default: 2 } },
  } satisfies Form<SpaOptions>,
} as const;

/**
 * The options of the cell functions `align` and `sera` and of the command `sera align`, which have `epochs` and
 * `iterations` in place of `rounds`.
 */
export const alignForm: Form<AlignOptions> = { name: "align", table: { ...sharedTable, epochs: budgetTable.epochs } };
export const seraForm: Form<SeraOptions> = { name: "sera", table: { ...sharedTable, ...budgetTable, ...loopTable } };
/** The options of supervised fine-tuning on demonstrations, as in `sera sft`. */
export const sftForm: Form<SftOptions & Pick<SharedOptions, "memory" | "seed">> = {
  name: "sft",
  table: { ...sftTable, ...memoryTable, ...seedTable },
};
/** The options of sampling alone, as in `sera generate`. */
export const generateForm: Form<SamplingOptions & Pick<SharedOptions, "memory" | "seed">> = {
  name: "generate",
  table: { ...samplingTable, ...memoryTable, ...seedTable },
};
/** Options that every method has. */
export const methodForm: Form<MethodOptions> = { name: "a method", table: { ...sharedTable, ...budgetTable } };

function omit<Options, Name extends keyof Options>(
  table: OptionTable<Options>,
  ...names: readonly Name[]
): OptionTable<Omit<Options, Name>> {
  const left = Object.entries(table).filter(([name]) => !names.some((omitted) => omitted === name));
  // Only keys were removed.
  return Object.fromEntries(left) as OptionTable<Omit<Options, Name>>;
}
