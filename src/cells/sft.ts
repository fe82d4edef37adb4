import { InputError } from "../base/errors.js";
import type { Demonstration } from "../data/load-demonstrations.js";
import { sftOnDemonstrations, type DemonstrationOptions } from "../methods/sft-on-demonstrations.js";
import type { Policy } from "../model/policy/policy.js";
import { checkNames, sftForm } from "../run/options/index.js";
import type { Run } from "./run.js";
import { separateSettings, train, type RunSettings } from "./train.js";

/** The run settings that {@link sft} accepts. */
const settingNames = [
  "truncatePrompts",
  "maxLength",
  "maxPromptLength",
  "folder",
  "redoFrom",
  "onStep",
  "track",
  "signal",
  "quiet",
] as const satisfies readonly (keyof RunSettings)[];

/** Options of {@link sft}: training, and where the run is stored. */
export interface SftRunOptions extends DemonstrationOptions, Pick<RunSettings, (typeof settingNames)[number]> {}

/**
 * Fine-tunes a model on demonstrations, as a start for other methods. The trained model is the run's iteration 0.
 *
 * @param policy the model to start from; it is not modified
 * @example const run = await sft(await loadModel("world"), demonstrations, { sftEpochs: 8, sftLearningRate: 2e-3 });
 * const start = await run.policy();
 * @throws InputError if an option is unknown, outside its range or belongs to another method, or a demonstration does
 *   not fit the model's context; DivergenceError if training produces NaN or infinite values
 */
export async function sft(
  policy: Policy,
  demonstrations: readonly Demonstration[],
  options: SftRunOptions = {},
): Promise<Run> {
  checkNames(sftForm, Object.keys(options), settingNames);
  const { settings, own } = separateSettings(options);
  if (demonstrations === undefined)
    throw new InputError("demonstrations: found nothing, expected a list of demonstrations {id, prompt, response}");
  return train(policy, [], sftOnDemonstrations(own), { ...settings, demonstrations });
}
