import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { InputError } from "../../../src/base/errors.js";
import { loadTokenizer, tokenizerFromFiles } from "../../../src/model/tokenizer/load-tokenizer.js";
import { emptyFolder } from "../../support/folder.js";

const folder = "test/fixtures/checkpoints/tiny";
const names = ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja"];
const files = new Map(names.map((name) => [name, readFileSync(`${folder}/${name}`, "utf8")]));

/** The fixture with fields of `tokenizer_config.json` changed, and without its own chat template. */
function changed(config: Record<string, unknown>, json: Record<string, unknown> = {}) {
  const merge = (name: string, changes: object) =>
    JSON.stringify({ ...(JSON.parse(files.get(name)!) as object), ...changes });
  return tokenizerFromFiles(
    new Map([
      ["tokenizer.json", merge("tokenizer.json", json)],
      ["tokenizer_config.json", merge("tokenizer_config.json", config)],
    ]),
    "m",
  );
}

const bosFirst = {
  type: "TemplateProcessing",
  single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
  pair: [
    { SpecialToken: { id: "<s>", type_id: 0 } },
    { Sequence: { id: "A", type_id: 0 } },
    { Sequence: { id: "B", type_id: 0 } },
  ],
  special_tokens: { "<s>": { id: "<s>", ids: [1], tokens: ["<s>"] } },
};

test("a folder written by transformers is loaded", async () => {
  const tokenizer = await loadTokenizer(folder);
  assert.equal(tokenizer.eosId, 2);
  assert.equal(tokenizer.padId, 0);
  assert.equal(tokenizer.bosId, undefined);
  assert.deepEqual(tokenizer.files, files);
  const ids = tokenizer.encode("the cat sat on the mat.");
  assert.ok(Math.max(...ids) < tokenizer.vocabSize);
  assert.equal(tokenizer.decode(ids), "the cat sat on the mat.");
});

test("the unknown token is the vocabulary's, unless it ends or begins texts too", () => {
  const { model } = JSON.parse(files.get("tokenizer.json")!) as { model: object };
  const withUnknown = (unk_token: string | null) => changed({}, { model: { ...model, unk_token } }).unkId;
  assert.equal(withUnknown("?"), 7);
  assert.equal(withUnknown("</s>"), undefined);
  assert.equal(withUnknown("<s>"), undefined);
  assert.equal(withUnknown(null), undefined);
});

test("special tokens written by the folder's chat template are encoded as their ids", async () => {
  const tokenizer = await loadTokenizer(folder);
  const prompt = tokenizer.renderPrompt([{ role: "user", content: "the cat" }]);
  assert.deepEqual(prompt, { bos: "", text: "<s><|user|>the cat</s><|assistant|>" });
  assert.deepEqual(tokenizer.encode(prompt.text), [1, 3, ...tokenizer.encode("the cat"), 2, 4]);
});

test("decoding omits special tokens and ids beyond the vocabulary, and keeps all spaces", async () => {
  const tokenizer = await loadTokenizer(folder);
  assert.equal(tokenizer.decode([1, 3, ...tokenizer.encode("the  cat . "), 2, 0, 63]), "the  cat . ");
  assert.equal(tokenizer.decode([2, 0]), "");
  assert.equal(tokenizer.decode([]), "");
});

test("special tokens in a text stay text if split_special_tokens is true", () => {
  const plain = changed({ split_special_tokens: true });
  assert.ok(!plain.encode("the </s>").includes(2));
  assert.ok(changed({}).encode("the </s>").includes(2));
  assert.equal(plain.decode([...plain.encode("the cat"), 2]), "the cat");
});

test("add_bos_token decides whether there is a BOS, and otherwise the post-processor", () => {
  assert.equal(changed({}).bosId, undefined);
  assert.equal(changed({ add_bos_token: true }).bosId, 1);
  assert.equal(changed({}, { post_processor: bosFirst }).bosId, 1);
  assert.equal(changed({ add_bos_token: true, bos_token: null }).bosId, undefined);
  assert.equal(changed({ add_bos_token: false }, { post_processor: bosFirst }).bosId, undefined);
  assert.deepEqual(changed({}, { post_processor: bosFirst }).encode("").length, 0);
});

test("a BOS written by the template is returned separately, so that it is not duplicated", () => {
  const chat_template = "{{ bos_token }}{{ messages[0]['content'] }}";
  const messages = [{ role: "user", content: "hi" }] as const;
  assert.deepEqual(changed({ chat_template, add_bos_token: true }).renderPrompt(messages), { bos: "<s>", text: "hi" });
  assert.deepEqual(changed({ chat_template: "hi", add_bos_token: true }).renderPrompt(messages), {
    bos: "",
    text: "hi",
  });
  assert.deepEqual(changed({ chat_template }).renderPrompt(messages), { bos: "", text: "<s>hi" });
  const split = { add_bos_token: true, split_special_tokens: true };
  assert.deepEqual(changed({ chat_template, ...split }).renderPrompt(messages), { bos: "<s>", text: "hi" });
  assert.deepEqual(changed({ chat_template: "hi", ...split }).renderPrompt(messages), { bos: "<s>", text: "hi" });
});

