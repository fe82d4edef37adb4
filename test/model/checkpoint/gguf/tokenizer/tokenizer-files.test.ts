import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { Metadata, type MetadataValue } from "../../../../../src/model/checkpoint/gguf/metadata.js";
import { preTokenizers } from "../../../../../src/model/checkpoint/gguf/tokenizer/pre-tokenizers.js";
import { tokenizerFiles } from "../../../../../src/model/checkpoint/gguf/tokenizer/tokenizer-files.js";
import { tokenizerFromFiles } from "../../../../../src/model/tokenizer/load-tokenizer.js";
import type { Tokenizer } from "../../../../../src/model/tokenizer/tokenizer.js";

type Values = Readonly<Record<string, MetadataValue | undefined>>;

/** The tokenizer of these metadata, with `tokenizer.` added before each key. */
function tokenizerOf(values: Values): Tokenizer {
  const { files, stops } = storedOf(values);
  return tokenizerFromFiles(files, "x.gguf", stops);
}

function storedOf(values: Values) {
  const given = Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [[`tokenizer.${key}`, value] as const],
  );
  return tokenizerFiles(new Metadata(new Map(given), "x.gguf"));
}

const read = <Content>(name: string) => JSON.parse(readFileSync(`test/fixtures/gguf/${name}.json`, "utf8")) as Content;

const bytePairs = read<{ tokens: string[]; merges: string[]; texts: string[]; ids: Record<string, number[][]> }>(
  "pre-tokenizers",
);
const [normal, unknown, control, userDefined, unused] = [1, 2, 3, 4, 5] as const;
const byteLevel: Values = {
  "ggml.model": "gpt2",
  "ggml.pre": "gpt-2",
  "ggml.tokens": bytePairs.tokens,
  "ggml.token_type": bytePairs.tokens.map((token, id) =>
    id < 3 ? control : token === "<tool>" ? userDefined : normal,
  ),
  "ggml.merges": bytePairs.merges,
  "ggml.bos_token_id": 1,
  "ggml.eos_token_id": 2,
};

describe("byte-pair pre-tokenizers", () => {
  for (const [name, expected] of Object.entries(bytePairs.ids)) {
    test(name, () => {
      const tokenizer = tokenizerOf({ ...byteLevel, "ggml.pre": name });
      bytePairs.texts.forEach((text, i) => assert.deepEqual(tokenizer.encode(text), expected[i], JSON.stringify(text)));
    });
  }

  test("give at least six different encodings of the texts", () => {
    const distinct = new Set(Object.values(bytePairs.ids).map((ids) => JSON.stringify(ids)));
    assert.ok(distinct.size >= 6, `${distinct.size} of ${Object.keys(bytePairs.ids).length}`);
  });

  test("are refused by name if unknown, or if the file names none", () => {
    const known = Object.keys(preTokenizers).join(", ");
    assert.throws(() => tokenizerOf({ ...byteLevel, "ggml.pre": "kimi-k2" }), {
      name: "InputError",
      message: `x.gguf: found tokenizer.ggml.pre = "kimi-k2", expected one of ${known}`,
    });
    assert.throws(() => tokenizerOf({ ...byteLevel, "ggml.pre": undefined }), {
      message: "x.gguf: found tokenizer.ggml.pre = nothing, expected string",
    });
  });
});

