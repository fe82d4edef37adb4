import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TokenizerJson } from "../../../../src/model/tokenizer/tokenizer-json/tokenizer-json.js";

/** A tokenizer of single letters with the given other parts. */
function tokenizer(parts: object): TokenizerJson {
  const vocab = Object.fromEntries(Array.from("abcdefghijklmnopqrstuvwxyz", (letter, id) => [letter, id]));
  const model = { type: "BPE", vocab, merges: [], unk_token: "a" };
  const all = {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    model,
    ...parts,
  };
  return new TokenizerJson(JSON.stringify(all), "tokenizer.json", { splitSpecial: false });
}

const split = (pattern: string) => ({
  pre_tokenizer: { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false },
});
const replace = (String: string, content: string) => ({ type: "Replace", pattern: { String }, content });

describe("a malicious tokenizer.json", () => {
  it("is stopped at a regular expression that does not terminate, and stays refused afterwards", () => {
    const hostile = tokenizer(split("(a+)+b"));
    assert.deepEqual(hostile.encode("caab"), [2, 0, 0, 1]);
    const message =
      /^tokenizer\.json: found a regular expression that takes more than \d+ s on "a{57}…", expected one that ends/;
    const begin = performance.now();
    for (let times = 0; times < 5; times++)
      assert.throws(() => hostile.encode("a".repeat(100)), { name: "InputError", message });
    assert.ok(performance.now() - begin < 20_000);
    assert.throws(() => hostile.encode("b"), { name: "InputError", message });
  });

  it("is refused if replacements grow a text without bound", () => {
    const growing = tokenizer({
      normalizer: { type: "Sequence", normalizers: Array.from({ length: 12 }, () => replace("a", "aaaaaaaaaa")) },
    });
    assert.throws(() => growing.encode("aaa"), {
      name: "InputError",
      message: /^tokenizer\.json: cannot be applied to the text "aaa" \(the normalizer makes 30000 characters of 3\)$/,
    });
    const long = tokenizer({ normalizer: replace("a", "b".repeat(5000)) });
    assert.throws(() => long.encode("a".repeat(1e6)), {
      message: /cannot be applied to the text .* \(a replacement makes more than 32004096 characters of 1000000\)$/,
    });
    const decoder = tokenizer({
      decoder: { type: "Sequence", decoders: Array.from({ length: 12 }, () => replace("a", "aaaaaaaaaa")) },
    });
    assert.throws(() => decoder.decode([0]), {
      name: "InputError",
      message: 'tokenizer.json: cannot be applied to the text "a" (the decoder makes 10000 characters of 1)',
    });
    assert.throws(() => long.encode("a".repeat(1 << 25)), {
      message: /^tokenizer\.json: "a+…" has 33554432 characters; at most 16777216 can be tokens$/,
    });
  });

  it("is refused if a replacement is not one character or an id is too large", () => {
    const metaspace = { type: "Metaspace", replacement: "▁".repeat(1000), prepend_scheme: "always", split: true };
    assert.throws(
      () => tokenizer({ pre_tokenizer: metaspace }),
      /pre_tokenizer\.replacement = "▁+…?.*, expected one character$/,
    );
    assert.throws(
      () => tokenizer({ decoder: { ...metaspace, replacement: "" } }),
      /decoder\.replacement = "", expected one character$/,
    );
    const added = {
      id: 4_000_000_000,
      content: "<x>",
      special: true,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    };
    assert.throws(
      () => tokenizer({ added_tokens: [added] }),
      /^InputError: tokenizer\.json: found added_tokens\.0\.id = 4000000000/,
    );
  });

  it("does not reread the text for each whole-word added token", () => {
    const word = {
      id: 26,
      content: "xy",
      special: false,
      single_word: true,
      lstrip: false,
      rstrip: false,
      normalized: false,
    };
    const many = tokenizer({ added_tokens: [word] });
    assert.deepEqual(many.encode("xy"), [26]);
    assert.equal(many.encode("𝒜xy").at(-1), 24, "a letter of two code units precedes it");
    const begin = performance.now();
    assert.equal(many.encode("xy-".repeat(100_000)).length, 200_000);
    assert.ok(performance.now() - begin < 15_000);
  });
});
