import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import fc from "fast-check";
import { TextStream } from "../../../src/model/generation/text-stream.js";
import type { Tokenizer } from "../../../src/model/tokenizer/tokenizer.js";
import { TokenizerJson } from "../../../src/model/tokenizer/tokenizer-json/tokenizer-json.js";
import { byteTokenizer } from "../../support/tiny-model.js";

/** The piece of each token, followed by the piece of the end. */
function pieces(tokenizer: Pick<Tokenizer, "decode">, ids: readonly number[]): string[] {
  const stream = new TextStream(tokenizer);
  return [...ids.map((id) => stream.push(id)), stream.end()];
}

/** The ids of bytes. */
const ofBytes = (...codes: number[]) => {
  const ids = byteTokenizer.encode("é");
  assert.equal(ids.length, 2, "one token per byte");
  // 0xC3 is one of the bytes that stand for themselves; their ids follow the order of the bytes.
  return codes.map((code) => ids[0]! + code - 0xc3);
};

describe("the text of a stream of tokens", () => {
  it("waits for the last byte of a character", () => {
    assert.deepEqual(pieces(byteTokenizer, byteTokenizer.encode("aé€😀b")), [
      "a",
      "",
      "é",
      "",
      "",
      "€",
      "",
      "",
      "",
      "😀",
      "b",
      "",
    ]);
  });

  it("shows the bytes of an incomplete character as U+FFFD", () => {
    const ids = [...byteTokenizer.encode("a€").slice(0, -1)];
    assert.deepEqual(pieces(byteTokenizer, ids), ["a", "", "", "\uFFFD"]);
    assert.deepEqual(pieces(byteTokenizer, [...ofBytes(0xe2), ...byteTokenizer.encode("b")]), ["", "\uFFFDb", ""]);
  });

  it("omits special tokens", () => {
    const { eosId } = byteTokenizer;
    assert.deepEqual(pieces(byteTokenizer, [...byteTokenizer.encode("a"), eosId]), ["a", "", ""]);
    assert.deepEqual(pieces(byteTokenizer, []), [""]);
  });

  it("equals the decoded text for any token ids", () => {
    const id = fc.nat({ max: byteTokenizer.vocabSize - 1 });
    fc.assert(
      fc.property(fc.array(id, { maxLength: 40 }), (ids) => {
        assert.equal(pieces(byteTokenizer, ids).join(""), byteTokenizer.decode(ids));
      }),
      { numRuns: 300 },
    );
  });
});

const folder = "test/fixtures/tokenizers";
const { texts, tokenizers } = JSON.parse(await readFile(`${folder}/vectors.json`, "utf8")) as {
  texts: string[];
  tokenizers: Record<string, { ids: number[][] }>;
};

describe("the pieces join to the decoded text with the tokenizer", () => {
  for (const [name, { ids }] of Object.entries(tokenizers)) {
    it(name, async () => {
      const tokenizer = new TokenizerJson(await readFile(`${folder}/${name}.json`, "utf8"), name, {
        splitSpecial: false,
      });
      const late = ids.map((of, i) => {
        const found = pieces(tokenizer, of);
        assert.equal(found.join(""), tokenizer.decode(of), JSON.stringify(texts[i]));
        return found.at(-1)!.length;
      });
      assert.ok(late.filter((length) => length > 0).length <= 2, `lengths left for the end: ${late}`);
    });
  }
});
