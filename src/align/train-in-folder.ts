import type { Random } from "../base/random.js";
import type { TaskOptions } from "../base/task.js";
import type { Parameters } from "../model/parameters.js";
import { Policy } from "../model/policy.js";
import { readSafetensors, writeSafetensors } from "../model/safetensors.js";
import type { Best } from "./best.js";
import type { Objective } from "./objective.js";
import type { RunFolder } from "./run-folder.js";
import { Trainer, type StepRecord, type TrainingOptions, type TrainerState } from "./trainer.js";

/** One training of a run. */
export interface Phase<Example> {
  readonly kind: "sft" | "align";
  readonly iteration: number;
  readonly objective: Objective<Example>;
  readonly examples: readonly Example[];
  readonly options: TrainingOptions;
  /** Held-out examples, for evaluations during training. */
  readonly heldOut?: readonly Example[];
  /** The reference that the examples' log-probabilities are of, for a reference that moves. Default: where the training begins. */
  readonly reference?: () => Promise<Policy>;
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
 * @returns the trained policy, which is the caller's to free; the checkpoint is left until {@link forgetCheckpoint}
 */
export async function trainInFolder<Example>(
  folder: RunFolder,
  phase: Phase<Example>,
  random: Random,
  { signal, onProgress }: TaskOptions = {},
): Promise<Policy> {
  const file = checkpointFile(phase.iteration);
  const from = (await folder.has(file)) ? await readCheckpoint(folder.file(file)) : undefined;
  const policy = await phase.start();
  try {
    if (from) await policy.replace(from.parameters);
    await trainPolicy(folder, phase, policy, from?.position, random, { signal, onProgress });
    return policy;
  } catch (error) {
    await policy.free();
    throw error;
  }
}

async function trainPolicy<Example>(
  folder: RunFolder,
  phase: Phase<Example>,
  policy: Policy,
  from: TrainerState | undefined,
  random: Random,
  { signal, onProgress }: TaskOptions,
): Promise<void> {
  const { kind, iteration, objective, examples, options, heldOut } = phase;
  const isLater = (row: LoggedStep) => row.phase === kind && row.iteration === iteration && row.step > (from?.step ?? 0);
  await folder.repairRows<LoggedStep>("metrics.jsonl", (row) => !isLater(row));

  const referenceParameters = from ? undefined : await movingReference(phase);
  const training = await Trainer.begin(policy, objective, examples, options, random, { from, heldOut, referenceParameters });
  const keep = async () => writeCheckpoint(folder.file(checkpointFile(iteration)), policy, await training.position());
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

/** The parameters of the reference that a training lets move. */
async function movingReference<Example>({ options: { referenceUpdate = "fixed" }, reference }: Phase<Example>): Promise<Parameters | undefined> {
  if (referenceUpdate === "fixed" || !reference) return undefined;
  const policy = await reference();
  try {
    return await policy.parameters();
  } finally {
    await policy.free();
  }
}

/** Sets of parameters beside the policy's own, by what their names in a checkpoint begin with. */
const others = ["ema/", "reference/", "best/"] as const;

/** Parameters, moments and position in one file, so that they are written together or not at all. */
async function writeCheckpoint(file: string, policy: Policy, position: TrainerState): Promise<void> {
  const { step, tokens, moments, ema, reference, best, pendingRecord } = position;
  const named = (prefix: string, parameters: Parameters = new Map()) =>
    [...parameters].map(([name, values]) => [`${prefix}${name}`, values] as const);
  const sets = [ema, reference, best?.parameters].flatMap((parameters, i) => named(others[i]!, parameters));
  const tensors = [...(await policy.parameters()), ...(moments as Parameters), ...sets];
  await writeSafetensors(file, tensors, {
    step: `${step}`,
    tokens: `${tokens}`,
    ...(best && { best: JSON.stringify({ value: best.value, step: best.step, since: best.since }) }),
    ...(pendingRecord && { pendingRecord: JSON.stringify(pendingRecord) }),
  });
}

async function readCheckpoint(file: string) {
  const { tensors, metadata } = await readSafetensors(file);
  const isKept = (name: string) => name.startsWith("adam.") || name.startsWith("loss.");
  const isOther = (name: string) => others.some((prefix) => name.startsWith(prefix));
  const [ema, reference, best] = others.map((prefix) => {
    const own = [...tensors].filter(([name]) => name.startsWith(prefix));
    return own.length === 0 ? undefined : new Map(own.map(([name, values]) => [name.slice(prefix.length), values]));
  });
  const position: TrainerState = {
    step: Number(metadata.step),
    tokens: Number(metadata.tokens),
    moments: new Map([...tensors].filter(([name]) => isKept(name))),
    ema,
    reference,
    best: best && { ...(JSON.parse(metadata.best!) as Pick<Best, "value" | "step" | "since">), parameters: best },
    pendingRecord: metadata.pendingRecord === undefined ? undefined : (JSON.parse(metadata.pendingRecord) as StepRecord),
  };
  return { position, parameters: new Map([...tensors].filter(([name]) => !isKept(name) && !isOther(name))) };
}
