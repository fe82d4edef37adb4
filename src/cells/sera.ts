import type { PreferencePair } from "../data/pair.js";
import { directMethod } from "../methods/direct.js";
import type { Policy } from "../model/policy/policy.js";
import {
  alignForm,
  checkNames,
  runSettingNames,
  seraForm,
  type AlignOptions as AlignMethodOptions,
  type SeraOptions,
} from "../run/options/index.js";
import { seraMethod } from "../sera.js";
import type { Run } from "./run.js";
import { separateSettings, train, type RunSettings } from "./train.js";

/** Options of {@link sera}: the method's, and the run's. */
export interface RunOptions extends Partial<SeraOptions>, RunSettings {}

/** Options of {@link align}: the method's, and the run's. */
export interface AlignOptions extends Partial<AlignMethodOptions>, RunSettings {}

/**
 * SeRA: trains a policy on preference pairs, lets it review them and generate new ones, and trains it again (arXiv
 * 2410.09362); see {@link SeraOptions} for the method's options and {@link train} for where the run is stored.
 *
 * @param policy start of iteration 1 and the reference; it is not modified
 * @example const run = await sera(start, pairs, { beta: 2, iterations: 3, heldOut });
 * @throws InputError if an option is unknown, outside its range or belongs to another method, or a pair does not fit
 *   the model's context; DivergenceError if training produces NaN or infinite values
 */
export async function sera(policy: Policy, pairs: readonly PreferencePair[], options: RunOptions = {}): Promise<Run> {
  checkNames(seraForm, Object.keys(options), runSettingNames);
  const { settings, own } = separateSettings(options);
  return train(policy, pairs, seraMethod(own), settings);
}

/**
 * Trains with a direct alignment algorithm alone: `epochs` of one loss on all pairs.
 *
 * @example const run = await align(start, pairs, { loss: "simpo", beta: 2, epochs: 3, heldOut });
 * @throws InputError and DivergenceError, as {@link sera} does
 */
export async function align(
  policy: Policy,
  pairs: readonly PreferencePair[],
  options: AlignOptions = {},
): Promise<Run> {
  checkNames(alignForm, Object.keys(options), runSettingNames);
  const { settings, own } = separateSettings(options);
  return train(policy, pairs, directMethod(own), settings);
}
