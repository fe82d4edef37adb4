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

/** Name of the state in which a parameter's gradient is accumulated. */
export const gradientName = (parameter: string) => `gradient/${parameter}`;

/** What the program of a micro-batch is made for. */
export interface MicroBatchProgram<Example> {
  readonly config: ModelConfig;
  readonly objective: Objective<Example>;
  readonly shape: BatchShape;
  /** Examples that it has room for. */
  readonly slots: number;
  /** See {@link Objective.columns}. Default: none. */
  readonly columns?: readonly string[];
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

/** What an objective reads of the policy, without its loss: the tokens' log-probabilities, and their hidden states for its head. */
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
 * The loss and the metrics' numbers from what {@link readingProgram} gives, without the model: of as many examples
 * together as there are.
 *
 * @param sizes examples, and response tokens of all of them
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

/** The end of a step whose gradients were accumulated: clipping and AdamW. Gives the norm. */
export function applyProgram(config: ModelConfig, adamW: AdamW, objective: WithHead = {}): Program {
  const graph = new Graph();
  const parameters = parameterLeaves(graph, config, objective);
  const accumulated = parameters.map(({ attributes: { name, shape } }) =>
    graph.state(gradientName(name), "float32", shape),
  );
  const { updates, gradNorm } = adamWStep(adamW, parameters, accumulated);
  return { outputs: { gradNorm }, updates };
}

/** Shapes of all that a training changes, by state name: of the policy, then of the objective's head. */
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

/** What an objective with a head reads; what one without it must not. */
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
