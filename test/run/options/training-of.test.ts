import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultAdamW } from "../../../src/align/adamw.js";
import {
  generationOptions,
  resolveOptions,
  seraForm,
  sftTrainingOptions,
  trainingOptions,
} from "../../../src/run/options/index.js";

const defaults = resolveOptions(seraForm);

describe("trainingOptions", () => {
  it("returns one epoch of AdamW with the library's constants by default", () => {
    assert.deepEqual(trainingOptions(defaults), {
      ...{ batchSize: 32, epochs: 1, learningRate: 1e-4, schedule: "linear", warmup: 0.1 },
      adamW: { ...defaultAdamW, weightDecay: 0 },
    });
  });

  it("maps every given option to its name in training", () => {
    const asTheyAre = {
      microBatchSize: 2,
      recompute: true,
      maxSteps: 9,
      evaluateEvery: 3,
      keepBestBy: "eval_loss",
      patience: 1,
      emaDecay: 0.9,
    } as const;
    const adamW = { beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.1, maxGradNorm: 0.5 };
    const steps = { batchSize: 4, epochs: 2, learningRate: 1e-3, schedule: "cosine", warmup: 0 } as const;
    const all = { ...defaults, ...steps, ...asTheyAre, ...adamW, referenceEvery: 4, referenceEma: 0.6 };
    assert.deepEqual(trainingOptions(all), {
      ...steps,
      ...asTheyAre,
      adamW,
      referenceUpdate: { everySteps: 4, ema: 0.6 },
    });
    assert.deepEqual(trainingOptions({ ...defaults, referenceEma: 0.6 }).referenceUpdate, { ema: 0.6 });
    assert.deepEqual(trainingOptions({ ...defaults, referenceEvery: 4 }).referenceUpdate, { everySteps: 4 });
  });
});

describe("sftTrainingOptions", () => {
  it("combines the standard SFT settings with the given epochs, learning rate and batch size", () => {
    assert.deepEqual(sftTrainingOptions({ sftEpochs: 8, sftLearningRate: 2e-3, sftBatchSize: 16 }), {
      ...{ batchSize: 16, epochs: 8, learningRate: 2e-3, schedule: "cosine", warmup: 0.03 },
      adamW: { weightDecay: 0.01 },
    });
  });
});

describe("generationOptions", () => {
  it("returns all sampling options", () => {
    const sampling = { maxNewTokens: 9, temperature: 1.1, topK: 5, topP: 0.9, minP: 0.05, repetitionPenalty: 1.2 };
    assert.deepEqual(generationOptions({ ...sampling, samplingBatchSize: 64 }), { ...sampling, batchSize: 64 });
    assert.deepEqual(generationOptions(defaults), {
      maxNewTokens: 128,
      temperature: 0.7,
      topK: 0,
      topP: 1,
      minP: 0,
      repetitionPenalty: 1,
      batchSize: 128,
    });
  });
});
