import { headName, headShapes } from "../../src/align/head.js";
import { feedsOf, type LoadedBatch } from "../../src/align/micro-batches.js";
import type { Objective } from "../../src/align/objective.js";
import type { Engine } from "../../src/engine/engine.js";
import { gradients, Graph, type Tensor } from "../../src/graph/index.js";
import type { ModelConfig } from "../../src/model/config.js";
import { stateWeights } from "../../src/model/parameters/network.js";
import { parameterShapes, type Parameters } from "../../src/model/parameters/parameters.js";
import { exactShape, rowsOf } from "../../src/model/scoring/batch.js";
import {
  batchLeaves,
  hiddenStates,
  responseStates,
  weightedTokenLogProbs,
  type BatchShape,
} from "../../src/model/scoring/log-probs.js";

/** Room of a batch beyond what its examples need. */
export interface Padding {
  readonly slots?: number;
  readonly length?: number;
  readonly completions?: number;
}

/**
 * Computes an objective's loss on one batch, and its gradient with respect to every parameter.
 *
 * @param sharePrompts whether the responses of an example share one row
 * @param headValues parameters of the objective's head, by their names in the state
 * @returns gradients by the parameter's name
 */
export async function lossAndGradients<Example>(
  engine: Engine,
  { config, parameters }: { config: ModelConfig; parameters: Parameters },
  objective: Objective<Example>,
  examples: readonly Example[],
  padding: Padding = {},
  sharePrompts = false,
  headValues: Iterable<readonly [string, Tensor]> = [],
): Promise<{ loss: number; gradients: Map<string, Tensor> }> {
  const rows = examples.flatMap((example) => rowsOf(objective.sequences(example), sharePrompts));
  const slots = examples.length + (padding.slots ?? 0);
  const exact = exactShape(rows);
  const shape: BatchShape = {
    ...exact,
    rows: (slots * exact.rows) / examples.length,
    responses: (slots * exact.responses) / examples.length,
    length: exact.length + (padding.length ?? 0),
    completions: exact.completions + (padding.completions ?? 0),
  };
  const graph = new Graph();
  const leaves = batchLeaves(graph, shape);
  const network = stateWeights(graph, config);
  const columns = objective.columns?.(examples) ?? [];
  const { response, responses } = leaves;
  const states = hiddenStates(config, network, leaves);
  const tokenLogProbs = weightedTokenLogProbs(config, network, leaves, states);
  const shapes = new Map([...parameterShapes(config), ...headShapes(objective, config)]);
  const state = (name: string) => graph.state(name, "float32", shapes.get(name)!);
  const ofHead = { hidden: () => responseStates(states, leaves), head: (name: string) => state(headName(name)) };
  const { loss } = objective.build({ tokenLogProbs, response, responses, slots, columns, ...ofHead });
  const names = [...shapes.keys()];
  const slopes = gradients(loss, names.map(state));

  const values = await engine.createState([...parameters, ...headValues]);
  const outputs = { loss, ...Object.fromEntries(names.map((name, i) => [name, slopes[i]!])) };
  const executable = await engine.prepare({ outputs, updates: new Map() });
  const batch: LoadedBatch<Example> = { examples, shape };
  const found = await executable.run(feedsOf(objective, batch, { step: examples, columns }, 1), [values]);
  await executable.release();
  await values.free();
  return { loss: found.loss!.data[0]!, gradients: new Map(names.map((name) => [name, found[name]!])) };
}
