import { chunk, groupBy, largestBy } from "../../base/collections.js";
import type { TaskOptions } from "../../base/task.js";
import type { Program } from "../../engine/engine.js";
import { programBytes } from "../../engine/program-bytes.js";
import { Graph, type Value } from "../../graph/index.js";
import type { ModelConfig } from "../config.js";
import { memoryError, programMemory, withMargin } from "../../engine/memory-budget.js";
import { parameterBytes } from "../parameters/memory.js";
import { stateWeights } from "../parameters/network.js";
import type { Policy } from "../policy/policy.js";
import { exactShape, fittingBoth, layOut, roundUp, rowLength, type Row, type TokenSequence } from "./batch.js";
import { batchCost, type BatchCost } from "./batch-cost.js";
import { batchLeaves, sumByResponse, weightedTokenLogProbs, type BatchLeaves, type BatchShape } from "./log-probs.js";

/** Tokens of a scoring batch, padding included: enough to keep the cores busy with little memory. */
const tokensPerBatch = 4096;

/** Smallest batch, in tokens, when memory is scarce. */
const leastTokens = 256;

/**
 * Logits per batch, 512 MiB, which the head computes in pieces: with a large vocabulary, the response tokens dominate
 * time and memory.
 */
const logitsPerBatch = 2 ** 27;

/**
 * Returns log π(y | x) of each sequence: the sum of its response tokens' log-probabilities, in nats. Sequences of
 * similar length are batched, and those with the same prompt share a row if that is cheaper; neither changes a result
 * beyond float noise.
 *
 * @param sharePrompts whether sequences may share rows. Default true
 * @returns in the order of `sequences`
 */
export async function responseLogProbs(
  policy: Policy,
  sequences: readonly TokenSequence[],
  task: TaskOptions = {},
  sharePrompts = true,
): Promise<Float64Array> {
  const results = new Float64Array(sequences.length);
  await scored(policy, sequences, task, sharePrompts, rowLogProbs, (i, logProb) => (results[i] = logProb));
  return results;
}

/**
 * Returns log π(y_t | x, y_<t) of every response token of each sequence, in nats, in the order of `sequences`: the
 * terms of {@link responseLogProbs}.
 */
export async function responseTokenLogProbs(
  policy: Policy,
  sequences: readonly TokenSequence[],
  task: TaskOptions = {},
  sharePrompts = true,
): Promise<Float32Array[]> {
  const results = new Array<Float32Array>(sequences.length);
  await scored(policy, sequences, task, sharePrompts, rowTokenLogProbs, (i, logProbs) => (results[i] = logProbs));
  return results;
}

/** Scores sequences in batches and passes each result to `put`. */
export async function scored<T>(
  policy: Policy,
  sequences: readonly TokenSequence[],
  { signal, onProgress, onNote }: TaskOptions,
  sharePrompts: boolean,
  score: (policy: Policy, rows: readonly Row[], shape: BatchShape) => Promise<ArrayLike<T>>,
  put: (sequence: number, found: T) => void,
): Promise<void> {
  let done = 0;
  const { batches, most } = planScoringWithin(policy.programs.memory, policy.config, sequences, sharePrompts);
  if (most < tokensPerBatch)
    onNote?.(
      `batches of up to ${most} tokens instead of ${tokensPerBatch}, to fit into memory (set memory to change it)`,
    );
  for (const { rows, shape } of batches) {
    signal?.throwIfAborted();
    const found = await score(
      policy,
      rows.map((row) => row.map((i) => sequences[i]!)),
      shape,
    );
    const indices = rows.flat();
    indices.forEach((i, response) => put(i, found[response]!));
    onProgress?.((done += indices.length), sequences.length);
  }
}

/**
 * log π(y | x) of each response in some rows, in order.
 *
 * @param shape of a program that fits the rows
 */
export async function rowLogProbs(policy: Policy, rows: readonly Row[], shape: BatchShape): Promise<Float64Array> {
  const logProbs = await scoreRows(policy, rows, shape, "score", sumByResponse);
  return Float64Array.from(logProbs).subarray(0, rows.flat().length);
}

/**
 * log π(y_t | x, y_<t) of each token of each response in some rows, in order.
 *
 * @param shape of a program that fits the rows
 */
export async function rowTokenLogProbs(
  policy: Policy,
  rows: readonly Row[],
  shape: BatchShape,
): Promise<Float32Array[]> {
  const logProbs = await scoreRows(policy, rows, shape, "score tokens", (perToken) => perToken);
  let at = 0;
  return rows.flat().map(({ response }) => logProbs.slice(at, (at += response.length)));
}

/** @param kind identifies what `result` computes from the tokens' log-probabilities */
async function scoreRows(
  { config, programs, tokenizer, states }: Policy,
  rows: readonly Row[],
  shape: BatchShape,
  kind: string,
  result: (perToken: Value, leaves: BatchLeaves) => Value,
): Promise<Float32Array> {
  const executable = await programs.get(`${kind} ${JSON.stringify([config, shape])}`, () =>
    scoringProgram(config, shape, result),
  );
  const { logProbs } = await executable.run({ ...layOut(rows, shape, tokenizer.padId) }, states);
  return logProbs!.data as Float32Array;
}

