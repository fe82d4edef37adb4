import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encodePrompt, tokenizeDemonstrations, tokenizePairs } from "../../src/data/tokenize.js";
import type { PreferencePair } from "../../src/data/pair.js";
import { byteTokenizer } from "./byte-tokenizer.js";

const tokenizer = byteTokenizer({ bos: true });
const plain = byteTokenizer({ bos: false });
const ids = (text: string) => tokenizer.encode(text);
const pair = (prompt: PreferencePair["prompt"], chosen: string, rejected: string, id = "x"): PreferencePair => ({ id, prompt, chosen, rejected });
const none = { prompts: 0, promptTokens: 0, responses: 0, responseTokens: 0 };

describe("tokenizePairs", () => {
  test("BOS and prompt, response and EOS", () => {
    assert.deepEqual(tokenizePairs([pair("ab", "c", "de")], tokenizer, { contextLength: 16 }), {
      pairs: [{ id: "x", prompt: Int32Array.of(1, ...ids("ab")), chosen: Int32Array.of(...ids("c"), 2), rejected: Int32Array.of(...ids("de"), 2) }],
      truncation: none,
      identical: 0,
      skipped: [],
    });
    const [withoutBos] = tokenizePairs([pair("ab", "c", "de")], plain, { contextLength: 16 }).pairs;
    assert.deepEqual(withoutBos!.prompt, Int32Array.from(ids("ab")));
  });

  test("a flipped pair stays marked", () => {
    const pairs = [{ ...pair("ab", "c", "de"), flipped: true }, pair("ab", "c", "de", "y")];
    const tokenized = tokenizePairs(pairs, tokenizer, { contextLength: 16 }).pairs;
    assert.deepEqual(tokenized.map(({ flipped }) => flipped), [true, undefined]);
  });

  test("a conversation goes through the chat template", () => {
    const { pairs } = tokenizePairs([pair([{ role: "user", content: "a" }], "b", "c")], tokenizer, { contextLength: 64 });
    assert.equal(tokenizer.decode(pairs[0]!.prompt), "<user>a<assistant>");
  });

  test("the longer response decides what both see of the prompt, and every cut is counted", () => {
    const { pairs, truncation } = tokenizePairs([pair("abcdef", "gh", "ijkl")], tokenizer, { contextLength: 9 });
    assert.equal(tokenizer.decode(pairs[0]!.prompt), "def");
    assert.deepEqual([pairs[0]!.prompt[0], pairs[0]!.chosen.at(-1), pairs[0]!.rejected.at(-1)], [1, 2, 2]);
    assert.deepEqual(truncation, { ...none, prompts: 1, promptTokens: 3 });
  });

  test("a response too long for the context loses its end and its EOS", () => {
    const { pairs, truncation } = tokenizePairs([pair("abc", "defghij", "k")], tokenizer, { contextLength: 8 });
    assert.equal(tokenizer.decode(pairs[0]!.prompt), "c");
    assert.deepEqual(pairs[0]!.chosen, Int32Array.from(ids("defghi")));
    assert.deepEqual(pairs[0]!.rejected, Int32Array.of(...ids("k"), 2));
    assert.deepEqual(truncation, { prompts: 1, promptTokens: 2, responses: 1, responseTokens: 2 });
  });

  test("responses that are the same in tokens are counted", () => {
    assert.equal(tokenizePairs([pair("a", "bbbbb1", "bbbbb2"), pair("a", "b", "c")], tokenizer, { contextLength: 7 }).identical, 1);
  });

  test("a prompt longer than the context is an error, is cut, or is skipped", () => {
    const pairs = [pair("abcdefgh", "i", "j", "long"), pair("a", "b", "c", "short")];
    const message = 'prompt of "long": found 9 tokens, expected at most 7 in a context of 8; truncate prompts to keep their ends, or skip bad rows';
    assert.throws(() => tokenizePairs(pairs, tokenizer, { contextLength: 8 }), { name: "InputError", message });
    const cut = tokenizePairs(pairs, tokenizer, { contextLength: 8, truncatePrompts: true });
    assert.equal(tokenizer.decode(cut.pairs[0]!.prompt), "defgh");
    assert.deepEqual(cut.truncation, { ...none, prompts: 1, promptTokens: 3 });
    const skipped = tokenizePairs(pairs, tokenizer, { contextLength: 8, skipBadRows: true });
    assert.deepEqual(skipped.pairs.map(({ id }) => id), ["short"]);
    assert.deepEqual(skipped.skipped, [{ id: "long", reason: message }]);
    assert.deepEqual(skipped.truncation, none);
  });

  test("a prompt without any token is an error, for nothing precedes the response", () => {
    assert.throws(() => tokenizePairs([pair("", "a", "b")], plain, { contextLength: 8 }), /prompt of "x": found no token, and the tokenizer has no BOS/);
    assert.deepEqual(tokenizePairs([pair("", "a", "b")], tokenizer, { contextLength: 8 }).pairs[0]!.prompt, Int32Array.of(1));
  });

  test("a context that holds no pair is an error", () => {
    for (const contextLength of [2, 0, -5, 7.5, NaN]) {
      assert.throws(() => tokenizePairs([], tokenizer, { contextLength }), { message: `found a context of ${contextLength} tokens, expected a whole number of at least 3` });
    }
    assert.deepEqual(tokenizePairs([pair("abc", "d", "e")], plain, { contextLength: 2, truncatePrompts: true }).pairs[0]!.prompt, Int32Array.from(ids("c")));
  });
});

test("tokenizeDemonstrations follows the same rules", () => {
  const demonstrations = [{ id: "x", prompt: "abc", response: "def" }];
  assert.deepEqual(tokenizeDemonstrations(demonstrations, tokenizer, { contextLength: 7 }), {
    demonstrations: [{ id: "x", prompt: Int32Array.of(1, ...ids("bc")), response: Int32Array.of(...ids("def"), 2) }],
    truncation: { ...none, prompts: 1, promptTokens: 1 },
    skipped: [],
  });
});

test("encodePrompt: a BOS that the chat template wrote is not doubled", () => {
  const templated = { ...tokenizer, encode: (text: string) => [1, ...tokenizer.encode(text)] };
  assert.deepEqual(encodePrompt("a", templated), [1, ...ids("a")]);
});
