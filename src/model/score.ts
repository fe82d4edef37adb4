import { chunk, groupBy } from "../base/collections.js";
import type { Work } from "../base/work.js";
import { Graph } from "../graph/index.js";
import { exactShape, layOut, roundUp, type TokenSequence } from "./batch.js";
import { batchLeaves, sumByRow, weightedTokenLogProbs, type BatchShape } from "./log-probs.js";
import type { ModelConfig } from "./config.js";
import { stateWeights } from "./network.js";
import type { Policy } from "./policy.js";
import type { Program } from "../engine/engine.js";

/** Tokens of a scoring batch, padding included: enough to keep the cores busy, little memory. */
const tokensPerBatch = 4096;

/**
 * log π(y | x) of each sequence: the sum of its response tokens' log-probabilities, in nats.
 * Sequences are sorted by length and batched, which changes no result beyond float noise.
 *
 * @returns in the order of `sequences`
 */
export async function responseLogProbs(
  policy: Policy,
  sequences: readonly TokenSequence[],
  { signal, onProgress }: Work = {},
): Promise<Float64Array> {
  const results = new Float64Array(sequences.length);
  let done = 0;
  for (const { indices, shape } of planScoring(sequences)) {
    signal?.throwIfAborted();
    const batch = indices.map((i) => sequences[i]!);
    const executable = await policy.programs.get(`score ${JSON.stringify([policy.config, shape])}`, () =>
      scoringProgram(policy.config, shape),
    );
    const { logProbs } = await executable.run({ ...layOut(batch, shape, policy.tokenizer.padId) }, policy.states);
    indices.forEach((i, row) => (results[i] = logProbs!.data[row]!));
    onProgress?.((done += indices.length), sequences.length);
  }
  return results;
}

function scoringProgram(config: ModelConfig, shape: BatchShape): Program {
  const graph = new Graph();
  const leaves = batchLeaves(graph, shape);
  const perToken = weightedTokenLogProbs(config, stateWeights(graph, config), leaves);
  return { outputs: { logProbs: sumByRow(perToken, leaves) }, updates: new Map() };
}

/** Batches of sequences of like length; those of one length share a shape, which fits all of them. */
function planScoring(sequences: readonly TokenSequence[]): { indices: number[]; shape: BatchShape }[] {
  const lengthOf = (i: number) => sequences[i]!.prompt.length + sequences[i]!.response.length;
  const byLength = groupBy(sequences.keys(), (i) => roundUp(lengthOf(i)));
  return [...byLength].sort(([a], [b]) => a - b).flatMap(([bucket, members]) => {
    const rows = Math.max(1, Math.min(members.length, Math.floor(tokensPerBatch / bucket)));
    const batches = chunk(members, rows);
    const exact = batches.map((indices) => exactShape(indices.map((i) => sequences[i]!)));
    const length = Math.max(...exact.map((shape) => shape.length));
    const completions = Math.max(...exact.map((shape) => shape.completions));
    return batches.map((indices) => ({ indices, shape: { rows, length, completions } }));
  });
}
