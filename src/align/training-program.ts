import type { Program } from "../engine/engine.js";
import { add, gradients, Graph, mul, type Value } from "../graph/index.js";
import type { ModelConfig } from "../model/config.js";
import { batchLeaves, weightedTokenLogProbs, type BatchShape } from "../model/log-probs.js";
import { trainedShapes } from "../model/lora.js";
import { stateWeights } from "../model/network.js";
import { adamWStep, type AdamW } from "./adamw.js";
import type { Objective } from "./objective.js";

/** Name of the state in which a parameter's gradient is accumulated. */
export const gradientName = (parameter: string) => `gradient/${parameter}`;

/** A whole step in one program: forward, backward, clipping, AdamW. Gives the loss, the norm and the metrics' numbers. */
export function stepProgram<E>(config: ModelConfig, objective: Objective<E>, adamW: AdamW, shape: BatchShape, places: number): Program {
  const { loss, perExample, running = [], parameters } = forward(config, objective, shape, places);
  const { updates, gradNorm } = adamWStep(adamW, parameters, gradients(loss, parameters));
  return { outputs: { ...perExample, loss, gradNorm }, updates: new Map([...updates, ...running]) };
}

/**
 * One micro-batch of a step: adds its gradients to those in the state, which count `keep` times
 * (0 for the first micro-batch of a step, 1 after it).
 */
export function accumulateProgram<E>(config: ModelConfig, objective: Objective<E>, shape: BatchShape, places: number): Program {
  const { graph, loss, perExample, parameters } = forward(config, objective, shape, places);
  const keep = graph.input("keep", "float32", []);
  const accumulated = gradients(loss, parameters).map((gradient, i) => {
    const name = gradientName(parameters[i]!.attributes.name);
    return [name, add(mul(graph.state(name, "float32", gradient.shape), keep), gradient)] as const;
  });
  return { outputs: { ...perExample, loss }, updates: new Map(accumulated) };
}

/** The loss and the metrics' numbers alone. */
export function evaluationProgram<E>(config: ModelConfig, objective: Objective<E>, shape: BatchShape, places: number): Program {
  const { loss, perExample } = forward(config, objective, shape, places);
  return { outputs: { ...perExample, loss }, updates: new Map() };
}

/** The end of a step whose gradients were accumulated: clipping and AdamW. Gives the norm. */
export function applyProgram(config: ModelConfig, adamW: AdamW): Program {
  const graph = new Graph();
  const parameters = parameterLeaves(graph, config);
  const accumulated = parameters.map(({ attributes: { name, shape } }) => graph.state(gradientName(name), "float32", shape));
  const { updates, gradNorm } = adamWStep(adamW, parameters, accumulated);
  return { outputs: { gradNorm }, updates };
}

function forward<E>(config: ModelConfig, objective: Objective<E>, shape: BatchShape, places: number) {
  const graph = new Graph();
  const leaves = batchLeaves(graph, shape);
  const perToken = weightedTokenLogProbs(config, stateWeights(graph, config), leaves);
  return { graph, ...objective.build(leaves, perToken, places), parameters: parameterLeaves(graph, config) };
}

function parameterLeaves(graph: Graph, config: ModelConfig): Value<"state">[] {
  return [...trainedShapes(config)].map(([name, shape]) => graph.state(name, "float32", shape));
}
