import type { Program } from "../../engine/engine.js";
import { concat, div, gather, Graph, reshape, softmax, writeAt, broadcast, type Value } from "../../graph/index.js";
import { tensor, type Shape } from "../../graph/tensor.js";
import { decode, decodeSequences, head } from "../architectures/decoder.js";
import { attendCached } from "../architectures/parts/attention.js";
import { earlierMask, maskOfLayer } from "../architectures/parts/mask.js";
import type { ModelConfig } from "../config.js";
import { stateWeights } from "../parameters/network.js";

/** Sizes of a cache. */
export interface CacheSize {
  /** Responses generated in parallel. */
  readonly rows: number;
  /** Positions of each row, for its prompt and response. */
  readonly capacity: number;
}

/** Sizes of a new batch. */
export interface GenerationShape extends CacheSize {
  /** Distinct prompts. */
  readonly prompts: number;
  /** Tokens of a prompt, padding included. */
  readonly promptLength: number;
}

/**
 * The output of a step for each next token: the logits; the probabilities at a temperature, which is then fed as `temperature`
 * float32 []; or these and `untempered`, the probabilities at temperature 1.
 */
export type NextTokenScores = "logits" | "probabilities" | "both probabilities";

function scores(logits: Value, wanted: NextTokenScores): Program["outputs"] {
  if (wanted === "logits") return { logits };
  const probabilities = softmax(div(logits, logits.graph.input("temperature", "float32", [])));
  return wanted === "probabilities" ? { probabilities } : { probabilities, untempered: softmax(logits) };
}

const keyName = (layer: number) => `cache.key.${layer}`;
const valueName = (layer: number) => `cache.value.${layer}`;

/** Shape of each layer's cached keys and values: [rows, kvHeads, capacity, headSize]. */
function cacheShape({ kvHeads, headSize }: ModelConfig, { rows, capacity }: CacheSize): Shape {
  return [rows, kvHeads, capacity, headSize];
}

function cacheNames({ layers }: ModelConfig): string[] {
  return Array.from({ length: layers }, (_, layer) => [keyName(layer), valueName(layer)]).flat();
}

/** The empty tensors of a cache by name, for {@link fillProgram} to fill. */
export function unfilledCache(config: ModelConfig) {
  return cacheNames(config).map((name) => [name, tensor([0], new Float32Array(0))] as const);
}

/**
 * Reads the prompts, each once, and copies their keys and values into the rows of their responses.
 *
 * Feeds `tokens` int32 [prompts, promptLength], `last` int32 [prompts] (index of each prompt's last token in the flattened
 * tokens) and `promptOf` int32 [rows]; outputs the `wanted` scores, [prompts, vocab].
 */
export function fillProgram(config: ModelConfig, shape: GenerationShape, wanted: NextTokenScores): Program {
  const { prompts, promptLength, rows, capacity } = shape;
  const graph = new Graph();
  const network = stateWeights(graph, config);
  const tokens = graph.input("tokens", "int32", [prompts, promptLength]);
  const last = graph.input("last", "int32", [prompts]);
  const promptOf = graph.input("promptOf", "int32", [rows]);
  const updates = new Map<string, Value>();
  const free = graph.full(cacheShape(config, shape).with(2, capacity - promptLength), 0);
  const copy = (perPrompt: Value) => concat([gather(perPrompt, promptOf), free], 2);
  const hidden = decodeSequences(config, network, tokens, ({ key, value }, layer) => {
    updates.set(keyName(layer), copy(key));
    updates.set(valueName(layer), copy(value));
  });
  return { outputs: scores(head(config, network, gather(hidden, last)), wanted), updates };
}

/**
 * Appends one token to each row and outputs the scores of the next.
 *
 * Feeds `tokens` int32 [rows], `position` int32 [rows], the position of that token, and `place` int32 [1, 1, 1, capacity], the
 * positions from 0; outputs the `wanted` scores, [rows, vocab]. Only the length of `place` depends on the cache's capacity.
 *
 * @param reach positions that the cache may grow to
 */
export function decodeProgram(config: ModelConfig, size: CacheSize, reach: number, wanted: NextTokenScores): Program {
  const { rows, capacity } = size;
  const graph = new Graph();
  const network = stateWeights(graph, config);
  const tokens = graph.input("tokens", "int32", [rows]);
  const position = graph.input("position", "int32", [rows]);
  const updates = new Map<string, Value>();
  const place = graph.input("place", "int32", [1, 1, 1, capacity]);
  const mask = maskOfLayer(config, (window) => earlierMask(window, position, place));
  const index = broadcast(reshape(position, [rows, 1]), [rows, config.kvHeads]);
  const cached = (name: string, fresh: Value) => {
    const cache = graph.state(name, "float32", cacheShape(config, size));
    updates.set(name, writeAt(cache, index, reshape(fresh, [rows, config.kvHeads, config.headSize])));
    return cache;
  };
  const column = (x: Value) => reshape(x, [rows, 1]);
  const hidden = decode(
    config,
    network,
    { tokens: column(tokens), position: column(position), positions: reach },
    (fresh, layer) =>
      attendCached(fresh, cached(keyName(layer), fresh.key), cached(valueName(layer), fresh.value), mask(layer)),
  );
  return { outputs: scores(head(config, network, hidden), wanted), updates };
}

/** Appends empty positions to each row. */
export function growProgram(config: ModelConfig, smaller: CacheSize, larger: CacheSize): Program {
  const graph = new Graph();
  const shape = cacheShape(config, smaller);
  const free = graph.full(shape.with(2, larger.capacity - smaller.capacity), 0);
  const updates = cacheNames(config).map(
    (name) => [name, concat([graph.state(name, "float32", shape), free], 2)] as const,
  );
  return { outputs: {}, updates: new Map(updates) };
}

/**
 * Drops finished rows, so that they do not slow down the others.
 *
 * Feeds `keep` int32 [smaller.rows]: for each row of the smaller cache, the row of the larger cache it is copied from.
 */
export function shrinkProgram(config: ModelConfig, larger: CacheSize, smaller: CacheSize): Program {
  const graph = new Graph();
  const keep = graph.input("keep", "int32", [smaller.rows]);
  const updates = cacheNames(config).map(
    (name) => [name, gather(graph.state(name, "float32", cacheShape(config, larger)), keep)] as const,
  );
  return { outputs: {}, updates: new Map(updates) };
}
