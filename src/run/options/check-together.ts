import { checkEvaluations } from "../../align/check-training.js";
import { isPairObjective, objectiveOf, type PairObjective } from "../../align/pair-objective.js";
import { InputError, quote } from "../../base/errors.js";
import { lossSettingNames } from "../../align/losses/settings.js";
import { isLossObject, lossOf } from "./loss-of.js";
import type {
  BmcOptions,
  LoopOptions,
  LossOptions,
  RecipeOptions,
  SharedOptions,
  TrainingBudget,
} from "./method-options.js";
import { checkPart, isBuiltIn } from "./part-registry.js";

/**
 * Checks the options of a form against each other; each has already passed its own schema.
 *
 * @param given those that the user gave
 * @throws InputError if one lacks another that it needs, or contradicts it
 */
export function checkTogether(resolved: object, given: object): void {
  checkEvaluations(resolved);
  if (hasLoss(resolved)) checkLoss(resolved, given);
  if (hasLoop(resolved)) checkLoop(resolved, given);
  if (hasEditor(resolved)) checkEditor(resolved);
}

/** The loop's options, some of which a method may fix itself. */
type SomeLoop = Partial<Pick<LoopOptions, "select" | "selectBy" | "rewardAgainst">> &
  Omit<LoopOptions, "select" | "selectBy" | "rewardAgainst"> &
  Partial<Pick<TrainingBudget, "iterations"> & Pick<RecipeOptions, "rounds">>;

const hasLoss = (options: object): options is SharedOptions => "loss" in options;
const hasLoop = (options: object): options is SomeLoop => "pairBy" in options;

function checkLoss(resolved: SharedOptions, given: Partial<LossOptions>): void {
  const { loss, batchSize, microBatchSize, referenceEvery, referenceEma } = resolved;
  if (isLossObject(loss) && isPairObjective(loss)) checkObjective(loss);
  else if (typeof loss === "function" || (isLossObject(loss) && !isBuiltIn(loss))) checkPart("loss", "loss", loss);
  if (isLossObject(loss)) checkBrings(loss.name, loss.beta, given);
  const all = lossOf(resolved);
  const objective = objectiveOf(all);
  objective.check?.({ batchSize, epochs: 1, ...(microBatchSize !== undefined && { microBatchSize }) });
  const moves =
    referenceEvery !== undefined ? "referenceEvery" : referenceEma !== undefined ? "referenceEma" : undefined;
  if (moves && !objective.withReferenceLogProbs)
    throw new InputError(`${moves}: the loss ${all.name} has no reference to update`);
}

/** @throws InputError if an objective lacks a property that a run reads */
function checkObjective(loss: PairObjective): void {
  checkPart("objective", "loss", loss);
  const { name, beta, reward } = loss as Partial<PairObjective>;
  if (!(typeof beta === "number" && beta > 0))
    throw new InputError(
      `loss: the objective ${quote(name)} has no beta, the scale of its implicit reward; add beta: 1`,
    );
  if (typeof reward?.of !== "function") {
    throw new InputError(
      `loss: the objective ${quote(name)} has no reward, by which pairs are reviewed and accuracy is counted; add reward: losses.dpo({ beta }).reward, or that of another loss`,
    );
  }
}

/** A custom loss has its own settings; refuses others, which would be ignored. */
function checkBrings(name: string, beta: number, given: Partial<LossOptions>): void {
  const beside = lossSettingNames.find(
    (setting) => given[setting] !== undefined && !(setting === "beta" && given.beta === beta),
  );
  if (beside)
    throw new InputError(
      `${beside}: the loss ${quote(name)} is given as an object, which brings its own settings; set ${beside} there`,
    );
}

function checkLoop(
  { selectBy, pairBy, labelBy, select = 0, bootstrap, lengthPenalty, iterations, rounds }: SomeLoop,
  given: Partial<LoopOptions>,
): void {
  if (isPart(selectBy)) checkPart("selection rule", "selectBy", selectBy);
  if (isPart(pairBy)) checkPart("pairing rule", "pairBy", pairBy);
  if (isPart(labelBy)) checkPart("labeller", "labelBy", labelBy);
  if (select + bootstrap === 0 && (iterations ?? rounds) !== 1)
    throw new InputError("`select` + `bootstrap` must be > 0");
  if (given.penaltyStep !== undefined && lengthPenalty !== "auto")
    throw new InputError('penaltyStep: there is no grid; set lengthPenalty: "auto" too, or leave it out');
  if (given.rewardAgainst === "round" && (labelBy === "judge" || labelBy === "likelihood"))
    throw new InputError(
      '`rewardAgainst` applies only to `labelBy: "implicit"`; remove it, or set `labelBy: "implicit"`',
    );
}

const hasEditor = (options: object): options is BmcOptions => "bridge" in options;

function checkEditor({ bridge, editWay, editBlind }: BmcOptions): void {
  if (isPart(bridge)) checkPart("editor", "bridge", bridge);
  if (bridge === "none" && editBlind) throw new InputError("`editBlind`: there is no editor; give `bridge` too");
  if (bridge === "none" && editWay !== "improve")
    throw new InputError("`editWay`: there is no editor; give `bridge` too");
}

const isPart = (value: unknown) => typeof value === "object" || typeof value === "function";
