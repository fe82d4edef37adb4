import { concat, rotary, slice, type Graph, type Value } from "../../../graph/index.js";
import { tensor } from "../../../graph/tensor.js";
import type { RopeScaling, RotaryConfig } from "../../config.js";

/** Rotates queries or keys, [batch, heads, length, headSize], to the positions of their tokens. */
export type Rotation = (x: Value) => Value;

/**
 * Rotary position embeddings of the first `size` elements of each head; the others stay.
 *
 * @param position int32 [batch, length]
 * @param places every position is below it
 */
export function rotation(config: RotaryConfig, size: number, position: Value, places: number): Rotation {
  const { cos, sin } = rotaryTables(config, size, places, position.graph);
  return (x) => {
    const headSize = x.shape[3]!;
    const turned = rotary(slice(x, 3, 0, size), position, cos, sin);
    return size === headSize ? turned : concat([turned, slice(x, 3, size, headSize)], 3);
  };
}

/** cos and sin of position · frequency, each [places, size/2], computed in double precision. */
function rotaryTables(config: RotaryConfig, size: number, places: number, graph: Graph) {
  const frequencies = rotaryFrequencies(config, size);
  const half = frequencies.length;
  const angles = Float64Array.from({ length: places * half }, (_, at) => Math.floor(at / half) * frequencies[at % half]!);
  const table = (fn: (angle: number) => number) => graph.constant(tensor([places, half], Float32Array.from(angles, fn)));
  return { cos: table(Math.cos), sin: table(Math.sin) };
}

/** Radians per position of each pair of elements: θ^(−2i/size) for i = 0 … size/2 − 1, scaled where the config says so. */
export function rotaryFrequencies({ ropeTheta, ropeScaling }: RotaryConfig, size: number): number[] {
  const half = size / 2;
  return Array.from({ length: half }, (_, i) => scaled(ropeTheta ** (-i / half), ropeScaling));
}

function scaled(frequency: number, scaling: RopeScaling | undefined): number {
  switch (scaling?.type) {
    case undefined:
      return frequency;
    case "linear":
      return frequency / scaling.factor;
    case "llama3": {
      const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContextLength } = scaling;
      const turns = (originalContextLength * frequency) / (2 * Math.PI);
      const kept = Math.min(Math.max((turns - low) / (high - low), 0), 1);
      return kept * frequency + (1 - kept) * (frequency / factor);
    }
  }
}
