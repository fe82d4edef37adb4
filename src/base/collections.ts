/** Groups items by key, in the order in which the keys first appear. */
export function groupBy<T, K>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** The first item with the largest size; undefined if there are no items. */
export function largestBy<T>(items: readonly T[], sizeOf: (item: T) => number): T | undefined {
  return items.reduce<T | undefined>(
    (found, item) => (found === undefined || sizeOf(item) > sizeOf(found) ? item : found),
    undefined,
  );
}

/** Consecutive slices of `size` items; the last may be shorter. */
export function chunk<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/** Splits a list into non-empty consecutive parts with the smallest total cost. */
export function cheapestParts<T>(items: readonly T[], costOf: (part: readonly T[]) => number): (readonly T[])[] {
  /** The best split of the first items, indexed by their number. */
  const best: { readonly cost: number; readonly parts: (readonly T[])[] }[] = [{ cost: 0, parts: [] }];
  for (let end = 1; end <= items.length; end++) {
    const cuts = best.map(({ cost, parts }, begin) => {
      const part = items.slice(begin, end);
      return { cost: cost + costOf(part), parts: [...parts, part] };
    });
    best.push(cuts.reduce((a, b) => (b.cost < a.cost ? b : a)));
  }
  return best[items.length]!.parts;
}
