import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { InputError } from "../../../../src/base/errors.js";
import { TokenizerJson } from "../../../../src/model/tokenizer/tokenizer-json/tokenizer-json.js";

const folder = "test/fixtures/tokenizers";

interface Vectors {
  readonly ids: readonly number[][];
  readonly decoded: readonly string[];
  readonly split: readonly number[][];
  readonly surrounded: readonly number[];
  readonly continued: readonly (number[] | null)[];
  readonly anyIds: readonly (readonly [number[], string])[];
}
const { texts, continued, tokenizers } = JSON.parse(readFileSync(`${folder}/vectors.json`, "utf8")) as {
  texts: readonly string[];
  continued: readonly (readonly [string, string])[];
  tokenizers: Record<string, Vectors>;
};
/** These split a text before they prepend spaces to its pieces, so in the joined text a piece may begin at the joint. */
const dividedFirst: ReadonlySet<string> = new Set(["every_split", "t5", "words"]);

const jsonOf = (name: string) => readFileSync(`${folder}/${name}.json`, "utf8");
const load = (name: string, splitSpecial = false) => new TokenizerJson(jsonOf(name), `${name}.json`, { splitSpecial });

for (const [name, vectors] of Object.entries(tokenizers)) {
  describe(`${name} matches Python's tokenizers in`, () => {
    const tokenizer = load(name);
    const special = new Set(tokenizer.addedTokens.filter((token) => token.special).map(({ id }) => id));
    const decode = (ids: readonly number[]) => tokenizer.decode(ids.filter((id) => !special.has(id)));

    test("ids of texts", () => {
      texts.forEach((text, i) => assert.deepEqual(tokenizer.encode(text), vectors.ids[i], JSON.stringify(text)));
    });

    test("ids of texts with special tokens kept as text", () => {
      const plain = load(name, true);
      texts.forEach((text, i) => assert.deepEqual(plain.encode(text), vectors.split[i], JSON.stringify(text)));
    });

    test("decoded text", () => {
      vectors.ids.forEach((ids, i) => assert.equal(decode(ids), vectors.decoded[i], JSON.stringify(texts[i])));
      for (const [ids, text] of vectors.anyIds) assert.equal(decode(ids), text, ids.join());
    });

    test("tokens added around a text", () => {
      const { before, after } = tokenizer.surroundings;
      const idsOf = (tokens: readonly string[]) => tokens.map((token) => tokenizer.idOf(token)!);
      assert.deepEqual([...idsOf(before), ...tokenizer.encode("a"), ...idsOf(after)], vectors.surrounded);
    });

    test("ids of a text that continues another", {
      skip: dividedFirst.has(name),
    }, () => {
      const compared = continued.map(([before, after], i) => {
        const expected = vectors.continued[i];
        if (expected) assert.deepEqual(tokenizer.encode(after, before), expected, JSON.stringify([before, after]));
        return expected;
      });
      assert.ok(compared.filter(Boolean).length >= 8, "the ids of most first texts are a prefix of the joined ids");
    });
  });
}

test("lone surrogates are read as U+FFFD", () => {
  for (const name of Object.keys(tokenizers)) {
    assert.deepEqual(load(name).encode("a\ud83d b\udc4d"), load(name).encode("a\ufffd b\ufffd"), name);
  }
});

test("a word of 200,000 characters survives encoding and decoding within 30 seconds", () => {
  const started = performance.now();
  for (const name of ["gpt2", "llama", "mistral", "unigram_bytes"]) {
    assert.equal(load(name).decode(load(name).encode("abcd".repeat(50_000))), "abcd".repeat(50_000));
  }
  assert.ok(performance.now() - started < 30_000);
});

test("a missing model type is inferred from the fields of the model", () => {
  const older = JSON.parse(jsonOf("gpt2")) as { model: Record<string, unknown> };
  delete older.model["type"];
  older.model["merges"] = (older.model["merges"] as string[][]).map((merge) => merge.join(" "));
  const tokenizer = new TokenizerJson(JSON.stringify(older), "older.json", { splitSpecial: false });
  assert.deepEqual(tokenizer.encode(texts[3]!), tokenizers["gpt2"]!.ids[3]);
});

const refused: readonly [string, Record<string, unknown>, RegExp][] = [
  [
    "gpt2",
    { normalizer: { type: "BertNormalizer" } },
    /m\.json: found normalizer\.type = "BertNormalizer", expected one of NFC, .*Precompiled, Sequence/,
  ],
  [
    "gpt2",
    { pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "UnicodeScripts" }] } },
    /pre_tokenizer\.pretokenizers\.0\.type = "UnicodeScripts"/,
  ],
  ["gpt2", { decoder: { type: "CTC" } }, /decoder\.type = "CTC", expected one of ByteLevel/],
  ["gpt2", { post_processor: { type: "Odd" } }, /post_processor\.type = "Odd"/],
  [
    "gpt2",
    { model: { type: "WordPiece", vocab: {} } },
    /model\.type = "WordPiece", expected one of BPE, Unigram, WordLevel/,
  ],
  ["gpt2", { model: { type: "BPE", vocab: {}, merges: [], dropout: 0.1 } }, /model\.dropout = 0\.1, expected null/],
  [
    "gpt2",
    { model: { type: "BPE", vocab: {}, merges: [], end_of_word_suffix: "</w>" } },
    /model\.end_of_word_suffix = "<\/w>", expected null/,
  ],
  ["t5", { model: { type: "Unigram", vocab: [["a", -1]], unk_id: null } }, /model\.unk_id = null, expected number/],
  [
    "t5",
    { model: { type: "Unigram", vocab: [["a", -1]], unk_id: 1 } },
    /model\.unk_id = 1, expected the id of a token, below 1/,
  ],
  [
    "gpt2",
    { pre_tokenizer: { type: "Split", pattern: { Regex: "(?<n>a)\\g<n>" }, behavior: "Isolated", invert: false } },
    /pre_tokenizer that cannot be followed/,
  ],
  [
    "gpt2",
    { pre_tokenizer: { type: "Split", pattern: { Regex: "a" }, behavior: "Doubled", invert: false } },
    /pre_tokenizer\.behavior = "Doubled"/,
  ],
  [
    "gpt2",
    { normalizer: { type: "Precompiled", precompiled_charsmap: "AQIDBAUGBwg=" } },
    /normalizer that cannot be followed \(a character map that is cut off\)/,
  ],
];
for (const [name, changes, message] of refused) {
  test(`refused: ${message.source}`, () => {
    const json = JSON.stringify({ ...(JSON.parse(jsonOf(name)) as object), ...changes });
    assert.throws(
      () => new TokenizerJson(json, "m.json", { splitSpecial: false }),
      (error: Error) => {
        assert.ok(error instanceof InputError, error.stack);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test("unknown words throw if the vocabulary lacks the unk_token", () => {
  const json = {
    ...(JSON.parse(jsonOf("words")) as object),
    model: { type: "WordLevel", vocab: { cat: 9 }, unk_token: "[UNK]" },
  };
  const tokenizer = new TokenizerJson(JSON.stringify(json), "m.json", { splitSpecial: false });
  assert.throws(
    () => tokenizer.encode("cat dog"),
    /m\.json: found no token for what is unknown in "cat dog", expected an unk_token/,
  );
});
