import type { Random } from "../base/random.js";
import type { Feeds } from "../engine/engine.js";
import { add, cast, div, less, mul, reshape, slice, sub, where, type Graph, type Value } from "../graph/index.js";
import type { LoraConfig, ModelConfig } from "./config.js";
import { loraLayers } from "./lora.js";
import type { LinearLayer } from "./modules.js";

/*
 * Dropout of the inputs of LoRA's A, as PEFT has it (Srivastava et al. 2014). The masks are computed in the graph
 * from a few fed numbers: engines' own random numbers cannot be had again after a run was resumed. Row i has keys r and s,
 * column j (of all layers' inputs together) has keys c and d, all uniform in the integers modulo the prime p; then
 * u = (r·c + s + d) mod p is uniform, and any elements among which no four stand in two rows and two columns are
 * independent; of such four the last is shifted against the other three by a product of differences of r and of c.
 * Every number stays below 2²², so that float32 is exact: all engines compute the same masks, also those whose division
 * is off by 2.5 units in the last place, as WebGPU's may be.
 */

/** The largest prime below 2¹¹. */
const prime = 2039;

/** Dropout for the inputs of adapted layers, in the graph of a training program. */
export interface LoraDropout {
  /** What an element that is kept counts, so that the expectation stays. */
  readonly scale: number;
  /**
   * A layer's inputs with a share of them set to zero; the others are not scaled yet.
   *
   * @param x [rows, inputs]
   */
  drop(x: Value, layer: LinearLayer): Value;
}

/** How many of the values of u are dropped: the share is rounded to a multiple of 1/2039. */
const droppedOf = ({ dropout = 0 }: LoraConfig) => Math.round(dropout * prime);

/**
 * The dropout of a model's adapter; undefined where it has none.
 *
 * @param rows most rows of an input
 */
export function loraDropout(graph: Graph, config: ModelConfig, rows: number): LoraDropout | undefined {
  const { adapter } = config;
  const dropped = adapter ? droppedOf(adapter) : 0;
  if (!adapter || dropped === 0) return undefined;
  const starts = columnStarts(config, adapter);
  const rowKeys = graph.input("dropout.rows", "float32", [2, rows]);
  const columnKeys = graph.input("dropout.columns", "float32", [2, starts.total]);
  const keys = (of: Value, which: number, start: number, count: number) => slice(slice(of, 0, which, which + 1), 1, start, start + count);
  return {
    scale: 1 / (1 - dropped / prime),
    drop(x, { name, inputs }) {
      const [count] = x.shape as [number, number];
      const column = (which: number) => keys(columnKeys, which, starts.of.get(name)!, inputs);
      const row = (which: number) => reshape(keys(rowKeys, which, 0, count), [count, 1]);
      const mixed = add(mul(row(0), column(0)), add(row(1), column(1)));
      const whole = cast(cast(div(mixed, prime), "int32"), "float32");
      return where(less(sub(mixed, mul(whole, prime)), dropped), 0, x);
    },
  };
}

/** What a run of a program with dropout is fed besides: masks that depend on nothing but the random stream. */
export function dropoutFeeds(config: ModelConfig, rows: number, random: Random): Feeds {
  const { adapter } = config;
  if (!adapter || droppedOf(adapter) === 0) return {};
  const keys = (count: number) => Float32Array.from({ length: 2 * count }, () => random.integer(prime));
  return { "dropout.rows": keys(rows), "dropout.columns": keys(columnStarts(config, adapter).total) };
}

/** Where the inputs of each adapted layer begin among those of all. */
function columnStarts(config: ModelConfig, adapter: LoraConfig) {
  const of = new Map<string, number>();
  let total = 0;
  for (const { name, inputs } of loraLayers(config, adapter)) {
    of.set(name, total);
    total += inputs;
  }
  return { of, total };
}
