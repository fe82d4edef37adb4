import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import fc from "fast-check";
import { InputError } from "../../../src/base/errors.js";
import { tokenizerFromFiles } from "../../../src/model/tokenizer/load-tokenizer.js";
import { trainTokenizer } from "../../../src/model/tokenizer/train-tokenizer.js";

const folder = "test/fixtures/checkpoints/trained";
const corpus = readFileSync(`${folder}/corpus.txt`, "utf8");
const vectors = JSON.parse(readFileSync(`${folder}/vectors.json`, "utf8")) as { text: string; ids: number[] }[];
const tokenizer = trainTokenizer([corpus], { vocabSize: 480 });

test("the tokenizer equals the one that Hugging Face's trainer creates from the same text", () => {
  const theirs: unknown = JSON.parse(readFileSync(`${folder}/tokenizer.json`, "utf8"));
  assert.deepEqual(JSON.parse(tokenizer.files.get("tokenizer.json")!), theirs);
});

test("awkward texts are encoded as by Python's tokenizers", () => {
  for (const { text, ids } of vectors) assert.deepEqual(tokenizer.encode(text), ids, JSON.stringify(text));
});

test("any text survives encoding and decoding", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
      assert.equal(tokenizer.decode(tokenizer.encode(text)), text);
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(" ", "\n", "'s", "a", "é", "👍🏽", "<|eos|>", "\u0301", "7", "ש"), { maxLength: 40 }),
      (parts) => {
        const text = parts.join("");
        assert.equal(tokenizer.decode(tokenizer.encode(text)), text);
      },
    ),
  );
});

test("special tokens have ids 0 to 2, are never encoded from text, and are restored from the files", () => {
  const { padId, bosId, eosId } = tokenizer;
  assert.deepEqual([padId, bosId, eosId], [0, 1, 2]);
  assert.ok(tokenizer.encode("<|eos|><|bos|><|pad|>").every((id) => id > 2));
  const again = tokenizerFromFiles(tokenizer.files);
  assert.deepEqual([again.padId, again.bosId, again.eosId, again.vocabSize], [0, 1, 2, tokenizer.vocabSize]);
});

test("the order of the texts does not matter", () => {
  const lines = corpus.split(". ");
  const forward = trainTokenizer(lines, { vocabSize: 400 });
  assert.deepEqual(trainTokenizer(lines.toReversed(), { vocabSize: 400 }).files, forward.files);
  assert.equal(forward.vocabSize, 400);
});

test("without text the vocabulary has only bytes and special tokens; a size too small for them throws", () => {
  const bytes = trainTokenizer([], { vocabSize: 4096 });
  assert.equal(bytes.vocabSize, 259);
  assert.equal(bytes.decode(bytes.encode("é 👍")), "é 👍");
  assert.throws(() => trainTokenizer([], { vocabSize: 100 }), InputError);
});

test("a conversation is rendered as the text of the dialogue", () => {
  const rendered = tokenizer.renderPrompt([{ role: "user", content: "the <|eos|>" }]);
  assert.deepEqual(rendered, { bos: "<|bos|>", text: "\n\nHuman: the <|eos|>\n\nAssistant:" });
  assert.equal(tokenizer.renderResponse([{ role: "user", content: "the" }], "cat"), " cat");
});
