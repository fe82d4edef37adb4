import { op, table } from "arquero";

/** Minimum bin width for fractional values: far below float32 resolution, far above underflow. */
const LEAST_WIDTH = 1e-6;

/** Bins of equal width that cover all values; each includes its lower edge and excludes its upper edge. */
export interface Bins {
  /** Index of the bin of a value, counted from 0. */
  of(value: number): number;
  /** Where a bin begins and ends. */
  edges(bin: number): { readonly from: number; readonly to: number };
  /** The range of a bin in words: "0.2 to 0.4", or for whole numbers the smallest and the largest, "6 to 10". */
  range(bin: number): string;
}

/**
 * Computes bins with round edges. Bins of whole numbers each cover the same count of numbers, and their edges lie
 * halfway between two numbers, so that a bar is centred on its numbers.
 *
 * @param values at least one value
 * @param most maximum number of bins
 */
export function equalBins(values: readonly number[], most: number): Bins {
  const whole = values.every(Number.isInteger);
  const [least, , step] = table({ value: values })
    .rollup({ bins: op.bins("value", most, true, whole ? 1 : LEAST_WIDTH) })
    .get("bins", 0) as [number, number, number];
  const edge = (bin: number) => exact(least + bin * step);
  const shift = whole ? 0.5 : 0;
  return {
    of: (value) => Math.floor((value - least) / step),
    edges: (bin) => ({ from: edge(bin) - shift, to: edge(bin + 1) - shift }),
    range: (bin) => {
      const [from, to] = [edge(bin), whole ? edge(bin + 1) - 1 : edge(bin + 1)];
      return (from === to ? `${from}` : `${from} to ${to}`).replaceAll("-", "−");
    },
  };
}

/** Removes the noise of binary fractions from a bin's edge (0.30000000000000004). */
function exact(value: number): number {
  return Number(value.toPrecision(12));
}
