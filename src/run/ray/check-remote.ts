import type { Objective } from "../../align/objective.js";
import type { TrainingOptions } from "../../align/trainer.js";
import { InputError } from "../../base/errors.js";
import type { TokenizedPair } from "../../data/tokenize.js";
import type { ModelConfig } from "../../model/config.js";
import type { ResolvedRaySettings } from "./settings.js";
import { trlLossOf } from "./trl-loss.js";

/** File name of an adapter's weights in PEFT. */
export const adapterWeights = "adapter_model.safetensors";

/** Training options that TRL's trainer does not support, and what happens instead. */
const unsupported: { readonly [Name in keyof TrainingOptions]?: string } = {
  evaluateEvery: "each iteration is evaluated when it has been trained",
  keepBestBy: "the last step's parameters are kept",
  patience: "a training goes through all its steps",
  emaDecay: "no average of the parameters is kept",
  referenceUpdate: "the reference stays as it is",
};

/** Names of pair columns that losses read; TRL's losses read none. */
const columns = ["weight", "labelSmoothing", "target", "targetMargin"];

/**
 * Refuses unsupported training on a cluster before any work starts.
 *
 * @throws InputError naming the loss or the option, and an alternative
 */
export function checkRemoteTraining(
  objective: Pick<Objective<unknown>, "name" | "needsWholeStep">,
  options: TrainingOptions,
  { adapter }: ModelConfig,
  { workers }: ResolvedRaySettings,
): void {
  trlLossOf(objective);
  for (const [name, instead] of Object.entries(unsupported)) {
    if (options[name as keyof TrainingOptions] !== undefined)
      throw new InputError(`${name}: not there on a cluster, where ${instead}; leave it out, or train on this machine`);
  }
  if (adapter?.dropout)
    throw new InputError(
      `lora: found dropout ${adapter.dropout}, expected 0 on a cluster, whose trainer has none; leave it out, or train on this machine`,
    );
  const { batchSize, microBatchSize = batchSize / workers } = options;
  const share = workers * microBatchSize;
  if (!Number.isInteger(batchSize / share) || !Number.isInteger(microBatchSize)) {
    throw new InputError(
      `batchSize: found ${batchSize} for ${workers} workers${options.microBatchSize === undefined ? "" : ` and a microBatchSize of ${microBatchSize}`}, expected a multiple of ${options.microBatchSize === undefined ? workers : share}, so that each worker has as many pairs`,
    );
  }
  if (objective.needsWholeStep && share !== batchSize)
    throw new InputError(
      `microBatchSize: the loss ${objective.name} compares all pairs of a step, which one worker then has to hold; leave it out`,
    );
  if (objective.needsWholeStep && workers > 1)
    throw new InputError(
      `workers: the loss ${objective.name} compares all pairs of a step, so that one worker has to hold them; found ${workers}, expected 1`,
    );
}

/** Returns the error for a method that generates pairs during training. */
export function pairsAreDrawn(method = "this method"): InputError {
  return new InputError(`${method} makes pairs while it trains, which TRL's trainer does not; train on this machine`);
}

/** @throws InputError if a pair has columns that TRL's losses do not read */
export function refuseColumns(
  pairs: readonly (Pick<TokenizedPair, "columns"> & { readonly tokens?: unknown })[],
): void {
  pairs.forEach((pair, i) => {
    if (pair.tokens !== undefined)
      throw new InputError(
        `pair ${i + 1}: it has columns of tokens, which TRL's losses do not read; train on this machine`,
      );
    const name = columns.find((column) => pair.columns?.[column] !== undefined);
    if (name !== undefined)
      throw new InputError(
        `pair ${i + 1}: the column ${JSON.stringify(name)} is not read by TRL's losses; remove it, or train on this machine`,
      );
  });
}
