import type { Objective } from "../../src/align/objective.js";
import type { Engine } from "../../src/engine/engine.js";
import { gradients, Graph, type Tensor } from "../../src/graph/index.js";
import { exactShape, layOut, rowsOf } from "../../src/model/batch.js";
import type { ModelConfig } from "../../src/model/config.js";
import { batchLeaves, weightedTokenLogProbs, type BatchShape } from "../../src/model/log-probs.js";
import { stateWeights } from "../../src/model/network.js";
import { parameterShapes, type Parameters } from "../../src/model/parameters.js";

/** What a batch may have more than its examples need. */
export interface Padding {
  readonly slots?: number;
  readonly length?: number;
  readonly completions?: number;
}

/**
 * An objective's loss on one batch, and its gradient by every parameter.
 *
 * @param sharePrompts whether the responses of an example stand in one row
 * @returns gradients by the parameter's name
 */
export async function lossAndGradients<Example>(
  engine: Engine,
  { config, parameters }: { config: ModelConfig; parameters: Parameters },
  objective: Objective<Example>,
  examples: readonly Example[],
  padding: Padding = {},
  sharePrompts = false,
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
  const { loss } = objective.build(leaves, weightedTokenLogProbs(config, network, leaves), slots);
  const names = [...parameterShapes(config).keys()];
  const slopes = gradients(loss, names.map(network.weight));

  const state = await engine.createState(parameters);
  const outputs = { loss, ...Object.fromEntries(names.map((name, i) => [name, slopes[i]!])) };
  const executable = await engine.prepare({ outputs, updates: new Map() });
  const { tokenWeight, feeds } = objective.feed(examples, examples, slots);
  const found = await executable.run({ ...layOut(rows, shape, 1, tokenWeight), ...feeds }, [state]);
  await executable.release();
  await state.free();
  return { loss: found.loss!.data[0]!, gradients: new Map(names.map((name) => [name, found[name]!])) };
}
