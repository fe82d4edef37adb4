import type { Program } from "../engine/engine.js";
import { add, gradients, Graph, mul, type Value } from "../graph/index.js";
import type { ModelConfig } from "../model/config.js";
import { batchLeaves, mostRows, weightedTokenLogProbs, type BatchShape } from "../model/log-probs.js";
import { loraDropout, type LoraDropout } from "../model/dropout.js";
import { trainedShapes } from "../model/lora.js";
import { stateWeights } from "../model/network.js";
import { adamWStep, type AdamW } from "./adamw.js";
import type { Objective } from "./objective.js";

/** Name of the state in which a parameter's gradient is accumulated. */
export const gradientName = (parameter: string) => `gradient/${parameter}`;

/** What the program of a micro-batch is made for. */
export interface MicroBatchProgram<Example> {
  readonly config: ModelConfig;
  readonly objective: Objective<Example>;
  readonly shape: BatchShape;
  /** Examples that it has room for. */
  readonly slots: number;
  /** See {@link gradients}. Default false. */
  readonly recompute?: boolean;
}

/** A whole step in one program: forward, backward, clipping, AdamW. Gives the loss, the norm and the metrics' numbers. */
export function stepProgram<E>(made: MicroBatchProgram<E>, adamW: AdamW): Program {
  const { loss, perExample, running = [], parameters } = trainingPass(made);
  const { updates, gradNorm } = adamWStep(adamW, parameters, gradients(loss, parameters, made));
  return { outputs: { ...perExample, loss, gradNorm }, updates: new Map([...updates, ...running]) };
}

/**
 * One micro-batch of a step: adds its gradients to those in the state, which count `keep` times
 * (0 for the first micro-batch of a step, 1 after it).
 */
export function accumulateProgram<E>(made: MicroBatchProgram<E>): Program {
  const { graph, loss, perExample, parameters } = trainingPass(made);
  const keep = graph.input("keep", "float32", []);
  const accumulated = gradients(loss, parameters, made).map((gradient, i) => {
    const name = gradientName(parameters[i]!.attributes.name);
    return [name, add(mul(graph.state(name, "float32", gradient.shape), keep), gradient)] as const;
  });
  return { outputs: { ...perExample, loss }, updates: new Map(accumulated) };
}

/** The loss and the metrics' numbers alone. */
export function evaluationProgram<E>(made: Omit<MicroBatchProgram<E>, "recompute">): Program {
  const { loss, perExample } = forward(new Graph(), made);
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

function trainingPass<E>(made: MicroBatchProgram<E>) {
  const graph = new Graph();
  const dropout = loraDropout(graph, made.config, mostRows(made.shape));
  return { graph, ...forward(graph, made, dropout), parameters: parameterLeaves(graph, made.config) };
}

function forward<E>(graph: Graph, { config, objective, shape, slots }: MicroBatchProgram<E>, dropout?: LoraDropout) {
  const leaves = batchLeaves(graph, shape);
  return objective.build(leaves, weightedTokenLogProbs(config, stateWeights(graph, config, dropout), leaves), slots);
}

function parameterLeaves(graph: Graph, config: ModelConfig): Value<"state">[] {
  return [...trainedShapes(config)].map(([name, shape]) => graph.state(name, "float32", shape));
}
