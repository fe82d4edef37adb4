import type { Objective } from "../../src/align/objective.js";
import { Graph, type Value } from "../../src/graph/index.js";

/** An objective's loss over examples, as a graph with leaves in place of the model's outputs, and its feeds. */
export interface ObjectiveCase {
  readonly loss: Value;
  readonly tokenLogProbs: Value<"input">;
  /** The hidden states of the response tokens, if the objective has a head. */
  readonly hidden: Value<"input">;
  /** Values of every leaf except `tokenLogProbs`, `hidden` and the head's. */
  readonly feeds: Readonly<Record<string, readonly number[]>>;
  readonly tokens: number;
}

/**
 * Builds the loss of a step without a model, from the log-probabilities and hidden states of the response tokens.
 *
 * @param padding room of the batch beyond the examples: slots and tokens
 * @param step the examples of the whole step, if these are only some of them. Default: these
 */
export function objectiveCase<Example>(
  objective: Objective<Example>,
  examples: readonly Example[],
  { padding = { slots: 0, tokens: 0 }, step = examples, hiddenSize = 3 } = {},
): ObjectiveCase {
  const columns = objective.columns?.(step) ?? [];
  const sequences = examples.flatMap((example) => objective.sequences(example));
  const real = sequences.reduce((count, { response }) => count + response.length, 0);
  const [slots, tokens] = [examples.length + padding.slots, real + padding.tokens];
  const responses = (sequences.length / examples.length) * slots;
  const graph = new Graph();
  const tokenLogProbs = graph.input("tokenLogProbs", "float32", [tokens]);
  const hidden = graph.input("hidden", "float32", [tokens, hiddenSize]);
  const shapes = objective.head?.shapes(hiddenSize) ?? {};
  const { loss } = objective.build({
    ...{ tokenLogProbs, responses, slots, columns },
    response: graph.input("response", "int32", [tokens]),
    hidden: () => hidden,
    head: (name) => graph.state(`head.${name}`, "float32", shapes[name]!),
  });
  const { feeds } = objective.feed(examples, { step, slots, tokens, columns });
  const response = sequences.flatMap(({ response: own }, i) => new Array<number>(own.length).fill(i));
  const numbers = Object.entries(feeds).map(([name, data]) => [name, Array.from(data as Float32Array)]);
  return {
    ...{ loss, tokenLogProbs, hidden, tokens },
    feeds: { ...Object.fromEntries(numbers), response: [...response, ...new Array<number>(padding.tokens).fill(0)] },
  };
}
