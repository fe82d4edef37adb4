import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { learnMerges, type Merge } from "../../../src/model/tokenizer/byte-pair-merges.js";

const letters = ["a", "b", "c"];
const spell = (word: string) => [...word].map((letter) => letters.indexOf(letter));

function learn(counts: Record<string, number>, vocabSize: number, minCount = 2): { merges: Merge[]; tokens: string[] } {
  const tokens = [...letters];
  const words = Object.entries(counts).map(([word, count]) => ({ ids: spell(word), count }));
  return { merges: learnMerges(tokens, words, vocabSize, minCount), tokens };
}

test("the most frequent pair is merged first, and its result can be merged again", () => {
  const { merges, tokens } = learn({ abc: 5, ab: 2, bc: 4 }, 6, 1);
  assert.deepEqual(merges, [
    ["b", "c"],
    ["a", "bc"],
    ["a", "b"],
  ]);
  assert.deepEqual(tokens, ["a", "b", "c", "bc", "abc", "ab"]);
});

test("of equally frequent pairs, the one with the smaller ids is merged first", () => {
  assert.deepEqual(learn({ cb: 3, ba: 3, ac: 3 }, 4).merges, [["a", "c"]]);
});

test("merging stops at the vocabulary size, or if no pair is frequent enough", () => {
  assert.equal(learn({ abcabc: 9 }, 4).merges.length, 1);
  assert.equal(learn({ ab: 1, bc: 1 }, 100).merges.length, 0);
});

test("merges that form the same token share its id", () => {
  const { merges, tokens } = learn({ abc: 3, ab: 9, bc: 8, cabc: 2, bca: 0 }, 100);
  assert.equal(new Set(tokens).size, tokens.length);
  assert.ok(merges.every(([left, right]) => tokens.includes(left + right)));
});

/** The definition: pairs are counted again for every merge. */
function learnSlowly(counts: Record<string, number>, vocabSize: number): Merge[] {
  const tokens = [...letters];
  const merges: Merge[] = [];
  const words = Object.entries(counts).map(([word, count]) => ({ ids: spell(word), count }));
  while (tokens.length < vocabSize) {
    const pairs = new Map<string, { pair: [number, number]; count: number }>();
    for (const { ids, count } of words) {
      for (let i = 1; i < ids.length; i++) {
        const pair: [number, number] = [ids[i - 1]!, ids[i]!];
        const known = pairs.get(pair.join());
        if (known) known.count += count;
        else pairs.set(pair.join(), { pair, count });
      }
    }
    const [best] = [...pairs.values()].sort(
      (x, y) => y.count - x.count || x.pair[0] - y.pair[0] || x.pair[1] - y.pair[1],
    );
    if (best === undefined || best.count < 2) break;
    const [left, right] = best.pair;
    const text = tokens[left]! + tokens[right]!;
    merges.push([tokens[left]!, tokens[right]!]);
    const merged = tokens.includes(text) ? tokens.indexOf(text) : tokens.push(text) - 1;
    for (const word of words) {
      for (let i = 0; i + 1 < word.ids.length; i++) {
        if (word.ids[i] === left && word.ids[i + 1] === right) word.ids.splice(i, 2, merged);
      }
    }
  }
  return merges;
}

test("incremental counting matches a full recount", () => {
  const word = fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(
      fc.dictionary(word, fc.integer({ min: 1, max: 5 }), { maxKeys: 8, noNullPrototype: true }),
      (counts) => {
        assert.deepEqual(learn(counts, 20).merges, learnSlowly(counts, 20));
      },
    ),
    { numRuns: 500 },
  );
});
