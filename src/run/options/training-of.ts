import type { TrainingOptions } from "../../align/trainer.js";
import type { GenerationOptions } from "../../model/generation/generate.js";
import { identityOf } from "./identity.js";
import type { AlignmentOptions, LossOptions, SamplingOptions, SftOptions, TrainingBudget } from "./method-options.js";
import { lossTable } from "./tables.js";

/** Returns the options of a run's loss in the form stored in the run's identity. */
export function lossIdentity(options: LossOptions): ReturnType<typeof identityOf> {
  return identityOf(Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(lossTable, name))));
}

/** Returns the training options of an iteration. */
export function trainingOptions(options: AlignmentOptions & Pick<TrainingBudget, "epochs">): TrainingOptions {
  const { batchSize, epochs, learningRate, schedule, warmup, beta1, beta2, epsilon, weightDecay, maxGradNorm } =
    options;
  const { microBatchSize, recompute, maxSteps, evaluateEvery, keepBestBy, patience, emaDecay } = options;
  return {
    ...{ batchSize, epochs, learningRate, schedule, warmup },
    adamW: { beta1, beta2, epsilon, weightDecay, maxGradNorm },
    ...defined({
      microBatchSize,
      recompute,
      maxSteps,
      evaluateEvery,
      keepBestBy,
      patience,
      emaDecay,
      referenceUpdate: referenceUpdate(options),
    }),
  };
}

/** Returns the training options of fine-tuning the start on demonstrations. */
export function sftTrainingOptions({ sftBatchSize, sftEpochs, sftLearningRate }: SftOptions): TrainingOptions {
  return {
    batchSize: sftBatchSize,
    epochs: sftEpochs,
    learningRate: sftLearningRate,
    schedule: "cosine",
    warmup: 0.03,
    adamW: { weightDecay: 0.01 },
  };
}

/** Returns the generation options of sampling. */
export function generationOptions(options: SamplingOptions): GenerationOptions {
  const { maxNewTokens, temperature, topK, topP, minP, repetitionPenalty, samplingBatchSize } = options;
  return { maxNewTokens, temperature, topK, topP, minP, repetitionPenalty, batchSize: samplingBatchSize };
}

function referenceUpdate({ referenceEvery, referenceEma }: AlignmentOptions): TrainingOptions["referenceUpdate"] {
  if (referenceEvery === undefined && referenceEma === undefined) return undefined;
  return defined({ everySteps: referenceEvery, ema: referenceEma });
}

/** Returns the defined ones of some fields. */
function defined<Fields extends object>(
  fields: Fields,
): Partial<{ readonly [Name in keyof Fields]: Exclude<Fields[Name], undefined> }> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<{
    readonly [Name in keyof Fields]: Exclude<Fields[Name], undefined>;
  }>;
}
