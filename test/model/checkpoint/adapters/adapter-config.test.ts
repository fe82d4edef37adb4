import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { InputError } from "../../../../src/base/errors.js";
import { adapterConfigFields, parseAdapterConfig } from "../../../../src/model/checkpoint/adapters/adapter-config.js";

const written = (name: string) =>
  JSON.parse(readFileSync(`test/fixtures/adapters/${name}/adapter_config.json`, "utf8")) as Record<string, unknown>;
const parse = (changes: Record<string, unknown>) =>
  parseAdapterConfig(JSON.stringify({ ...written("llama"), ...changes }), "adapter_config.json");

const llama = {
  rank: 3,
  alpha: 6,
  dropout: 0.1,
  targetModules: ["down_proj", "q_proj"],
  rsLora: true,
  fanInFanOut: false,
  baseModel: "someone/tiny",
};

test("a config written by PEFT is read", () => {
  assert.deepEqual(parse({}), llama);
  assert.deepEqual(parseAdapterConfig(JSON.stringify(written("gpt2")), ""), {
    rank: 2,
    alpha: 5,
    dropout: 0,
    targetModules: ".*h\\.1\\.attn\\.c_(attn|proj)",
    rsLora: false,
    fanInFanOut: true,
  });
});

test("a written config has the same values as PEFT's and is read back unchanged", () => {
  const fields = adapterConfigFields(llama);
  assert.deepEqual(parseAdapterConfig(JSON.stringify(fields), ""), llama);
  const theirs = written("llama");
  for (const [name, value] of Object.entries(fields)) assert.deepEqual(value, theirs[name], name);
});

test("fields missing in older versions of PEFT have its defaults", () => {
  const minimal = { peft_type: "LORA", r: 8, lora_alpha: 16, target_modules: ["c_attn"] };
  const expected = { rank: 8, alpha: 16, dropout: 0, targetModules: ["c_attn"], rsLora: false, fanInFanOut: false };
  assert.deepEqual(parseAdapterConfig(JSON.stringify(minimal), ""), expected);
});

const refused: readonly [Record<string, unknown>, RegExp][] = [
  [{ peft_type: "IA3" }, /peft_type = "IA3", expected "LORA"/],
  [{ task_type: "SEQ_CLS" }, /task_type = "SEQ_CLS", expected "CAUSAL_LM"/],
  [{ r: 0 }, /r = 0, expected/],
  [{ r: undefined }, /r = nothing, expected/],
  [{ lora_alpha: "16" }, /lora_alpha = "16", expected number/],
  [{ lora_dropout: 1.5 }, /lora_dropout = 1\.5/],
  [{ target_modules: null }, /target_modules = null, expected names of modules, or a regular expression/],
  [{ target_modules: [] }, /target_modules = \[\], expected/],
  [{ bias: "all" }, /bias = "all", expected "none"/],
  [
    { modules_to_save: ["lm_head"] },
    /modules_to_save = \["lm_head"\], expected none: whole modules that were trained beside the adapter/,
  ],
  [{ rank_pattern: { q_proj: 8 } }, /rank_pattern = \{"q_proj":8\}, expected none: all layers have the rank r here/],
  [{ alpha_pattern: { q_proj: 8 } }, /alpha_pattern = .*, expected none: all layers have the same lora_alpha/],
  [{ use_dora: true }, /use_dora = true, expected none: it is not supported/],
  [{ lora_bias: true }, /lora_bias = true/],
  [{ layers_to_transform: [0] }, /layers_to_transform = \[0\]/],
  [
    { init_lora_weights: "pissa" },
    /init_lora_weights = "pissa", expected a start that leaves the base model as it is: true/,
  ],
  [{ something_of_tomorrow: 1 }, /something_of_tomorrow = 1, expected none: it is not supported/],
];

for (const [changes, message] of refused) {
  test(`${JSON.stringify(changes)} is refused`, () => {
    assert.throws(
      () => parse(changes),
      (error: Error) => {
        assert.ok(error instanceof InputError, error.stack);
        assert.match(error.message, message);
        return error.message.startsWith("adapter_config.json: found ");
      },
    );
  });
}

test("a field with a very long name is refused, with the name shortened in the message", () => {
  assert.throws(() => parse({ ["a".repeat(100_000)]: 1 }), {
    name: "InputError",
    message: `adapter_config.json: found ${"a".repeat(59)}… = 1, expected none: it is not supported`,
  });
});
