import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { Random } from "../../../src/base/random.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../../src/engine/program-cache.js";
import { tensor } from "../../../src/graph/tensor.js";
import { initialLora, loraLayers } from "../../../src/model/parameters/lora/lora.js";
import { initialParameters } from "../../../src/model/parameters/parameters.js";
import { configDigest, stateDigest } from "../../../src/model/policy/fingerprint.js";
import { Policy } from "../../../src/model/policy/policy.js";
import { loadAdapter, savePolicy } from "../../../src/model/policy/policy-files.js";
import { trainTokenizer } from "../../../src/model/tokenizer/train-tokenizer.js";
import { emptyFolder } from "../../support/folder.js";
import { byteTokenizer, tinyConfig, tinyPolicy } from "../../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());
const lora = { rank: 2, alpha: 4, targets: ["q_proj", "down_proj"] };
const adapterOf = (seed: number) => initialLora(tinyConfig, lora, Random.seeded(seed));

describe("a model's fingerprint", () => {
  it("consists of SHA-256 digests that stay the same after saving and loading", async (t) => {
    const folder = join(emptyFolder(t), "model");
    const policy = await tinyPolicy(programs);
    const found = await policy.fingerprint();
    assert.deepEqual(Object.keys(found), ["config", "tokenizer", "parameters"]);
    for (const digest of Object.values(found)) assert.match(digest, /^[0-9a-f]{64}$/);
    await policy.save(folder);
    assert.deepEqual(await (await Policy.load(programs, folder)).fingerprint(), found);
    assert.deepEqual(await (await Policy.loadBase(programs, folder)).fingerprint(), found);
  });

  it("differs only in the parts of the model that differ: config, tokenizer, adapter or base", async (t) => {
    const model = await tinyPolicy(programs);
    const whole = await model.fingerprint();
    const adapted = await model.withAdapter(lora, adapterOf(1));
    const first = await adapted.fingerprint();
    assert.equal(first.base, whole.parameters);
    assert.deepEqual(await adapted.withoutAdapter().fingerprint(), whole);
    const second = await (await model.withAdapter(lora, adapterOf(2))).fingerprint();
    assert.deepEqual({ ...second, parameters: "" }, { ...first, parameters: "" });
    assert.notEqual(second.parameters, first.parameters);
    const onOther = await (await (await tinyPolicy(programs, 2)).withAdapter(lora, adapterOf(1))).fingerprint();
    assert.deepEqual({ ...onOther, base: "" }, { ...first, base: "" });
    assert.notEqual(onOther.base, first.base);
    const parameters = initialParameters(tinyConfig, Random.seeded(1));
    const otherConfig = await Policy.create(programs, {
      config: { ...tinyConfig, normEpsilon: 2 * tinyConfig.normEpsilon },
      parameters,
      tokenizer: byteTokenizer,
    });
    assert.deepEqual({ ...(await otherConfig.fingerprint()), config: "" }, { ...whole, config: "" });
    assert.notEqual((await otherConfig.fingerprint()).config, whole.config);
    const otherWords = await Policy.create(programs, {
      config: tinyConfig,
      parameters,
      tokenizer: {
        ...byteTokenizer,
        files: trainTokenizer(["a b a b"], { vocabSize: byteTokenizer.vocabSize + 1 }).files,
      },
    });
    assert.deepEqual({ ...(await otherWords.fingerprint()), tokenizer: "" }, { ...whole, tokenizer: "" });
    assert.notEqual((await otherWords.fingerprint()).tokenizer, whole.tokenizer);

    const folder = join(emptyFolder(t), "adapter");
    await savePolicy(adapted, folder);
    assert.deepEqual(await (await loadAdapter(model, folder)).fingerprint(), first);
  });

  it("has the tokens that end a response, which a folder may name outside the tokenizer's files", async (t) => {
    const folder = join(emptyFolder(t), "model");
    const policy = await tinyPolicy(programs);
    await policy.save(folder);
    const { eosId } = byteTokenizer;
    writeFileSync(join(folder, "generation_config.json"), JSON.stringify({ eos_token_id: [eosId, 70, 65] }));
    const loaded = await Policy.load(programs, folder);
    const found = await loaded.fingerprint();
    assert.deepEqual(found, { ...(await policy.fingerprint()), stops: [eosId, 65, 70].toSorted((a, b) => a - b) });
    await loaded.save(`${folder}-again`);
    assert.deepEqual(await (await Policy.load(programs, `${folder}-again`)).fingerprint(), found);
  });

  it("of a config depends on its content, not on field order or the form of an adapter's targets", () => {
    const reversed = Object.fromEntries(Object.entries(tinyConfig).toReversed()) as unknown as typeof tinyConfig;
    assert.equal(configDigest(reversed), configDigest(tinyConfig));
    const named = loraLayers(tinyConfig, lora).map(({ name }) => name);
    const same = configDigest({ ...tinyConfig, adapter: lora });
    assert.equal(
      configDigest({ ...tinyConfig, adapter: { ...lora, targets: named, dropout: 0, rsLora: false } }),
      same,
    );
    for (const other of [{ rank: 3 }, { alpha: 5 }, { rsLora: true }, { dropout: 0.1 }, { targets: ["q_proj"] }]) {
      assert.notEqual(configDigest({ ...tinyConfig, adapter: { ...lora, ...other } }), same);
    }
  });

  it("of tensors depends on names, shapes and values, not on their order", async () => {
    const digest = async (...tensors: [string, number[], number[]][]) =>
      stateDigest(
        await engine.createState(tensors.map(([name, shape, data]) => [name, tensor(shape, Float32Array.from(data))])),
      );
    const found = await digest(["a", [2], [1, 2]], ["b", [1, 2], [3, 4]]);
    assert.equal(await digest(["b", [1, 2], [3, 4]], ["a", [2], [1, 2]]), found);
    for (const other of [
      await digest(["a", [2], [1, 2]], ["b", [2, 1], [3, 4]]),
      await digest(["a", [2], [1, 2]], ["b", [1, 2], [3, 5]]),
      await digest(["a", [2], [1, 2]], ["c", [1, 2], [3, 4]]),
      await digest(["a", [4], [1, 2, 3, 4]]),
    ])
      assert.notEqual(other, found);
  });

  it("of a base is computed once for all its adapters, and again after prepareToWrite", async () => {
    const model = await tinyPolicy(programs);
    const [state] = model.states;
    let reads = 0;
    const read = state!.read.bind(state!);
    state!.read = (names) => (reads++, read(names));
    const [one, two] = [await model.withAdapter(lora, adapterOf(1)), await model.withAdapter(lora, adapterOf(2))];
    const { base } = await one.fingerprint();
    assert.equal(reads, state!.names.length);
    assert.equal((await two.fingerprint()).base, base);
    assert.equal(reads, state!.names.length);
    for (const policy of [one, two]) await policy.free();
    await model.prepareToWrite();
    assert.equal((await (await model.withAdapter(lora, adapterOf(1))).fingerprint()).base, base);
    assert.equal(reads, 2 * state!.names.length);
  });
});
