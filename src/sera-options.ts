import { checkTraining } from "./align/check-training.js";
import { lossNamed, type LossChoice, type LossSettings } from "./align/losses/index.js";
import { lossSettings } from "./align/losses/settings.js";
import { preference } from "./align/preference.js";
import type { Schedule } from "./align/schedule.js";
import type { TrainingOptions } from "./align/training.js";
import { requireOption } from "./base/require-option.js";
import type { GenerationOptions } from "./model/generate.js";

/** Every number of SeRA (arXiv 2410.09362); see {@link defaultSera}. */
export interface SeraOptions extends LossSettings {
  /** The direct alignment loss by its name, or losses with their weights: `{ dpo: 0.8, nll: 0.2 }`. */
  readonly loss: LossChoice;
  /** T: how often the policy is trained. */
  readonly iterations: number;
  /** K / N: the share of the pairs that review keeps from iteration 2 on. */
  readonly select: number;
  /** K̃ / N: pairs that the policy makes, as a share of the pairs. */
  readonly bootstrap: number;
  /** R: responses sampled for each prompt. */
  readonly responses: number;
  /** γ: weight of π_{t−2} in the ensemble. */
  readonly gamma: number;
  /** The same seed, data and machine give the same bytes. */
  readonly seed: number;
  /** How each iteration trains. */
  readonly training: TrainingOptions;
  /** How the SFT start is trained, where it is. */
  readonly sft: TrainingOptions;
  /** How responses are sampled. */
  readonly generation: GenerationOptions;
}

/** The paper's numbers where they are known (T, K, K̃, R, γ), and what worked for small models where they are not. */
export const defaultSera = {
  loss: "dpo",
  beta: 0.1,
  iterations: 3,
  select: 0.7,
  bootstrap: 0.3,
  responses: 4,
  gamma: 0.3,
  seed: 0,
  training: { batchSize: 32, epochs: 1, learningRate: 1e-4, schedule: "linear", warmup: 0.1, adamW: { weightDecay: 0 } },
  sft: { batchSize: 32, epochs: 3, learningRate: 1e-3, schedule: "cosine", warmup: 0.03, adamW: { weightDecay: 0.01 } },
  generation: { maxNewTokens: 128, temperature: 0.7, topK: 0, topP: 1 },
} as const satisfies SeraOptions;

/** The options of a run laid flat, as a cell and a command line give them. */
export interface FlatSeraOptions
  extends LossSettings,
    Pick<SeraOptions, "loss" | "iterations" | "select" | "bootstrap" | "responses" | "gamma" | "seed"> {
  /** Epochs of each iteration. */
  readonly epochs: number;
  /** Peak of the learning rate. */
  readonly learningRate: number;
  readonly schedule: Schedule;
  /** Share of the steps in which the learning rate goes up. */
  readonly warmup: number;
  /** Pairs of a step. */
  readonly batchSize: number;
  /** Pairs that go through the model at once; gradients are accumulated. Default: those of a step. */
  readonly microBatchSize?: number;
  /** AdamW's decay of matrices. */
  readonly weightDecay: number;
  /** Longest sampled response, in tokens. */
  readonly maxNewTokens: number;
  /** Of sampling; 0 takes the most likely token. */
  readonly temperature: number;
  /** Samples among the k most likely tokens; 0 is no limit. */
  readonly topK: number;
  /** Samples among the fewest tokens with this share of the probability. */
  readonly topP: number;
}

const { training, generation, sft: _, ...loop } = defaultSera;
const { adamW, ...steps } = training;

/** {@link defaultSera} laid flat. */
export const defaultFlatSera: FlatSeraOptions = { ...loop, ...steps, ...adamW, ...generation };

/** The options of a run from their flat form. */
export function seraOptions(flat: FlatSeraOptions, sft: TrainingOptions = defaultSera.sft): SeraOptions {
  const { loss, beta, iterations, select, bootstrap, responses, gamma, seed } = flat;
  const { batchSize, microBatchSize, epochs, learningRate, schedule, warmup, weightDecay } = flat;
  const { maxNewTokens, temperature, topK, topP } = flat;
  return {
    ...{ loss, beta, ...lossSettings(flat), iterations, select, bootstrap, responses, gamma, seed, sft },
    training: { batchSize, ...(microBatchSize && { microBatchSize }), epochs, learningRate, schedule, warmup, adamW: { weightDecay } },
    generation: { maxNewTokens, temperature, topK, topP },
  };
}

/** @throws InputError where an option is outside its range */
export function checkSeraOptions(options: SeraOptions): void {
  const { iterations, select, bootstrap, responses, gamma, seed, training, sft } = options;
  const { maxNewTokens = 1, temperature = 1, topK = 0, topP = 1 } = options.generation;
  preference(lossNamed(options.loss, options)).check?.(training);
  requireOption(Number.isInteger(iterations) && iterations >= 1, "iterations", iterations, "a whole number from 1");
  requireOption(select >= 0 && select <= 1, "select", select, "a share in [0, 1]");
  requireOption(bootstrap >= 0 && bootstrap <= 1, "bootstrap", bootstrap, "a share in [0, 1]");
  requireOption(Number.isInteger(responses) && responses >= 2, "responses", responses, "a whole number from 2");
  requireOption(gamma >= 0 && gamma <= 1, "gamma", gamma, "a share in [0, 1]");
  requireOption(Number.isSafeInteger(seed) && seed >= 0, "seed", seed, "a whole number from 0");
  checkTraining(training);
  checkTraining(sft, "sft ");
  requireOption(Number.isInteger(maxNewTokens) && maxNewTokens >= 1, "max new tokens", maxNewTokens, "a whole number from 1");
  requireOption(temperature >= 0 && temperature < Infinity, "temperature", temperature, "a number from 0");
  requireOption(Number.isInteger(topK) && topK >= 0, "top k", topK, "a whole number from 0");
  requireOption(topP > 0 && topP <= 1, "top p", topP, "a share above 0");
  requireOption(iterations === 1 || select + bootstrap > 0, "select and bootstrap", 0, "at least one above 0");
}
