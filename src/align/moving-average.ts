import { tensor } from "../graph/tensor.js";
import type { Parameters } from "../model/parameters/parameters.js";

/**
 * Computes a step of an exponential moving average of parameters: (1 − weight)·average + weight·newest, in float32.
 *
 * @param weight weight of the newest, in [0, 1]
 */
export function mixed(average: Parameters, newest: Parameters, weight: number): Parameters {
  return new Map(
    [...average].map(([name, { shape, data }]) => {
      const { data: other } = newest.get(name)!;
      return [
        name,
        tensor(
          shape,
          data.map((value, i) => value + weight * (other[i]! - value)),
        ),
      ];
    }),
  );
}
