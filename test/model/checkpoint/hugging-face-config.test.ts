import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { InputError } from "../../../src/base/errors.js";
import {
  configText,
  huggingFaceConfig,
  huggingFaceGenerationConfig,
  parseHuggingFaceConfig,
} from "../../../src/model/checkpoint/hugging-face-config.js";
import type { LlamaConfig } from "../../../src/model/config.js";
import { trainTokenizer } from "../../../src/model/tokenizer/train-tokenizer.js";
import { architectureCases, caseText } from "../../support/model-case.js";

const written = JSON.parse(readFileSync("test/fixtures/checkpoints/tiny/config.json", "utf8")) as Record<
  string,
  unknown
>;
const tiny: LlamaConfig = {
  architecture: "llama",
  vocabSize: 64,
  hiddenSize: 16,
  intermediateSize: 32,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 4,
  contextLength: 32,
  ropeTheta: 10000,
  normEpsilon: 1e-6,
  tiedEmbeddings: false,
  initializerRange: 0.2,
};

const parse = (changes: Record<string, unknown>) =>
  parseHuggingFaceConfig(JSON.stringify({ ...written, ...changes }), "config.json") as LlamaConfig;

test("a config.json written by transformers is read", () => {
  assert.deepEqual(parse({}), tiny);
});

test("a written config is read back unchanged", () => {
  const tokenizer = trainTokenizer([]);
  const other = { ...tiny, headSize: 6, ropeTheta: 500000, tiedEmbeddings: true, normEpsilon: 1e-5 };
  assert.deepEqual(parseHuggingFaceConfig(JSON.stringify(huggingFaceConfig(other, tokenizer)), ""), other);
  assert.deepEqual(huggingFaceGenerationConfig(tokenizer), { bos_token_id: 1, eos_token_id: 2, pad_token_id: 0 });
});

for (const name of architectureCases) {
  test(`a config of transformers is written with the same values and read back unchanged (${name})`, async () => {
    const text = await caseText(`architectures/${name}`, "config.json");
    const config = parseHuggingFaceConfig(text, "");
    const again = huggingFaceConfig(config, trainTokenizer([]));
    assert.deepEqual(parseHuggingFaceConfig(JSON.stringify(again), ""), config);
    // Fields that transformers writes too have the same values; the special ids come from the tokenizer.
    const theirs = JSON.parse(text) as Record<string, unknown>;
    for (const field of Object.keys(again).filter(
      (field) => field in theirs && !/^(bos|eos|pad)_token_id$/.test(field),
    )) {
      const same = field === "hidden_act" && name === "gpt-neox" ? "gelu_new" : theirs[field];
      assert.deepEqual(again[field], same, field);
    }
  });
}

test("numbers that transformers requires as floats are written with a decimal point", () => {
  const text = configText({ attn_logit_softcapping: 50, final_logit_softcapping: 2.5, vocab_size: 30 });
  assert.match(text, /"attn_logit_softcapping": 50\.0,\n  "final_logit_softcapping": 2\.5,\n  "vocab_size": 30\n/);
  assert.match(configText({ final_logit_softcapping: 30 }), /"final_logit_softcapping": 30\.0\n/);
  assert.match(
    configText({ router_aux_loss_coef: 0, router_jitter_noise: 0 }),
    /"router_aux_loss_coef": 0\.0,\n  "router_jitter_noise": 0\.0\n/,
  );
});

test("fields are written in alphabetical order, as in transformers", () => {
  const fields = Object.keys(huggingFaceConfig(tiny, trainTokenizer([])));
  assert.deepEqual(fields, [...fields].sort());
});

test("missing fields have the defaults of transformers", () => {
  const { vocab_size, hidden_size, intermediate_size, num_hidden_layers, num_attention_heads } = written;
  const minimal = {
    model_type: "llama",
    vocab_size,
    hidden_size,
    intermediate_size,
    num_hidden_layers,
    num_attention_heads,
  };
  const expected = { ...tiny, kvHeads: 4, contextLength: 2048, initializerRange: 0.02 };
  assert.deepEqual(parseHuggingFaceConfig(JSON.stringify(minimal), ""), expected);
});

test("the rotary base is read from the fields of transformers 4 and of transformers 5", () => {
  assert.equal(parse({ rope_parameters: null, rope_theta: 5000 }).ropeTheta, 5000);
  assert.equal(
    parse({ rope_parameters: { rope_type: "default", rope_theta: 7000 }, rope_theta: 5000 }).ropeTheta,
    7000,
  );
});

const llama3 = {
  rope_type: "llama3",
  rope_theta: 500000,
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
};

test("rotary scaling is read from the fields of transformers 4 and of transformers 5, and written back", () => {
  const scaled = {
    ...tiny,
    ropeTheta: 500000,
    ropeScaling: {
      type: "llama3",
      factor: 8,
      lowFrequencyFactor: 1,
      highFrequencyFactor: 4,
      originalContextLength: 8192,
    },
  };
  assert.deepEqual(parse({ rope_parameters: llama3 }), scaled);
  assert.deepEqual(
    parse({ rope_parameters: null, rope_theta: 500000, rope_scaling: { ...llama3, rope_theta: undefined } }),
    scaled,
  );
  const linear = { ...tiny, ropeScaling: { type: "linear", factor: 2.5 } };
  assert.deepEqual(parse({ rope_scaling: { type: "linear", factor: 2.5 } }), linear);
  for (const config of [scaled, linear] as LlamaConfig[]) {
    assert.deepEqual(parseHuggingFaceConfig(JSON.stringify(huggingFaceConfig(config, trainTokenizer([]))), ""), config);
  }
});

