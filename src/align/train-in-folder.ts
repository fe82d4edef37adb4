import type { Random } from "../base/random.js";
import type { Work } from "../base/work.js";
import type { Tensor } from "../graph/tensor.js";
import { Policy } from "../model/policy.js";
import { readSafetensors, writeSafetensors } from "../model/safetensors.js";
import type { Objective } from "./objective.js";
import type { RunFolder } from "./run-folder.js";
import { Training, type StepRecord, type TrainingOptions, type TrainingPosition } from "./training.js";

/** One training of a run. */
export interface Phase<Example> {
  readonly kind: "sft" | "align";
  readonly iteration: number;
  readonly objective: Objective<Example>;
  readonly examples: readonly Example[];
  readonly options: TrainingOptions;
  /** The policy that the training begins from; it is changed in place. */
  readonly start: () => Promise<Policy>;
}

/** A line of `metrics.jsonl`. */
export interface LoggedStep {
  readonly phase: "sft" | "align";
  readonly iteration: number;
  readonly step: number;
  readonly [metric: string]: number | string;
}

/** Seconds between checkpoints; going on from one gives the same bytes, so how many there are does not matter. */
const checkpointInterval = 60;

/**
 * Trains as part of a run: logs each step to `metrics.jsonl` and keeps a checkpoint, from which an
 * interrupted training goes on to the same bytes. When the signal asks to stop, a checkpoint is
 * written first.
 *
 * @returns the trained policy; the checkpoint is left until {@link forgetCheckpoint}
 */
export async function trainInFolder<Example>(
  folder: RunFolder,
  phase: Phase<Example>,
  random: Random,
  { signal, onProgress }: Work = {},
): Promise<Policy> {
  const { kind, iteration, objective, examples, options } = phase;
  const file = checkpointFile(iteration);
  const from = (await folder.has(file)) ? await readCheckpoint(folder.file(file)) : undefined;
  const policy = await phase.start();
  if (from) await policy.replace(from.parameters);
  const isLater = (row: LoggedStep) => row.phase === kind && row.iteration === iteration && row.step > (from?.position.step ?? 0);
  await folder.repairRows<LoggedStep>("metrics.jsonl", (row) => !isLater(row));

  const training = await Training.begin(policy, objective, examples, options, random, from?.position);
  const keep = async () => writeCheckpoint(folder.file(file), policy, await training.position());
  try {
    let kept = performance.now();
    for await (const record of training.steps(signal)) {
      await folder.append("metrics.jsonl", { phase: kind, iteration, ...record } satisfies LoggedStep);
      onProgress?.(record.step, training.total, figures(record));
      if (performance.now() - kept > checkpointInterval * 1000) {
        await keep();
        kept = performance.now();
      }
    }
    signal?.throwIfAborted();
    return policy;
  } catch (error) {
    if (signal?.aborted) await keep();
    throw error;
  } finally {
    await training.end();
  }
}

/** Removes an iteration's checkpoint, when its trained model has been saved. */
export async function forgetCheckpoint(folder: RunFolder, iteration: number): Promise<void> {
  await folder.remove(checkpointFile(iteration));
}

const checkpointFile = (iteration: number) => `iteration-${iteration}/checkpoint.safetensors`;

function figures(record: StepRecord) {
  const margin = record["rewards/margins"];
  const accuracy = record["rewards/accuracies"];
  return {
    loss: record.loss,
    tokens: record.num_tokens,
    ...(margin !== undefined && { margin }),
    ...(accuracy !== undefined && { accuracy }),
  };
}

/** Parameters, moments and position in one file, so that they are written together or not at all. */
async function writeCheckpoint(file: string, policy: Policy, { step, tokens, moments }: TrainingPosition): Promise<void> {
  const tensors = [...(await policy.parameters()), ...(moments as ReadonlyMap<string, Tensor<"float32">>)];
  await writeSafetensors(file, tensors, { step: `${step}`, tokens: `${tokens}` });
}

async function readCheckpoint(file: string) {
  const { tensors, metadata } = await readSafetensors(file);
  const isKept = (name: string) => name.startsWith("adam.") || name.startsWith("loss.");
  const position: TrainingPosition = {
    step: Number(metadata.step),
    tokens: Number(metadata.tokens),
    moments: new Map([...tensors].filter(([name]) => isKept(name))),
  };
  return { position, parameters: new Map([...tensors].filter(([name]) => !isKept(name))) };
}
