import { flatTrainingNames } from "../align/flat-training.js";
import { optionalLossSettings } from "../align/losses/settings.js";
import { requireKnown } from "../base/require-option.js";
import type { PreferencePair } from "../data/pair.js";
import type { Policy } from "../model/policy.js";
import { seraMethod } from "../sera.js";
import { defaultFlatSera, seraOptions, type FlatSeraOptions } from "../sera-options.js";
import type { Run } from "./run.js";
import { train, type RunSettings } from "./train.js";

/** What a run is told; what is left out is as in {@link defaultFlatSera}. */
export interface RunOptions extends Partial<FlatSeraOptions>, Omit<RunSettings, "watch"> {}

const optional = ["heldOut", "judge", "truncatePrompts", "folder", "referenceCache", "perPrompt", ...flatTrainingNames, ...optionalLossSettings];

/**
 * SeRA: trains a policy on preference pairs, lets it review them and write new ones, and trains it
 * again (arXiv 2410.09362); see {@link FlatSeraOptions} for the options and {@link train} for where it is kept.
 *
 * @param policy what iteration 1 begins from and what stays the reference; it is not changed
 * @example const run = await sera(start, pairs, { beta: 2, iterations: 3, heldOut });
 * @throws InputError where an option is unknown or out of range, or a pair does not fit the model's
 *   context; DivergenceError where training leads to numbers that are none
 */
export async function sera(policy: Policy, pairs: readonly PreferencePair[], options: RunOptions = {}): Promise<Run> {
  requireKnown(options, [...Object.keys(defaultFlatSera), ...optional]);
  const { heldOut, judge, truncatePrompts, folder, referenceCache, ...flat } = options;
  const method = seraMethod(seraOptions({ ...defaultFlatSera, ...flat }));
  return train(policy, pairs, method, { heldOut, judge, truncatePrompts, folder, referenceCache });
}

/** A direct alignment algorithm alone, on all pairs: {@link sera} with one iteration. */
export function align(policy: Policy, pairs: readonly PreferencePair[], options: Omit<RunOptions, "iterations"> = {}): Promise<Run> {
  return sera(policy, pairs, { ...options, iterations: 1 });
}
