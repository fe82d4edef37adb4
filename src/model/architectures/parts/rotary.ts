import { concat, rotary, slice, type Graph, type Value } from "../../../graph/index.js";
import { tensor } from "../../../graph/tensor.js";
import type { RopeScaling, RotaryConfig, YarnScaling } from "../../config.js";

/** Rotates queries or keys, [batch, heads, length, headSize], to the positions of their tokens. */
export type Rotation = (x: Value) => Value;

/**
 * Rotary position embeddings of the first `size` elements of each head; the others stay unchanged.
 *
 * @param position int32 [batch, length]
 * @param places upper limit of the positions, exclusive
 */
export function rotation(config: RotaryConfig, size: number, position: Value, places: number): Rotation {
  const { cos, sin } = rotaryTables(config, size, places, position.graph);
  return (x) => {
    const headSize = x.shape[3]!;
    const turned = rotary(slice(x, 3, 0, size), position, cos, sin);
    return size === headSize ? turned : concat([turned, slice(x, 3, size, headSize)], 3);
  };
}

/** cos and sin of position · frequency, each [places, size/2], times the scaling's factor, computed in double precision. */
function rotaryTables(config: RotaryConfig, size: number, places: number, graph: Graph) {
  const frequencies = rotaryFrequencies(config, size);
  const half = frequencies.length;
  const length = attentionFactor(config.ropeScaling);
  const angles = Float64Array.from(
    { length: places * half },
    (_, at) => Math.floor(at / half) * frequencies[at % half]!,
  );
  const table = (fn: (angle: number) => number) =>
    graph.constant(
      tensor(
        [places, half],
        Float32Array.from(angles, (angle) => length * fn(angle)),
      ),
    );
  return { cos: table(Math.cos), sin: table(Math.sin) };
}

/** Multiplier of queries and keys that keeps attention scores as sharp in the longer context. */
export function attentionFactor(scaling: RopeScaling | undefined): number {
  switch (scaling?.type) {
    case "yarn":
      return scaling.attentionFactor ?? (scaling.factor <= 1 ? 1 : 0.1 * Math.log(scaling.factor) + 1);
    case "longrope": {
      const { originalContextLength: original, extendedContextLength: extended } = scaling;
      const factor = scaling.factor ?? extended / original;
      return scaling.attentionFactor ?? (factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original)));
    }
    default:
      return 1;
  }
}

/** Radians per position of each pair of elements: θ^(−2i/size) for i = 0 … size/2 − 1, scaled if the config says so. */
export function rotaryFrequencies({ ropeTheta, ropeScaling }: RotaryConfig, size: number): number[] {
  const half = size / 2;
  const frequencies = Array.from({ length: half }, (_, i) => ropeTheta ** (-i / half));
  if (ropeScaling?.type === "yarn") return yarnFrequencies(frequencies, ropeTheta, ropeScaling);
  return frequencies.map((frequency, i) => scaled(frequency, i, ropeScaling));
}

function scaled(frequency: number, pair: number, scaling: Exclude<RopeScaling, YarnScaling> | undefined): number {
  switch (scaling?.type) {
    case undefined:
    case "dynamic":
      return frequency;
    case "linear":
      return frequency / scaling.factor;
    case "longrope":
      return frequency / scaling.shortFactors[pair]!;
    case "llama3": {
      const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContextLength } = scaling;
      const turns = (originalContextLength * frequency) / (2 * Math.PI);
      const kept = Math.min(Math.max((turns - low) / (high - low), 0), 1);
      return kept * frequency + (1 - kept) * (frequency / factor);
    }
  }
}

function yarnFrequencies(frequencies: readonly number[], ropeTheta: number, scaling: YarnScaling): number[] {
  const { factor, originalContextLength, betaFast = 32, betaSlow = 1, truncate = true } = scaling;
  const size = 2 * frequencies.length;
  // The (fractional) index of the pair of elements that makes this many turns within the original context.
  const pairOf = (turns: number) =>
    (size * Math.log(originalContextLength / (turns * 2 * Math.PI))) / (2 * Math.log(ropeTheta));
  const [first, last] = [pairOf(betaFast), pairOf(betaSlow)];
  const begin = Math.max(truncate ? Math.floor(first) : first, 0);
  const end = Math.min(truncate ? Math.ceil(last) : last, size - 1);
  // As in the authors' code, which keeps the blend from having zero width.
  const width = begin === end ? 0.001 : end - begin;
  return frequencies.map((frequency, pair) => {
    const divided = Math.min(Math.max((pair - begin) / width, 0), 1);
    return divided * (frequency / factor) + (1 - divided) * frequency;
  });
}