function scoringProgram(
  config: ModelConfig,
  shape: BatchShape,
  result: (perToken: Value, leaves: BatchLeaves) => Value,
): Program {
  const graph = new Graph();
  const leaves = batchLeaves(graph, shape);
  const perToken = weightedTokenLogProbs(config, stateWeights(graph, config), leaves);
  return { outputs: { logProbs: result(perToken, leaves) }, updates: new Map() };
}

/** Sequences scored together: the indices of the sequences in each row. */
export interface ScoringBatch {
  readonly rows: readonly (readonly number[])[];
  readonly shape: BatchShape;
}

/**
 * Plans batches that fit into memory, with fewer tokens than usual if it is scarce. The result's `most` is the number
 * of tokens per batch.
 *
 * @param memory bytes for the model, a second model and the programs
 * @throws InputError if not even one sequence fits
 */
function planScoringWithin(
  memory: number,
  config: ModelConfig,
  sequences: readonly TokenSequence[],
  sharePrompts: boolean,
) {
  // An adapter's base is shared, so it counts once.
  const state = (config.adapter ? 1 : 2) * parameterBytes(config);
  const room = programMemory(memory, state);
  for (let most = tokensPerBatch; ; most /= 2) {
    const batches = planScoring(config, sequences, sharePrompts, most);
    const largest = largestBy(
      batches.map(({ shape }) => shape),
      tokensOf,
    );
    const bytes = largest ? withMargin(programBytes(scoringProgram(config, largest, sumByResponse))) : 0;
    if (bytes <= room) return { batches, most };
    if (most > leastTokens) continue;
    throw memoryError({
      ...{ memory, state, holders: config.adapter ? " and the model" : " and two models" },
      ...{ work: `scoring ${tokensOf(largest!)} tokens takes`, least: bytes, advice: ["cut the texts"] },
    });
  }
}

const tokensOf = ({ rows, length }: BatchShape) => rows * length;

/**
 * Plans batches of rows of similar length; batches of one length share a shape that fits all of them.
 *
 * @param most tokens of a batch of several rows, padding included
 */
export function planScoring(
  config: ModelConfig,
  sequences: readonly TokenSequence[],
  sharePrompts = true,
  most = tokensPerBatch,
): ScoringBatch[] {
  const cost = batchCost(config);
  const mostCompletions = Math.floor(logitsPerBatch / config.vocabSize);
  const inBatches = (rows: readonly number[][]) => batchesOf(sequences, rows, most, mostCompletions);
  const alone = inBatches([...sequences.keys()].map((i) => [i]));
  if (!sharePrompts) return alone;
  const shared = inBatches(sharedRows(sequences, cost, most));
  const costOf = (batches: readonly ScoringBatch[]) => batches.reduce((sum, { shape }) => sum + cost(shape), 0);
  return costOf(shared) < costOf(alone) ? shared : alone;
}

function batchesOf(
  sequences: readonly TokenSequence[],
  all: readonly number[][],
  most: number,
  mostCompletions: number,
): ScoringBatch[] {
  const row = (indices: readonly number[]) => indices.map((i) => sequences[i]!);
  const byLength = groupBy(all, (indices) => `${indices.length > 1} ${roundUp(rowLength(row(indices)))}`);
  return [...byLength.values()].flatMap((members) => {
    const bucket = roundUp(rowLength(row(members[0]!)));
    const completions = Math.max(
      ...members.map((indices) => row(indices).reduce((count, { response }) => count + response.length, 0)),
    );
    const fitting = Math.floor(Math.min(most / bucket, mostCompletions / Math.max(1, completions)));
    const batches = chunk(members, Math.max(1, Math.min(members.length, fitting)));
    const shape = batches.map((rows) => exactShape(rows.map(row))).reduce(fittingBoth);
    return batches.map((rows) => ({ rows, shape }));
  });
}

/**
 * Assigns sequence indices to rows: a sequence joins others with its prompt as long as that costs less than its own
 * row. No row becomes longer than a batch, because attention memory grows with the square of its length.
 */
function sharedRows(sequences: readonly TokenSequence[], cost: BatchCost, most: number): number[][] {
  const costOf = (length: number) => cost({ rows: 1, length });
  return [...groupBy(sequences.keys(), (i) => sequences[i]!.prompt.join()).values()].flatMap((members) => {
    const rows: number[][] = [];
    let length = Infinity;
    for (const i of members) {
      const { prompt, response } = sequences[i]!;
      const alone = prompt.length + response.length;
      const joined = length + response.length;
      if (joined <= most && costOf(joined) - costOf(length) < costOf(alone)) {
        rows.at(-1)!.push(i);
        length = joined;
      } else {
        rows.push([i]);
        length = alone;
      }
    }
    return rows;
  });
}
