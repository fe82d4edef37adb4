import type { TrainingOptions } from "../../align/trainer.js";
import type { GenerationOptions } from "../../model/generation/generate.js";
import type { AlignmentOptions, SamplingOptions, SftOptions, TrainingBudget } from "./method-options.js";

/** How each iteration trains. */
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

/** How the start is trained on demonstrations. */
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

/** How responses are sampled. */
export function generationOptions(options: SamplingOptions): GenerationOptions {
  const { maxNewTokens, temperature, topK, topP, minP, repetitionPenalty, samplingBatchSize } = options;
  return { maxNewTokens, temperature, topK, topP, minP, repetitionPenalty, batchSize: samplingBatchSize };
}

function referenceUpdate({ referenceEvery, referenceEma }: AlignmentOptions): TrainingOptions["referenceUpdate"] {
  if (referenceEvery === undefined && referenceEma === undefined) return undefined;
  return defined({ everySteps: referenceEvery, ema: referenceEma });
}

/** Those of some fields that are there. */
function defined<Fields extends object>(
  fields: Fields,
): Partial<{ readonly [Name in keyof Fields]: Exclude<Fields[Name], undefined> }> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<{
    readonly [Name in keyof Fields]: Exclude<Fields[Name], undefined>;
  }>;
}
