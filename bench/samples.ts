/** Times of repeated work. */
export interface Timing {
  /** Median. */
  readonly milliseconds: number;
  readonly samples: readonly number[];
}

/** Times work after a warm-up: at least 3 runs, and up to 50 until `seconds` have passed, as bench_torch.py does. */
export async function sample(work: () => Promise<unknown>, seconds = 8): Promise<Timing> {
  await work();
  const samples: number[] = [];
  const end = performance.now() + 1000 * seconds;
  while (samples.length < 3 || (performance.now() < end && samples.length < 50)) {
    const start = performance.now();
    await work();
    samples.push(performance.now() - start);
  }
  return { milliseconds: median(samples), samples };
}

/** The median of the numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
}
