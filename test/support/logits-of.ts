import type { Engine } from "../../src/engine/engine.js";
import { Graph } from "../../src/graph/index.js";
import type { ModelConfig } from "../../src/model/config.js";
import { decodeSequences, head } from "../../src/model/architectures/decoder.js";
import { stateWeights } from "../../src/model/parameters/network.js";
import type { Parameters } from "../../src/model/parameters/parameters.js";

/** Logits [rows·length, vocab] of rows of one length. */
export async function logitsOf(
  engine: Engine,
  config: ModelConfig,
  parameters: Parameters,
  rows: readonly number[][],
): Promise<Float32Array> {
  const graph = new Graph();
  const network = stateWeights(graph, config);
  const tokens = graph.input("tokens", "int32", [rows.length, rows[0]!.length]);
  const logits = head(config, network, decodeSequences(config, network, tokens));
  const state = await engine.createState(parameters);
  const executable = await engine.prepare({ outputs: { logits }, updates: new Map() });
  const found = await executable.run({ tokens: Int32Array.from(rows.flat()) }, [state]);
  await executable.release();
  await state.free();
  return found.logits!.data as Float32Array;
}
