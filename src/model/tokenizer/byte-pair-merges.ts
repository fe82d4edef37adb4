/** Two adjacent tokens that are merged into one. */
export type Merge = readonly [left: string, right: string];

/** A pair of token ids packed into one number, with the same order. */
type PairKey = number;

const idLimit = 2 ** 24;

/**
 * Learns byte-pair merges: repeatedly merges the most frequent pair of adjacent tokens into a new token. Of equally frequent
 * pairs the one with the smaller ids comes first, so the result does not depend on the order of the words. Source: Sennrich,
 * Haddow and Birch 2016, https://arxiv.org/abs/1508.07909; ties are ordered as in Hugging Face's BpeTrainer.
 *
 * @param tokens the initial vocabulary; a token's id is its index. New tokens are appended.
 * @param words token ids of each distinct word, with the word's count. The ids are overwritten.
 * @param vocabSize number of tokens at which to stop
 * @param minCount rarer pairs are not merged
 * @returns the merges in the order in which they were learned
 */
export function learnMerges(
  tokens: string[],
  words: readonly { ids: number[]; readonly count: number }[],
  vocabSize: number,
  minCount: number,
): Merge[] {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const pairs = new PairCounts(words);
  const merges: Merge[] = [];
  while (tokens.length < vocabSize) {
    const key = pairs.takeMostFrequent(minCount);
    if (key === undefined) break;
    const [left, right] = [Math.floor(key / idLimit), key % idLimit];
    merges.push([tokens[left]!, tokens[right]!]);
    const text = tokens[left]! + tokens[right]!;
    let merged = ids.get(text);
    if (merged === undefined) {
      merged = tokens.push(text) - 1;
      ids.set(text, merged);
    }
    pairs.merge(left, right, merged);
  }
  return merges;
}

/** Count of each pair of adjacent tokens in the words, updated as pairs are merged. */
class PairCounts {
  private readonly counts = new Map<PairKey, number>();
  /** Words that contain a pair, or did. */
  private readonly places = new Map<PairKey, number[]>();
  /** Contains every pair at its current count, or at an older, higher one. */
  private readonly queue: PairQueue;

  constructor(private readonly words: readonly { ids: number[]; readonly count: number }[]) {
    for (const [place, { ids, count }] of words.entries()) this.add(ids, count, place);
    this.queue = new PairQueue(this.counts);
  }

  /** Takes the most frequent pair from the queue; undefined if all are rarer than `minCount`. */
  takeMostFrequent(minCount: number): PairKey | undefined {
    for (let top = this.queue.pop(); top !== undefined; top = this.queue.pop()) {
      const count = this.counts.get(top.key) ?? 0;
      if (count < minCount) continue;
      if (count === top.count) return top.key;
      this.queue.push({ key: top.key, count });
    }
    return undefined;
  }

  /** Replaces every `left`, `right` in the words by `merged`. */
  merge(left: number, right: number, merged: number): void {
    const key = left * idLimit + right;
    const touched = new Set<PairKey>();
    for (const place of this.places.get(key)!) {
      const word = this.words[place]!;
      const ids = replacePair(word.ids, left, right, merged);
      if (ids.length === word.ids.length) continue;
      this.add(word.ids, -word.count, undefined);
      this.add(ids, word.count, place);
      word.ids = ids;
      for (let i = 1; i < ids.length; i++) {
        if (ids[i] === merged || ids[i - 1] === merged) touched.add(ids[i - 1]! * idLimit + ids[i]!);
      }
    }
    this.places.delete(key);
    // Only pairs that contain the new token can have become more frequent.
    for (const pair of touched) this.queue.push({ key: pair, count: this.counts.get(pair)! });
  }

  private add(ids: readonly number[], count: number, place: number | undefined): void {
    for (let i = 1; i < ids.length; i++) {
      const key = ids[i - 1]! * idLimit + ids[i]!;
      this.counts.set(key, (this.counts.get(key) ?? 0) + count);
      if (place === undefined) continue;
      const places = this.places.get(key);
      if (places === undefined) this.places.set(key, [place]);
      else if (places.at(-1) !== place) places.push(place);
    }
  }
}

function replacePair(ids: readonly number[], left: number, right: number, merged: number): number[] {
  const replaced: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] === left && ids[i + 1] === right) {
      replaced.push(merged);
      i += 1;
    } else {
      replaced.push(ids[i]!);
    }
  }
  return replaced;
}

interface Entry {
  readonly key: PairKey;
  readonly count: number;
}

/** A binary heap of pairs, the most frequent on top and the smaller ids first among equals. */
class PairQueue {
  private readonly heap: Entry[] = [];

  constructor(counts: ReadonlyMap<PairKey, number>) {
    for (const [key, count] of counts) this.push({ key, count });
  }

  push(entry: Entry): void {
    let at = this.heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!goesFirst(entry, this.heap[parent]!)) break;
      this.heap[at] = this.heap[parent]!;
      at = parent;
    }
    this.heap[at] = entry;
  }

  pop(): Entry | undefined {
    const top = this.heap[0];
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return top;
    let at = 0;
    for (let child = 1; child < this.heap.length; child = 2 * at + 1) {
      if (child + 1 < this.heap.length && goesFirst(this.heap[child + 1]!, this.heap[child]!)) child += 1;
      if (!goesFirst(this.heap[child]!, last)) break;
      this.heap[at] = this.heap[child]!;
      at = child;
    }
    this.heap[at] = last;
    return top;
  }
}

function goesFirst(a: Entry, b: Entry): boolean {
  return a.count === b.count ? a.key < b.key : a.count > b.count;
}
