import type { Program } from "../engine/engine.js";
import { add, gradients, Graph, mul, type Shape, type Value } from "../graph/index.js";
import type { ModelConfig } from "../model/config.js";
import {
  batchLeaves,
  hiddenStates,
  mostRows,
  responseStates,
  weightedTokenLogProbs,
  type BatchLeaves,
  type BatchShape,
} from "../model/scoring/log-probs.js";
import { loraDropout, type LoraDropout } from "../model/parameters/lora/dropout.js";
import { trainedShapes } from "../model/parameters/lora/lora.js";
import { stateWeights } from "../model/parameters/network.js";
import { adamWStep, type AdamW } from "./adamw.js";
import { headName, headShapes, type WithHead } from "./head.js";
import type { Objective, ObjectiveBatch } from "./objective.js";
import { buildLoss } from "./own-objective.js";

/** Returns the name of the state in which a parameter's gradient is accumulated. */
export const gradientName = (parameter: string) => `gradient/${parameter}`;

/** Parameters of a micro-batch's program. */
export interface MicroBatchProgram<Example> {
  readonly config: ModelConfig;
  readonly objective: Objective<Example>;
  readonly shape: BatchShape;
  /** Number of examples that it has room for. */
  readonly slots: number;
  /** See {@link Objective.columns}. Default: none. */
  readonly columns?: readonly string[];
  /** See {@link gradients}. Default false. */
  readonly recompute?: boolean;
}

/**
 * Builds a whole step in one program: forward, backward, clipping, AdamW. Outputs the loss, the norm and the values for
 * the metrics.
 */
export function stepProgram<E>(made: MicroBatchProgram<E>, adamW: AdamW): Program {
  const { loss, perExample, running = [], parameters } = trainingPass(made);
  const { updates, gradNorm } = adamWStep(adamW, parameters, gradients(loss, parameters, made));
  return { outputs: { ...perExample, loss, gradNorm }, updates: new Map([...updates, ...running]) };
}

/**
 * Builds the program of one micro-batch of a step: adds its gradients to those in the state multiplied by `keep` (0 for
 * the first micro-batch of a step, then 1).
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

/** Builds the program of the loss and the values for the metrics alone. */
export function evaluationProgram<E>(made: Omit<MicroBatchProgram<E>, "recompute">): Program {
  const { loss, perExample } = forward(new Graph(), made);
  return { outputs: { ...perExample, loss }, updates: new Map() };
}

/**
 * Builds the program of an objective's inputs from the policy, without its loss: the tokens' log-probabilities, and
 * their hidden states for its head.
 */
export function readingProgram<E>({
  config,
  objective,
  shape,
}: Pick<MicroBatchProgram<E>, "config" | "objective" | "shape">): Program {
  const graph = new Graph();
  const leaves = batchLeaves(graph, shape);
  const { tokenLogProbs, hidden } = readings(graph, config, leaves);
  return { outputs: { tokenLogProbs, ...(objective.head && { hidden: hidden() }) }, updates: new Map() };
}

/**
 * Builds the program of the loss and the values for the metrics from the outputs of {@link readingProgram}, without the
 * model, for all examples together.
 *
 * @param sizes numbers of examples, responses and response tokens
 */
export function lossProgram<E>(
  { config, objective, columns = [] }: Pick<MicroBatchProgram<E>, "config" | "objective" | "columns">,
  { slots, responses, tokens }: { readonly slots: number; readonly responses: number; readonly tokens: number },
): Program {
  const graph = new Graph();
  const read = {
    tokenLogProbs: graph.input("tokenLogProbs", "float32", [tokens]),
    response: graph.input("response", "int32", [tokens]),
    hidden: () => graph.input("hidden", "float32", [tokens, config.hiddenSize]),
  };
  const { loss, perExample } = buildLoss(objective, {
    ...read,
    responses,
    slots,
    columns,
    ...ofHead(graph, config, objective, read.hidden),
  });
  return { outputs: { ...perExample, loss }, updates: new Map() };
}

/** Builds the end of a step with accumulated gradients: clipping and AdamW. Outputs the norm. */
export function applyProgram(config: ModelConfig, adamW: AdamW, objective: WithHead = {}): Program {
  const graph = new Graph();
  const parameters = parameterLeaves(graph, config, objective);
  const accumulated = parameters.map(({ attributes: { name, shape } }) =>
    graph.state(gradientName(name), "float32", shape),
  );
  const { updates, gradNorm } = adamWStep(adamW, parameters, accumulated);
  return { outputs: { gradNorm }, updates };
}

/** Returns the shapes of everything that a training changes, by state name: the policy, then the objective's head. */
export function changedShapes(config: ModelConfig, objective: WithHead): ReadonlyMap<string, Shape> {
  return new Map([...trainedShapes(config), ...headShapes(objective, config)]);
}

function trainingPass<E>(made: MicroBatchProgram<E>) {
  const graph = new Graph();
  const dropout = loraDropout(graph, made.config, mostRows(made.shape));
  return { graph, ...forward(graph, made, dropout), parameters: parameterLeaves(graph, made.config, made.objective) };
}

function forward<E>(
  graph: Graph,
  { config, objective, shape, slots, columns = [] }: MicroBatchProgram<E>,
  dropout?: LoraDropout,
) {
  const leaves = batchLeaves(graph, shape);
  const { tokenLogProbs, hidden } = readings(graph, config, leaves, dropout);
  const { response, responses } = leaves;
  return buildLoss(objective, {
    tokenLogProbs,
    response,
    responses,
    slots,
    columns,
    ...ofHead(graph, config, objective, hidden),
  });
}

function readings(graph: Graph, config: ModelConfig, leaves: BatchLeaves, dropout?: LoraDropout) {
  const network = stateWeights(graph, config, dropout);
  const states = hiddenStates(config, network, leaves);
  return {
    tokenLogProbs: weightedTokenLogProbs(config, network, leaves, states),
    hidden: () => responseStates(states, leaves),
  };
}

/** Returns the head-related inputs of an objective; reading them without a head throws. */
function ofHead<E>(
  graph: Graph,
  config: ModelConfig,
  objective: Objective<E>,
  hidden: () => Value,
): Pick<ObjectiveBatch, "hidden" | "head"> {
  const shapes = headShapes(objective, config);
  return {
    hidden() {
      if (!objective.head)
        throw new Error(`the objective ${objective.name} reads hidden states; declare the \`head\` that reads them`);
      return hidden();
    },
    head(name) {
      const shape = shapes.get(headName(name));
      if (!shape) throw new Error(`the head of the objective ${objective.name} has no parameter ${name}`);
      return graph.state(headName(name), "float32", shape);
    },
  };
}

function parameterLeaves(graph: Graph, config: ModelConfig, objective: WithHead): Value<"state">[] {
  return [...changedShapes(config, objective)].map(([name, shape]) => graph.state(name, "float32", shape));
}
