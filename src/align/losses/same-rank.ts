import { less, mul, reshape, stopGradient, sub, sum, tensor, where, type Value } from "../../graph/index.js";

/**
 * Returns, for each number of `x`, the number of `y` with the same rank, in the order of `x`. Equal numbers are ranked
 * by position, padding last. The gradient is that of a gather, as for a sort.
 *
 * @param x,y [pairs], finite even at padding
 * @param weight 0 at padding: [pairs]
 * @returns [pairs]
 */
export function sameRank(x: Value, y: Value, weight: Value): Value {
  const [pairs] = x.shape as [number];
  const distance = sub(column(ranks(x, weight)), row(ranks(y, weight)));
  const picks = where(less(mul(distance, distance), 1 / 2), 1, 0);
  return reshape(sum(mul(picks, row(y)), [1]), [pairs]);
}

/** Returns the rank of each number in ascending order. */
function ranks(x: Value, weight: Value): Value {
  const { graph } = x;
  const [pairs] = x.shape as [number];
  const key = where(less(graph.constant(0), weight), stopGradient(x), largest);
  const [mine, other] = [column(key), row(key)];
  const earlier = Float32Array.from({ length: pairs * pairs }, (_, i) => Number(i % pairs < Math.floor(i / pairs)));
  const before = where(
    less(other, mine),
    1,
    where(less(mine, other), 0, graph.constant(tensor([pairs, pairs], earlier))),
  );
  return sum(before, [1]);
}

/** Nearly the largest float32. */
const largest = 3e38;

const column = (x: Value): Value => reshape(x, [-1, 1]);
const row = (x: Value): Value => reshape(x, [1, -1]);
