import type { Random } from "../base/random.js";

/**
 * Chooses `count` vectors that cover the others, as indices (greedy k-centre, farthest first: Gonzalez 1985; for active
 * learning Sener & Savarese 2018, arXiv 1708.00489): the first at random, then repeatedly the one farthest from its
 * nearest chosen vector. The resulting covering radius is at most twice the optimum. Ties go to the earlier vector.
 *
 * @param vectors of equal length
 * @throws RangeError if there are fewer than `count` vectors
 */
export function kCentre(vectors: readonly ArrayLike<number>[], count: number, random: Random): number[] {
  if (count > vectors.length) throw new RangeError(`cannot choose ${count} of ${vectors.length} vectors`);
  const chosen: number[] = [];
  const distances = new Float64Array(vectors.length).fill(Infinity);
  while (chosen.length < count) {
    const next = chosen.length === 0 ? random.integer(vectors.length) : farthest(distances);
    chosen.push(next);
    vectors.forEach((vector, i) => (distances[i] = Math.min(distances[i]!, squaredDistance(vector, vectors[next]!))));
    // Never choose the same index twice, even among equal vectors.
    for (const i of chosen) distances[i] = -1;
  }
  return chosen;
}

function farthest(distances: Float64Array): number {
  return distances.reduce((best, distance, i) => (distance > distances[best]! ? i : best), 0);
}

function squaredDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum;
}
