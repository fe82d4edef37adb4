import type { Random } from "../../../base/random.js";
import { add, cast, div, less, mul, reshape, slice, sub, where, type Graph, type Value } from "../../../graph/index.js";
import type { LinearLayer } from "../../architectures/modules.js";
import type { LoraConfig, ModelConfig } from "../../config.js";
import { loraLayers } from "./lora.js";

/*
 * Dropout of the inputs of LoRA's A, as in PEFT (Srivastava et al. 2014). The graph computes the masks from a few fed numbers,
 * because the engines' own random numbers cannot be reproduced after a run is resumed. Row i has keys r and s, column j (of all
 * layers' inputs together) has keys c and d, all uniform in the integers modulo the prime p. Then u = (r·c + s + d) mod p is
 * uniform, and any elements are independent unless four of them lie in two rows and two columns; of such four, the last is
 * shifted relative to the other three by a product of differences of r and of c. Every number stays below 2²², so that float32 is
 * exact: all engines compute the same masks, even if their division is off by 2.5 units in the last place, as WebGPU's may be.
 */

/** The largest prime below 2¹¹. */
const prime = 2039;

/** Dropout for the inputs of adapted layers, in the graph of a training program. */
export interface LoraDropout {
  /** Scale of the kept elements, which preserves the expectation. */
  readonly scale: number;
  /**
   * Sets a share of a layer's inputs to zero; does not scale the others.
   *
   * @param x [rows, inputs]
   */
  drop(x: Value, layer: LinearLayer): Value;
}

type KeyName = `dropout.${"r" | "s" | "c" | "d"}`;

/** Number of values of u that are dropped: the dropout probability is rounded to a multiple of 1/2039. */
const droppedOf = ({ dropout = 0 }: LoraConfig) => Math.round(dropout * prime);

/**
 * The dropout of a model's adapter; undefined if it has no dropout.
 *
 * @param rows most rows of an input
 */
export function loraDropout(graph: Graph, config: ModelConfig, rows: number): LoraDropout | undefined {
  const { adapter } = config;
  const dropped = adapter ? droppedOf(adapter) : 0;
  if (!adapter || dropped === 0) return undefined;
  const starts = columnStarts(config, adapter);
  const keys = (name: KeyName, count: number) => graph.input(name, "float32", [count]);
  const [r, s] = [keys("dropout.r", rows), keys("dropout.s", rows)];
  const [c, d] = [keys("dropout.c", starts.total), keys("dropout.d", starts.total)];
  return {
    scale: 1 / (1 - dropped / prime),
    drop(x, { name, inputs }) {
      const [count] = x.shape as [number, number];
      const start = starts.of.get(name)!;
      const row = (of: Value) => reshape(slice(of, 0, 0, count), [count, 1]);
      const column = (of: Value) => slice(of, 0, start, start + inputs);
      const mixed = add(mul(row(r), column(c)), add(row(s), column(d)));
      const whole = cast(cast(div(mixed, prime), "int32"), "float32");
      return where(less(sub(mixed, mul(whole, prime)), dropped), 0, x);
    },
  };
}

/** The additional feeds of a program with dropout: masks that depend only on the random stream. */
export function dropoutFeeds(
  config: ModelConfig,
  rows: number,
  random: Random,
): Partial<Record<KeyName, Float32Array>> {
  const { adapter } = config;
  if (!adapter || droppedOf(adapter) === 0) return {};
  const keys = (count: number) => Float32Array.from({ length: count }, () => random.integer(prime));
  const columns = columnStarts(config, adapter).total;
  return { "dropout.r": keys(rows), "dropout.s": keys(rows), "dropout.c": keys(columns), "dropout.d": keys(columns) };
}

/** Index of each adapted layer's first input among the inputs of all layers. */
function columnStarts(config: ModelConfig, adapter: LoraConfig) {
  const of = new Map<string, number>();
  let total = 0;
  for (const { name, inputs } of loraLayers(config, adapter)) {
    of.set(name, total);
    total += inputs;
  }
  return { of, total };
}