test("YaRN and LongRoPE settings are read and written back, and missing ones stay missing", () => {
  const yarn = { rope_type: "yarn", factor: 4, beta_fast: 16, truncate: false, attention_factor: 1.5 };
  assert.deepEqual(parse({ rope_parameters: yarn }).ropeScaling, {
    ...{ type: "yarn", factor: 4, betaFast: 16, truncate: false, attentionFactor: 1.5 },
    originalContextLength: tiny.contextLength,
  });
  const longrope = { type: "su", short_factor: [1, 2], long_factor: [3, 4] };
  const long = parse({
    rope_parameters: null,
    rope_scaling: longrope,
    max_position_embeddings: 512,
    original_max_position_embeddings: 64,
  });
  assert.equal(long.contextLength, 64);
  assert.deepEqual(long.ropeScaling, {
    ...{ type: "longrope", shortFactors: [1, 2], longFactors: [3, 4] },
    ...{ originalContextLength: 64, extendedContextLength: 512 },
  });
  for (const config of [parse({ rope_parameters: yarn }), long]) {
    const again = huggingFaceConfig(config, trainTokenizer([]));
    assert.deepEqual(parseHuggingFaceConfig(JSON.stringify(again), ""), config);
  }
  assert.equal(huggingFaceConfig(long, trainTokenizer([]))["max_position_embeddings"], 512);
});

test("attention dropout and the name swish for SiLU are accepted", () => {
  assert.deepEqual(parse({ attention_dropout: 0.1, hidden_act: "swish" }), tiny);
});

const refused: readonly [Record<string, unknown>, RegExp][] = [
  [{ model_type: "bert" }, /model_type = "bert", expected one of "llama"\|"mistral"\|"qwen2"\|/],
  [{ model_type: undefined }, /model_type = nothing, expected one of "llama"/],
  [
    { architectures: ["LlamaForSequenceClassification"] },
    /"LlamaForSequenceClassification", expected "LlamaForCausalLM"/,
  ],
  [{ hidden_act: "gelu" }, /hidden_act = "gelu", expected one of "silu"\|"swish"/],
  [
    { rope_scaling: { type: "ntk", factor: 2 } },
    /rope_scaling.type = "ntk", expected one of "default"\|"linear"\|"dynamic"\|"yarn"/,
  ],
  [{ rope_parameters: { rope_type: "dynamic" } }, /rope_parameters.factor = nothing, expected number/],
  [{ rope_parameters: { rope_type: "yarn", factor: 2, mscale: 1 } }, /rope_parameters.mscale = 1/],
  [
    { rope_parameters: { rope_type: "longrope", short_factor: [1], long_factor: [1, 2] } },
    /1 numbers in short_factor, expected 2, one for each pair/,
  ],
  [{ rope_scaling: { type: "linear" } }, /rope_scaling.factor = nothing, expected number/],
  [
    { rope_parameters: { ...llama3, high_freq_factor: undefined } },
    /rope_parameters.high_freq_factor = nothing, expected number/,
  ],
  [
    { rope_parameters: { ...llama3, low_freq_factor: 4 } },
    /low_freq_factor = 4, expected a number below high_freq_factor = 4/,
  ],
  [{ rope_parameters: { partial_rotary_factor: 0.5 } }, /partial_rotary_factor = 0.5, expected 1/],
  [{ quantization_config: { bits: 4 } }, /quantization_config/],
  [{ vocab_size: "many" }, /vocab_size = "many", expected (number|int)/],
  [{ hidden_size: undefined }, /hidden_size = nothing/],
  [{ num_hidden_layers: 0 }, /num_hidden_layers = 0/],
  [{ num_key_value_heads: 3 }, /num_key_value_heads = 3, expected a divisor of num_attention_heads = 4/],
  [{ head_dim: 5 }, /heads of 5 elements, expected an even number/],
  [{ head_dim: null, hidden_size: 18 }, /heads of 4.5 elements/],
];

for (const [changes, message] of refused) {
  test(`${JSON.stringify(changes)} is refused`, () => {
    assert.throws(
      () => parse(changes),
      (error: Error) => {
        assert.ok(error instanceof InputError);
        assert.match(error.message, message);
        return error.message.startsWith("config.json: found ");
      },
    );
  });
}

test("more than 10,000 layers are refused in every architecture before a list of them is built", async () => {
  for (const name of architectureCases) {
    const text = await caseText(`architectures/${name}`, "config.json");
    const { layer_types: _, no_rope_layers: __, ...fields } = JSON.parse(text) as Record<string, unknown>;
    const field = "n_layer" in fields ? "n_layer" : "num_hidden_layers";
    // 2³² is also beyond the length of any array.
    for (const layers of [10_001, 2 ** 32]) {
      const config = JSON.stringify({ ...fields, [field]: layers });
      assert.throws(() => parseHuggingFaceConfig(config, "config.json"), {
        name: "InputError",
        message: `config.json: found ${field} = ${layers}, expected number to be <=10000`,
      });
    }
  }
});

test("a config nested more than 128 levels deep is refused", () => {
  const message = "config.json: found text that is not JSON (nested more than 128 levels deep), expected a JSON object";
  assert.throws(() => parseHuggingFaceConfig("[".repeat(10_000), "config.json"), { name: "InputError", message });
});
