import { z } from "zod";
import { bestMetrics, type BestMetric } from "../../align/best.js";
import type { MemoryChoice } from "../../align/memory-plan.js";
import type { BootstrapCounts, BootstrappedRow, LabelledSample, Sample } from "../../bootstrap/index.js";
import type { PairRow } from "../../data/pair-row.js";
import type { ContextFit } from "../../data/tokenize.js";
import type { Reviewed } from "../../review/index.js";
import type { JudgedResponse, PairLogProbsRow } from "../evaluation.js";
import type { RecordedCommand } from "../input.js";
import type { LoggedStep } from "../logged-step.js";
import type { Evaluation, IterationSummary, RunSummary, TrainedOn } from "../summary.js";

/** JSON has no NaN or infinity; such figures are written as null. */
const figure = z.number().nullable();
const count = z.int().nonnegative();

/** Checked in one pass: a list of ids has as many entries as a file has tokens. */
const tokenIds = z.custom<readonly number[]>(
  (value) => Array.isArray(value) && value.every((id) => Number.isSafeInteger(id) && id >= 0),
  "token ids",
);

export const pairRow: z.ZodType<PairRow> = z.object({
  id: z.string(),
  prompt: tokenIds,
  chosen: tokenIds,
  rejected: tokenIds,
  chosenScore: z.number().exactOptional(),
  rejectedScore: z.number().exactOptional(),
  flipped: z.boolean().exactOptional(),
  columns: z.record(z.string(), z.number()).exactOptional(),
});

export const promptRow = z.object({ id: z.string(), prompt: tokenIds });

export const demonstrationRow = z.object({ id: z.string(), prompt: tokenIds, response: tokenIds });

export const pairLogProbsRow: z.ZodType<PairLogProbsRow> = z.object({
  id: z.string(),
  chosen: z.number(),
  rejected: z.number(),
});

export const loggedStep: z.ZodType<LoggedStep> = z
  .object({ phase: z.enum(["sft", "align"]), iteration: count, step: z.int().positive() })
  .catchall(z.union([z.number(), z.string(), z.null()]));

export const reviewedRow: z.ZodType<Reviewed> = z.object({
  id: z.string(),
  prompt: z.string(),
  chosenReward: z.number(),
  rejectedReward: z.number(),
  margin: z.number(),
  previousMargin: z.number(),
  ensemble: z.number(),
  chosenLength: count,
  rejectedLength: count,
  chosenScore: z.number().exactOptional(),
  rejectedScore: z.number().exactOptional(),
  flipped: z.boolean().exactOptional(),
  kept: z.boolean(),
});

const sample = {
  ...{ id: z.string(), number: z.int(), tokens: tokenIds, complete: z.boolean() },
  ...{ logProb: z.number().exactOptional(), writer: count.exactOptional() },
};

export const sampleBatch: z.ZodType<Sample[]> = z.array(z.object(sample));

export const sampleRow: z.ZodType<Sample> = z.object(sample);

export const labelledSampleRow: z.ZodType<LabelledSample> = z.object({
  ...sample,
  reference: z.number().exactOptional(),
  reward: z.number(),
});

export const labels = z.object({ labelledBy: z.string(), graded: count.exactOptional() });

export const bootstrappedRow: z.ZodType<BootstrappedRow> = z.object({
  id: z.string(),
  prompt: z.string(),
  chosen: z.string(),
  rejected: z.string(),
  chosenReward: z.number().exactOptional(),
  rejectedReward: z.number().exactOptional(),
  margin: z.number().exactOptional(),
  tokens: z.object({ tokenizer: z.string(), prompt: tokenIds, chosen: tokenIds, rejected: tokenIds }).exactOptional(),
});

export const judgedResponse: z.ZodType<JudgedResponse> = z.object({
  id: z.string(),
  response: z.string(),
  gold: z.number(),
});

const interval = z.tuple([z.number(), z.number()]);

const evaluated = {
  accuracy: figure,
  meanMargin: figure,
  goldReward: z.number().exactOptional(),
  goldRewardInterval: interval.exactOptional(),
  winRate: z.number().exactOptional(),
  winRateInterval: interval.exactOptional(),
};

export const evaluation: z.ZodType<Evaluation> = z.object(evaluated);

const metrics = z.record(z.string(), figure);

export const recordedCommand: z.ZodType<RecordedCommand> = z.object({
  command: z.array(z.string()),
  directory: z.string(),
});

export const contextFit: z.ZodType<ContextFit> = z.object({
  maxLength: z.number().exactOptional(),
  maxPromptLength: z.number().exactOptional(),
  truncatePrompts: z.boolean().exactOptional(),
});

/** Metrics of the user's own evaluation, with the name, version and source text that identify it. */
export const userMetrics = z.object({ identity: z.string(), metrics });

const bootstrapCounts: z.ZodType<BootstrapCounts> = z.object({
  prompts: count,
  samples: count,
  empty: count,
  incomplete: count,
  identical: count,
  ties: count,
  formed: count,
  kept: count,
});

/** What an iteration was trained on. */
export const trainedOn: z.ZodType<TrainedOn> = z.object({
  pairsSelected: count,
  pairsBootstrapped: count,
  bootstrap: bootstrapCounts.nullable(),
});

/** How a training was fitted into memory. */
export const memoryChoice: z.ZodType<MemoryChoice> = z.object({
  microBatchSize: z.int(),
  recompute: z.boolean(),
  programBytes: z.int(),
});

const seconds = z.number().nonnegative();

const iterationSummary: z.ZodType<IterationSummary> = z.object({
  iteration: count,
  pairsSelected: count.nullable(),
  pairsBootstrapped: count.nullable(),
  pairsSeen: count,
  bootstrap: bootstrapCounts.nullable(),
  ...evaluated,
  metrics: metrics.exactOptional(),
  memory: memoryChoice.exactOptional(),
  kept: z
    .object({ step: z.int().positive(), metric: z.enum(Object.keys(bestMetrics) as BestMetric[]), value: z.number() })
    .exactOptional(),
  seconds: z.object({ training: seconds, scoring: seconds, sampling: seconds, evaluation: seconds }),
});

export const runSummary: z.ZodType<RunSummary> = z.object({
  method: z.string(),
  loss: z.string(),
  labelledBy: z.string().nullable(),
  graded: count.exactOptional(),
  seed: count,
  iterations: z.array(iterationSummary),
  evaluate: z.string().exactOptional(),
});
