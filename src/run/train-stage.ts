import type { MemoryChoice } from "../align/memory-plan.js";
import type { ExampleSourceOf } from "../align/example-source.js";
import type { Objective } from "../align/objective.js";
import type { StepRecord, TrainingOptions } from "../align/trainer.js";
import type { Random } from "../base/random.js";
import { formatBytes } from "../base/byte-size.js";
import { notePlace, reported, type TaskOptions } from "../base/task.js";
import type { RunContext } from "./context.js";
import type { ExecutedTraining, ModelRef } from "./executor.js";
import { runLayout } from "./folder/layout.js";
import type { TrainingCache } from "./training-cache.js";

/** One training of a run. Its inputs are computed only if it is not done yet. */
export interface TrainStage<Example> {
  readonly kind: "sft" | "align";
  readonly iteration: number;
  readonly objective: Objective<Example>;
  readonly examples: () => Promise<readonly Example[]>;
  readonly validation: () => Promise<readonly Example[]>;
  readonly options: TrainingOptions;
  readonly random: Random;
  readonly from: () => Promise<ModelRef>;
  /**
   * The reference of the examples' log-probabilities, for a moving reference. Default: the model that training begins
   * from.
   */
  readonly reference?: () => Promise<ModelRef>;
  /** Generates examples during training from the given ones. Default: the given examples are used unchanged. */
  readonly source?: ExampleSourceOf<Example>;
  /** Trainings of other runs, and what identifies this one's models and objective there. Default: it is not looked up. */
  readonly shared?: { readonly trainings: TrainingCache; readonly identity: () => unknown };
}

/** Seconds between checkpoints; resuming gives the same bytes, so their number does not matter. */
const checkpointInterval = 60;

/**
 * Trains and stores the model of an iteration: logs each step to `metrics.jsonl`, and keeps a checkpoint from which an
 * interrupted training resumes with byte-identical results. If the signal aborts, a checkpoint is written first.
 */
export async function trainStage<Example>(context: RunContext, stage: TrainStage<Example>): Promise<void> {
  const { folder } = context;
  const { kind, iteration } = stage;
  const { model } = runLayout.iteration(iteration);
  if (!folder.isDone(model)) {
    const [examples, validation] = [await stage.examples(), await stage.validation()];
    const [from, reference] = [await stage.from(), await stage.reference?.()];
    const { objective, options, random, source, shared } = stage;
    const at = { phase: kind, iteration };
    const checkpoint = await folder.checkpoint(iteration);
    const label = kind === "sft" ? "sft" : context.label("align", iteration);
    const note = (text: string) => context.controls.reporter?.note?.(text);
    let digest: string | undefined;
    await context.timed(iteration, "training", async () => {
      const begin = performance.now();
      // Keep the earlier choice: another order of summation would change the bytes.
      const chosen = folder.memoryChoice(iteration);
      const sizes = chosen && { microBatchSize: chosen.microBatchSize, recompute: chosen.recompute };
      const task = {
        from,
        objective,
        examples,
        validation,
        options: { ...options, ...sizes },
        random,
        checkpoint,
        ...(reference && { reference }),
        ...(source && { source }),
      };
      let training = await context.executor.train(task);
      try {
        const { memory } = training;
        if (memory) {
          folder.keepMemoryChoice(iteration, memory);
          noteMemory(context, label, options, memory);
        }
        const done = checkpoint === undefined ? 0 : await stepsTaken(context, stage);
        if (done > 0) note(`resuming ${label} after step ${done} of ${training.total}`);
        digest = digestOf(stage, examples, validation, memory);
        const finished =
          digest !== undefined && done === 0 ? await shared?.trainings.finished(digest, at, training) : undefined;
        if (finished) {
          notePlace(context.controls.reporter, `${label}: copied from ${finished.run}, which has trained the same`);
          folder.addSeconds(iteration, "training", Math.max(0, finished.seconds - secondsSince(begin)));
          training = finished.training;
        }
        const work = (progress: TaskOptions) =>
          takeSteps(context, stage, training, finished ? reportingTheEnd(progress) : progress);
        await reported(label, "steps", context.controls, work, done);
        await training.save(folder.file(model));
        await folder.seal([model], [runLayout.metrics.path]);
      } finally {
        const { evaluationSeconds, samplingSeconds } = training;
        folder.addSeconds(iteration, "training", -evaluationSeconds - samplingSeconds);
        folder.addSeconds(iteration, "evaluation", evaluationSeconds);
        folder.addSeconds(iteration, "sampling", samplingSeconds);
        await training.end();
      }
    });
    if (digest !== undefined) await shared?.trainings.keep(digest, at, (text) => note(`${label}: ${text}`));
  }
  await folder.dropCheckpoint(iteration);
}

/** Returns the digest of a training by which other runs recognise it; undefined if it is not shared. */
function digestOf<Example>(
  { options, random, source, shared }: TrainStage<Example>,
  examples: readonly Example[],
  validation: readonly Example[],
  { microBatchSize, recompute }: Partial<MemoryChoice> = {},
): string | undefined {
  // What a source generates is not known before.
  if (!shared || source) return undefined;
  const memory = { microBatchSize, recompute };
  const inputs = { identity: shared.identity(), options, stream: random.name, memory };
  return shared.trainings.digest({ ...inputs, examples, validation });
}

/** Reports the last step only: copied steps say nothing about the rate of those to come. */
function reportingTheEnd({ onProgress, ...task }: TaskOptions): TaskOptions {
  return { ...task, onProgress: (done, total, figures) => done === total && onProgress?.(done, total, figures) };
}

const secondsSince = (begin: number) => (performance.now() - begin) / 1000;

/** Returns how many steps of a training were logged before its checkpoint. */
async function stepsTaken<Example>({ folder }: RunContext, { kind, iteration }: TrainStage<Example>): Promise<number> {
  const rows = await folder.readRowsIfPresent(runLayout.metrics);
  return rows.filter((row) => row.phase === kind && row.iteration === iteration).length;
}

async function takeSteps<Example>(
  { folder, controls }: RunContext,
  { kind, iteration }: TrainStage<Example>,
  training: ExecutedTraining,
  { signal, onProgress }: TaskOptions,
): Promise<void> {
  const { metrics } = runLayout;
  const keep = async () => {
    if (training.writeCheckpoint)
      await folder.keepCheckpoint(iteration, [metrics.path], (file) => training.writeCheckpoint!(file));
  };
  let kept = performance.now();
  try {
    for await (const record of training.steps(signal)) {
      await folder.append(metrics, { phase: kind, iteration, ...record });
      controls.onStep?.({ phase: kind, iteration, ...record });
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
  }
}

/** Notes the settings chosen to fit into memory, if they differ from the options. */
function noteMemory(
  { controls }: RunContext,
  label: string,
  { batchSize, microBatchSize = batchSize, recompute = false }: TrainingOptions,
  chosen: MemoryChoice,
): void {
  if (chosen.microBatchSize === microBatchSize && chosen.recompute === recompute) return;
  const again = chosen.recompute ? ", activations recomputed" : "";
  controls.reporter?.note?.(
    `${label}: micro-batches of ${chosen.microBatchSize}${again}, about ${formatBytes(chosen.programBytes)} (set memory, microBatchSize or recompute to change it)`,
  );
}

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
