import { checkTraining } from "../align/check-training.js";
import { lossNamed, type LossChoice, type LossSettings } from "../align/losses/index.js";
import { lossSettings } from "../align/losses/settings.js";
import { preference } from "../align/preference.js";
import { fromFlatTraining, type FlatTrainingOptions } from "../align/flat-training.js";
import type { Schedule } from "../align/schedule.js";
import type { TrainingOptions } from "../align/trainer.js";
import { requireOneOf, requireOption } from "../base/require-option.js";
import type { GenerationOptions } from "../model/generate.js";

/** Which model a policy is held to: that of iteration 0, or the one that the iteration begins from. */
export const references = ["start", "previous"] as const;
export type Reference = (typeof references)[number];

/** What every method is told. */
export interface MethodOptions extends LossSettings {
  /** The direct alignment loss by its name, or losses with their weights: `{ dpo: 0.8, nll: 0.2 }`. */
  readonly loss: LossChoice;
  /** T: how often the policy is trained. */
  readonly iterations: number;
  /** π_ref of the loss. Rewards and margins are always against the model of iteration 0. */
  readonly reference: Reference;
  /** The same seed, data and machine give the same bytes. */
  readonly seed: number;
  /** How each iteration trains. */
  readonly training: TrainingOptions;
  /** How the SFT start is trained, where it is. */
  readonly sft: TrainingOptions;
  /** How responses are sampled. */
  readonly generation: GenerationOptions;
}

/** What worked for small models, and DPO's customary β. */
export const defaultMethod = {
  loss: "dpo",
  beta: 0.1,
  iterations: 3,
  reference: "start",
  seed: 0,
  training: { batchSize: 32, epochs: 1, learningRate: 1e-4, schedule: "linear", warmup: 0.1, adamW: { weightDecay: 0 } },
  sft: { batchSize: 32, epochs: 3, learningRate: 1e-3, schedule: "cosine", warmup: 0.03, adamW: { weightDecay: 0.01 } },
  generation: { maxNewTokens: 128, temperature: 0.7, topK: 0, topP: 1 },
} as const satisfies MethodOptions;

/** What every method is told, laid flat, as a cell and a command line give it. */
export interface FlatMethodOptions extends Omit<MethodOptions, "training" | "sft" | "generation">, FlatTrainingOptions {
  /** Epochs of each iteration. */
  readonly epochs: number;
  /** Peak of the learning rate. */
  readonly learningRate: number;
  readonly schedule: Schedule;
  /** Share of the steps in which the learning rate goes up. */
  readonly warmup: number;
  /** Pairs of a step. */
  readonly batchSize: number;
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

const { training, generation, sft: _, ...course } = defaultMethod;
const { adamW, ...steps } = training;

/** {@link defaultMethod} laid flat. */
export const defaultFlatMethod: FlatMethodOptions = { ...course, ...steps, ...adamW, ...generation };

/** The options of a method from their flat form. */
export function methodOptions(flat: FlatMethodOptions, sft: TrainingOptions = defaultMethod.sft): MethodOptions {
  const { loss, beta, iterations, reference, seed } = flat;
  const { batchSize, epochs, learningRate, schedule, warmup, weightDecay } = flat;
  const { maxNewTokens, temperature, topK, topP } = flat;
  return {
    ...{ loss, beta, ...lossSettings(flat), iterations, reference, seed, sft },
    training: { batchSize, ...fromFlatTraining(flat), epochs, learningRate, schedule, warmup, adamW: { weightDecay } },
    generation: { maxNewTokens, temperature, topK, topP },
  };
}

/** @throws InputError where an option is outside its range */
export function checkMethodOptions(options: MethodOptions): void {
  const { iterations, reference, seed, training, sft } = options;
  const { maxNewTokens = 1, temperature = 1, topK = 0, topP = 1 } = options.generation;
  preference(lossNamed(options.loss, options)).check?.(training);
  requireOption(Number.isInteger(iterations) && iterations >= 1, "iterations", iterations, "a whole number from 1");
  requireOneOf("reference", reference, references);
  requireOption(Number.isSafeInteger(seed) && seed >= 0, "seed", seed, "a whole number from 0");
  checkTraining(training);
  checkTraining(sft, "sft ");
  requireOption(Number.isInteger(maxNewTokens) && maxNewTokens >= 1, "max new tokens", maxNewTokens, "a whole number from 1");
  requireOption(temperature >= 0 && temperature < Infinity, "temperature", temperature, "a number from 0");
  requireOption(Number.isInteger(topK) && topK >= 0, "top k", topK, "a whole number from 0");
  requireOption(topP > 0 && topP <= 1, "top p", topP, "a share above 0");
}
