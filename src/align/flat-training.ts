import type { TrainingOptions } from "./trainer.js";

/** Options of a training that have no default, laid flat, as a cell and a command line give them. */
export interface FlatTrainingOptions
  extends Pick<TrainingOptions, "microBatchSize" | "recompute" | "maxSteps" | "evaluateEvery" | "keepBestBy" | "patience" | "emaDecay"> {
  /** Steps after which the reference follows the policy; see {@link ReferenceUpdate}. */
  readonly referenceEvery?: number;
  /** How far of the way to the policy the reference comes each time; see {@link ReferenceUpdate}. */
  readonly referenceEma?: number;
}

const asTheyAre = ["microBatchSize", "recompute", "maxSteps", "evaluateEvery", "keepBestBy", "patience", "emaDecay"] as const;

/** Names of {@link FlatTrainingOptions}. */
export const flatTrainingNames = [...asTheyAre, "referenceEvery", "referenceEma"] as const satisfies readonly (keyof FlatTrainingOptions)[];

/** The options of a training from their flat form. */
export function fromFlatTraining(flat: FlatTrainingOptions): Pick<TrainingOptions, (typeof asTheyAre)[number] | "referenceUpdate"> {
  const { referenceEvery, referenceEma } = flat;
  const given = asTheyAre.filter((name) => flat[name] !== undefined).map((name) => [name, flat[name]]);
  const moves = referenceEvery !== undefined || referenceEma !== undefined;
  const update = { ...(referenceEvery !== undefined && { everySteps: referenceEvery }), ...(referenceEma !== undefined && { ema: referenceEma }) };
  return { ...Object.fromEntries(given), ...(moves && { referenceUpdate: update }) };
}
