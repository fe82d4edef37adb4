import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { differences, tokenDifference } from "../../src/run/token-difference.js";

const words = ["the", "Soup", "is", "hot", "THE", "The", "cold", ""];
const ids = (text: string) => Int32Array.from(text.split(" "), (word) => words.indexOf(word));
const pair = (chosen: string, rejected: string) => ({
  prompt: ids("the"),
  chosen: ids(chosen),
  rejected: ids(rejected),
  padId: 7,
  text: (tokens: Int32Array) => [...tokens].map((id) => ` ${words[id]!}`).join(""),
});

test("tokenDifference flags tokens without a counterpart in the other response, except stop words", () => {
  const own = pair("the Soup is hot The THE", "Soup hot cold");
  const flags = (stopWords: "english" | "none") => tokenDifference({ stopWords }).of(own).tokens!;
  assert.deepEqual(flags("none"), { chosen: { differs: [1, 0, 1, 0, 1, 1] }, rejected: { differs: [0, 0, 1] } });
  // "The" is a stop word too, "THE" is not.
  assert.deepEqual(flags("english"), { chosen: { differs: [0, 0, 0, 0, 0, 1] }, rejected: { differs: [0, 0, 1] } });
  assert.deepEqual(tokenDifference().of(own).tokens, flags("english"));
});

test("differences leaves a longest common subsequence of both responses", () => {
  const sequence = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 9 });
  const longest = (a: readonly number[], b: readonly number[]): number => {
    const table = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
    for (let i = 1; i <= a.length; i++)
      for (let j = 1; j <= b.length; j++)
        table[i]![j] =
          a[i - 1] === b[j - 1] ? table[i - 1]![j - 1]! + 1 : Math.max(table[i - 1]![j]!, table[i]![j - 1]!);
    return table[a.length]![b.length]!;
  };
  fc.assert(
    fc.property(sequence, sequence, (chosen, rejected) => {
      const found = differences(chosen, rejected);
      const [left, right] = [
        chosen.filter((_, i) => found.chosen[i] === 0),
        rejected.filter((_, i) => found.rejected[i] === 0),
      ];
      assert.deepEqual([found.chosen.length, found.rejected.length], [chosen.length, rejected.length]);
      assert.deepEqual(left, right);
      assert.equal(left.length, longest(chosen, rejected));
    }),
  );
});

test("tokenDifference has its list of stop words as a setting and refuses an unknown list", () => {
  assert.deepEqual(
    [tokenDifference().settings, tokenDifference({ stopWords: "none" }).settings],
    [{ stopWords: "english" }, { stopWords: "none" }],
  );
  assert.throws(() => tokenDifference({ stopWords: "german" as "none" }), {
    name: "InputError",
    message: 'stopWords: found "german", expected one of english, none',
  });
});
