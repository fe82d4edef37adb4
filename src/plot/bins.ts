import { op, table } from "arquero";

/** Minimum bin width for fractional values: far below float32 resolution, far above underflow. */
const LEAST_WIDTH = 1e-6;

/** Bins of equal width that cover all values; each holds its lower edge and not its upper. */
export interface Bins {
  /** The number of the bin that holds a value, counted from 0. */
  of(value: number): number;
  /** Where a bin begins and ends. */
  edges(bin: number): { readonly from: number; readonly to: number };
  /** The values of a bin in words: "0.2 to 0.4", and of whole numbers the least and the greatest, "6 to 10". */
  range(bin: number): string;
}

/**
 * Bins with round edges for some values. Those of whole numbers hold the same count of them each,
 * and their edges lie halfway between two, so that a bar stands over its numbers.
 *
 * @param values at least one
 * @param most bins there may be
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

/** The edge of a bin without the noise of binary fractions (0.30000000000000004). */
function exact(value: number): number {
  return Number(value.toPrecision(12));
}
