import { chunk, groupBy } from "../../base/collections.js";
import type { TaskOptions } from "../../base/task.js";
import { Graph, type Value } from "../../graph/index.js";
import type { ModelConfig } from "../config.js";
import { stateWeights } from "../parameters/network.js";
import type { Policy } from "../policy/policy.js";
import { exactShape, fittingBoth, layOut, roundUp, rowLength, type Row, type TokenSequence } from "./batch.js";
import { batchCost, type BatchCost } from "./batch-cost.js";
import { batchLeaves, sumByResponse, weightedTokenLogProbs, type BatchLeaves, type BatchShape } from "./log-probs.js";

/** Tokens of a scoring batch, padding included: enough to keep the cores busy, little memory. */
const tokensPerBatch = 4096;

/**
 * log π(y | x) of each sequence: the sum of its response tokens' log-probabilities, in nats.
 * Sequences of like length are batched, and those of one prompt share a row where that is cheaper;
 * neither changes a result beyond float noise.
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
 * log π(y_t | x, y_<t) of every response token of each sequence, in nats, in the order of `sequences`; what
 * {@link responseLogProbs} sums.
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

/** Scores sequences in batches, and puts down what is found of each. */
async function scored<T>(
  policy: Policy,
  sequences: readonly TokenSequence[],
  { signal, onProgress }: TaskOptions,
  sharePrompts: boolean,
  score: (policy: Policy, rows: readonly Row[], shape: BatchShape) => Promise<ArrayLike<T>>,
  put: (sequence: number, found: T) => void,
): Promise<void> {
  let done = 0;
  for (const { rows, shape } of planScoring(policy.config, sequences, sharePrompts)) {
    signal?.throwIfAborted();
    const found = await score(policy, rows.map((row) => row.map((i) => sequences[i]!)), shape);
    const indices = rows.flat();
    indices.forEach((i, response) => put(i, found[response]!));
    onProgress?.((done += indices.length), sequences.length);
  }
}

/**
 * log π(y | x) of each response of some rows, in order.
 *
 * @param shape of a program that the rows fit
 */
export async function rowLogProbs(policy: Policy, rows: readonly Row[], shape: BatchShape): Promise<Float64Array> {
  const logProbs = await scoreRows(policy, rows, shape, "score", sumByResponse);
  return Float64Array.from(logProbs).subarray(0, rows.flat().length);
}

/**
 * log π(y_t | x, y_<t) of each token of each response of some rows, in order.
 *
 * @param shape of a program that the rows fit
 */
export async function rowTokenLogProbs(policy: Policy, rows: readonly Row[], shape: BatchShape): Promise<Float32Array[]> {
  const logProbs = await scoreRows(policy, rows, shape, "score tokens", (perToken) => perToken);
  let at = 0;
  return rows.flat().map(({ response }) => logProbs.slice(at, (at += response.length)));
}

/** @param kind names what `result` makes of the tokens' log-probabilities */
async function scoreRows(
  { config, programs, tokenizer, states }: Policy,
  rows: readonly Row[],
  shape: BatchShape,
  kind: string,
  result: (perToken: Value, leaves: BatchLeaves) => Value,
): Promise<Float32Array> {
  const executable = await programs.get(`${kind} ${JSON.stringify([config, shape])}`, () => {
    const graph = new Graph();
    const leaves = batchLeaves(graph, shape);
    const perToken = weightedTokenLogProbs(config, stateWeights(graph, config), leaves);
    return { outputs: { logProbs: result(perToken, leaves) }, updates: new Map() };
  });
  const { logProbs } = await executable.run({ ...layOut(rows, shape, tokenizer.padId) }, states);
  return logProbs!.data as Float32Array;
}

/** Sequences that are scored together: the indices of those in each row. */
export interface ScoringBatch {
  readonly rows: readonly (readonly number[])[];
  readonly shape: BatchShape;
}

/** Batches of rows of like length; those of one length share a shape, which fits all of them. */
export function planScoring(config: ModelConfig, sequences: readonly TokenSequence[], sharePrompts = true): ScoringBatch[] {
  const cost = batchCost(config);
  const alone = inBatches(sequences, [...sequences.keys()].map((i) => [i]));
  if (!sharePrompts) return alone;
  const shared = inBatches(sequences, sharedRows(sequences, cost));
  const costOf = (batches: readonly ScoringBatch[]) => batches.reduce((sum, { shape }) => sum + cost(shape), 0);
  return costOf(shared) < costOf(alone) ? shared : alone;
}

function inBatches(sequences: readonly TokenSequence[], all: readonly number[][]): ScoringBatch[] {
  const row = (indices: readonly number[]) => indices.map((i) => sequences[i]!);
  const byLength = groupBy(all, (indices) => `${indices.length > 1} ${roundUp(rowLength(row(indices)))}`);
  return [...byLength.values()].flatMap((members) => {
    const bucket = roundUp(rowLength(row(members[0]!)));
    const batches = chunk(members, Math.max(1, Math.min(members.length, Math.floor(tokensPerBatch / bucket))));
    const shape = batches.map((rows) => exactShape(rows.map(row))).reduce(fittingBoth);
    return batches.map((rows) => ({ rows, shape }));
  });
}

/**
 * Indices of the sequences as rows: a sequence joins others of its prompt while that costs less than a row of its own.
 * No row becomes longer than a batch, since attention's memory grows with the square of its length.
 */
function sharedRows(sequences: readonly TokenSequence[], cost: BatchCost): number[][] {
  const costOf = (length: number) => cost({ rows: 1, length });
  return [...groupBy(sequences.keys(), (i) => sequences[i]!.prompt.join()).values()].flatMap((members) => {
    const rows: number[][] = [];
    let length = Infinity;
    for (const i of members) {
      const { prompt, response } = sequences[i]!;
      const alone = prompt.length + response.length;
      const joined = length + response.length;
      if (joined <= tokensPerBatch && costOf(joined) - costOf(length) < costOf(alone)) {
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
