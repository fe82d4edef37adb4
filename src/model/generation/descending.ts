/**
 * Yields the indices of the values above −∞ from the largest value to the smallest, equal ones in index order. Uses a heap: only
 * a few of a vocabulary of 100,000 are needed, and sorting all takes longer than the model.
 */
export function* descending(values: Float32Array): Generator<number> {
  const heap = new Int32Array(values.length);
  let size = 0;
  for (let i = 0; i < values.length; i++) if (values[i]! > -Infinity) heap[size++] = i;

  const isBefore = (a: number, b: number) => values[a]! > values[b]! || (values[a] === values[b] && a < b);
  /** Moves the entry at `at` down until no entry below it should come first. */
  const sink = (at: number) => {
    const item = heap[at]!;
    for (let child = 2 * at + 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, item)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = item;
  };

  for (let at = (size >> 1) - 1; at >= 0; at--) sink(at);
  while (size > 0) {
    yield heap[0]!;
    heap[0] = heap[--size]!;
    sink(0);
  }
}
