import { requireOption } from "../base/require-option.js";
import type { TrainingOptions } from "./training.js";

/**
 * Checks how a training is to go, before hours are spent on what comes first.
 *
 * @param kind which training, as the messages name it: `sft `, or nothing
 * @throws InputError where a number is outside its range
 */
export function checkTraining({ learningRate, warmup = 0, adamW = {} }: TrainingOptions, kind = ""): void {
  const { weightDecay = 0 } = adamW;
  requireOption(learningRate > 0 && learningRate < Infinity, `${kind}learning rate`, learningRate, "a number above 0");
  requireOption(warmup >= 0 && warmup <= 1, `${kind}warmup`, warmup, "a share in [0, 1]");
  requireOption(weightDecay >= 0 && weightDecay < Infinity, `${kind}weight decay`, weightDecay, "a number from 0");
}