test("among named templates, the one named default is used", () => {
  const chat_template = [
    { name: "tool_use", template: "no" },
    { name: "default", template: "yes" },
  ];
  assert.equal(changed({ chat_template }).renderPrompt([{ role: "user", content: "hi" }]).text, "yes");
});

test("stopIds lists EOS first, then the tokens given by the model's files and the chat template", async (t) => {
  assert.deepEqual(changed({}).stopIds, [2]);
  const chat_template = "{% for message in messages %}{{ message.role + message.content }}<|user|>\n{% endfor %}";
  assert.deepEqual(changed({ chat_template }).stopIds, [2, 3]);
  assert.deepEqual(tokenizerFromFiles(files, "m", [4, 2]).stopIds, [2, 4]);
  assert.equal(changed({ chat_template }).decode([3]), "");

  const folder = emptyFolder(t);
  for (const [name, text] of files) await writeFile(join(folder, name), text);
  const stopsWith = async (name: string, content: object) => {
    await writeFile(join(folder, name), JSON.stringify(content));
    return (await loadTokenizer(folder)).stopIds;
  };
  assert.deepEqual(await stopsWith("config.json", { eos_token_id: [2, 3] }), [2, 3]);
  assert.deepEqual(await stopsWith("generation_config.json", {}), [2, 3]);
  assert.deepEqual(await stopsWith("generation_config.json", { eos_token_id: 4 }), [2, 4]);
  await assert.rejects(
    stopsWith("generation_config.json", { eos_token_id: "</s>" }),
    /eos_token_id = "<\/s>", expected an id, or a list of ids/,
  );
});

test("tokens are strings or objects, also in special_tokens_map.json, and EOS is the default pad token", () => {
  const bare = JSON.stringify({ eos_token: { content: "</s>" }, pad_token: null });
  assert.equal(changed({ eos_token: { content: "</s>" }, pad_token: null }).padId, 2);
  const older = new Map([
    ["tokenizer.json", files.get("tokenizer.json")!],
    ["tokenizer_config.json", "{}"],
    ["special_tokens_map.json", bare],
  ]);
  assert.equal(tokenizerFromFiles(older).eosId, 2);
});

test("an exception raised by the template is reported as an InputError", () => {
  const tokenizer = changed({ chat_template: "{{ raise_exception('no system turns') }}" });
  assert.throws(
    () => tokenizer.renderPrompt([{ role: "system", content: "x" }]),
    (error: Error) => {
      assert.ok(error instanceof InputError);
      return /tokenizer_config.json: .*\(system\).*no system turns/.test(error.message);
    },
  );
});

const refused: readonly [() => unknown, RegExp][] = [
  [() => tokenizerFromFiles(new Map(), "m"), /tokenizer\.json: no such file in .*; expected a tokenizer/],
  [
    () => tokenizerFromFiles(new Map([["tokenizer.json", files.get("tokenizer.json")!]]), "m"),
    /tokenizer_config\.json: no such file/,
  ],
  [() => tokenizerFromFiles(new Map([...files, ["tokenizer.json", "{"]])), /not JSON/],
  [() => tokenizerFromFiles(new Map([...files, ["tokenizer.json", "{}"]])), /added_tokens = nothing, expected array/],
  [() => changed({ eos_token: null }), /no eos_token/],
  [() => changed({ eos_token: "<end>" }), /eos_token = "<end>", expected a token of tokenizer.json/],
  [() => changed({ eos_token: 2 }), /eos_token = 2, expected the token's text/],
  [
    () => changed({}).renderPrompt([{ role: "user", content: "hi" }]),
    /tokenizer_config\.json: found no chat template for a conversation, expected a chat_template there, or a file chat_template\.jinja/,
  ],
  [
    () => changed({ bos_token: "</s>" }, { post_processor: bosFirst }),
    /a post_processor of tokenizer\.json that puts "<s>" before a text, expected one that puts bos_token there/,
  ],
  [() => changed({ chat_template: "{% for %}" }), /chat template that does not parse/],
  [
    () => changed({ chat_template: [{ name: "rag", template: "" }] }),
    /chat templates "rag", expected one named "default"/,
  ],
  [() => changed({}, { decoder: { type: "Quantum" } }), /decoder\.type = "Quantum", expected one of ByteLevel/],
];

for (const [load, message] of refused) {
  test(`refused: ${message.source}`, () => {
    assert.throws(load, (error: Error) => {
      assert.ok(error instanceof InputError, error.stack);
      assert.match(error.message, message);
      return true;
    });
  });
}