describe("the token settings of a file", () => {
  test("make control tokens special, keep user-defined tokens as text, and drop unused tokens", () => {
    const types = [...(byteLevel["ggml.token_type"] as number[]), unused];
    const tokenizer = tokenizerOf({
      ...byteLevel,
      "ggml.tokens": [...bytePairs.tokens, "[PAD9]"],
      "ggml.token_type": types,
    });
    const tool = bytePairs.tokens.indexOf("<tool>");
    assert.deepEqual(tokenizer.encode("<|im_end|><tool>"), [2, tool]);
    assert.equal(tokenizer.decode([2, tool]), "<tool>");
    assert.equal(tokenizer.vocabSize, bytePairs.tokens.length);
    assert.ok(!tokenizer.encode("[PAD9]").includes(bytePairs.tokens.length));
  });

  test("set the BOS, which otherwise depends on the pre-tokenizer", () => {
    assert.equal(tokenizerOf(byteLevel).bosId, undefined);
    assert.equal(tokenizerOf({ ...byteLevel, "ggml.add_bos_token": true }).bosId, 1);
    assert.equal(tokenizerOf({ ...byteLevel, "ggml.pre": "llama-bpe" }).bosId, 1);
    assert.equal(tokenizerOf({ ...byteLevel, "ggml.pre": "llama-bpe", "ggml.add_bos_token": false }).bosId, undefined);
    assert.throws(() => tokenizerOf({ ...byteLevel, "ggml.add_bos_token": true, "ggml.bos_token_id": undefined }), {
      message: "x.gguf: found a BOS to add, but no tokenizer.ggml.bos_token_id, expected its id",
    });
  });

  test("include end-of-turn and end-of-message tokens as stop ids, and EOS as the default pad token", () => {
    const tokenizer = tokenizerOf({ ...byteLevel, "ggml.eot_token_id": 0, "ggml.eom_token_id": 1 });
    assert.deepEqual(tokenizer.stopIds, [2, 0, 1]);
    assert.equal(tokenizer.padId, 2);
    assert.equal(tokenizerOf({ ...byteLevel, "ggml.padding_token_id": 0 }).padId, 0);
  });

  test("include the chat template", () => {
    const tokenizer = tokenizerOf({ ...byteLevel, chat_template: "{{ bos_token }}{{ messages[0]['content'] }}" });
    assert.equal(tokenizer.renderPrompt([{ role: "user", content: "hi" }]).text, "<|im_start|>hi");
    assert.throws(() => tokenizerOf(byteLevel).renderPrompt([{ role: "user", content: "hi" }]), /no chat template/);
  });

  test("are refused if invalid", () => {
    const refused: readonly (readonly [Values, RegExp])[] = [
      [{ "ggml.model": "bert" }, /tokenizer\.ggml\.model = "bert", expected one of gpt2, llama, t5$/],
      [
        { "ggml.eos_token_id": 9999 },
        /tokenizer\.ggml\.eos_token_id = 9999, expected an id below 404, the number of tokens$/,
      ],
      [{ "ggml.eos_token_id": undefined }, /tokenizer\.ggml\.eos_token_id = nothing/],
      [{ "ggml.token_type": [1, 2] }, /2 entries of tokenizer\.ggml\.token_type, expected 404, one for each token$/],
      [{ "ggml.merges": ["ab"] }, /the merge "ab", expected two tokens with a space between them$/],
      [{ "ggml.tokens": 7 }, /tokenizer\.ggml\.tokens = 7, expected array$/],
    ];
    for (const [change, message] of refused)
      assert.throws(() => tokenizerOf({ ...byteLevel, ...change }), { name: "InputError", message });
  });
});

interface Pieces {
  readonly tokens: string[];
  readonly scores: number[];
  readonly types: number[];
  readonly charsmap: string;
  readonly ids: number[][];
  readonly decoded: string[];
}
const sentencePiece = read<{ texts: string[]; bpe: Pieces; unigram: Pieces }>("sentence-piece");

function pieceValues(model: string, { tokens, scores, types, charsmap }: Pieces): Values {
  const map = [...Buffer.from(charsmap, "base64")];
  return {
    "ggml.model": model,
    "ggml.tokens": tokens,
    "ggml.scores": scores,
    "ggml.token_type": types,
    "ggml.precompiled_charsmap": map.length > 0 ? map : undefined,
    "ggml.bos_token_id": 1,
    "ggml.eos_token_id": 2,
    "ggml.unknown_token_id": types.indexOf(unknown),
    "ggml.add_bos_token": false,
  };
}

/**
 * Texts for which Hugging Face's unigram, which is followed here, differs from SentencePiece's: it rewrites a grapheme
 * cluster as one character, and finds the names of byte tokens in texts.
 */
const readOtherwise = /<0x0A>|\r\n|\p{M}|\u200d|\p{Emoji_Modifier}|\p{Regional_Indicator}/u;

describe("SentencePiece vocabularies, compared with SentencePiece,", () => {
  for (const [model, pieces] of [
    ["llama", sentencePiece.bpe],
    ["t5", sentencePiece.unigram],
  ] as const) {
    test(model, () => {
      const tokenizer = tokenizerOf(pieceValues(model, pieces));
      sentencePiece.texts.forEach((text, i) => {
        if (model === "t5" && readOtherwise.test(text)) return;
        assert.deepEqual(tokenizer.encode(text), pieces.ids[i], JSON.stringify(text));
        assert.equal(tokenizer.decode(pieces.ids[i]!), pieces.decoded[i], JSON.stringify(text));
      });
    });
  }

  test("add no space before the text if add_space_prefix is false", () => {
    const tokenizer = tokenizerOf({ ...pieceValues("llama", sentencePiece.bpe), "ggml.add_space_prefix": false });
    assert.equal(tokenizer.decode(tokenizer.encode(" the cat")), " the cat");
    assert.notDeepEqual(
      tokenizer.encode("the cat"),
      tokenizerOf(pieceValues("llama", sentencePiece.bpe)).encode("the cat"),
    );
  });

  test("are refused if they remove extra whitespace", () => {
    const values = { ...pieceValues("t5", sentencePiece.unigram), "ggml.remove_extra_whitespaces": true };
    assert.throws(
      () => tokenizerOf(values),
      /remove_extra_whitespaces = true, expected false: what lies between a prompt and a response would be lost$/,
    );
  });
});
