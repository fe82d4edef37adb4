import type { TaskOptions } from "../../base/task.js";
import type { Program } from "../../engine/engine.js";
import { Graph, mul, reshape } from "../../graph/index.js";
import type { ModelConfig } from "../config.js";
import { stateWeights } from "../parameters/network.js";
import type { Policy } from "../policy/policy.js";
import { layOut, ownPositions, type Row, type TokenSequence } from "./batch.js";
import { batchLeaves, hiddenStates, responseStates, sumByResponse, type BatchShape } from "./log-probs.js";
import { scored } from "./score.js";

/**
 * Returns the mean of the model's last hidden states over the response tokens of each sequence, [hidden] each, in the
 * order of `sequences`; 0 for an empty response.
 */
export async function responseEmbeddings(
  policy: Policy,
  sequences: readonly TokenSequence[],
  task: TaskOptions = {},
): Promise<Float32Array[]> {
  const results = new Array<Float32Array>(sequences.length);
  await scored(policy, sequences, task, true, rowEmbeddings, (i, embedding) => (results[i] = embedding));
  return results;
}

async function rowEmbeddings(
  { config, programs, tokenizer, states }: Policy,
  rows: readonly Row[],
  shape: BatchShape,
): Promise<Float32Array[]> {
  const executable = await programs.get(`embed ${JSON.stringify([config, shape])}`, () =>
    embeddingProgram(config, shape),
  );
  // The mean is a weighted sum whose weights add up to 1.
  const { target: _, weight, ...feeds } = layOut(rows, shape, tokenizer.padId);
  const responses = rows.flat().map(({ response }) => response.length);
  feeds.response.forEach((response, i) => (weight[i]! > 0 ? (weight[i] = 1 / responses[response]!) : 0));
  const { embeddings } = await executable.run({ ...feeds, weight, ownPosition: ownPositions(rows, shape) }, states);
  const found = embeddings!.data as Float32Array;
  return responses.map((__, i) => found.slice(i * config.hiddenSize, (i + 1) * config.hiddenSize));
}

function embeddingProgram(config: ModelConfig, shape: BatchShape): Program {
  const graph = new Graph();
  const leaves = batchLeaves(graph, shape);
  const states = responseStates(hiddenStates(config, stateWeights(graph, config), leaves), leaves);
  return {
    outputs: { embeddings: sumByResponse(mul(states, reshape(leaves.weight, [-1, 1])), leaves) },
    updates: new Map(),
  };
}
