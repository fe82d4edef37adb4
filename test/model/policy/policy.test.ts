import assert from "node:assert/strict";
import { inspect } from "node:util";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { countStates } from "../../../bench/count-states.js";
import { supervised } from "../../../src/align/sft.js";
import { Trainer } from "../../../src/align/trainer.js";
import { Random } from "../../../src/base/random.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../../src/engine/program-cache.js";
import { SafetensorsFile } from "../../../src/model/checkpoint/safetensors/safetensors-file.js";
import { initialLora } from "../../../src/model/parameters/lora/lora.js";
import { initialParameters } from "../../../src/model/parameters/parameters.js";
import { Policy } from "../../../src/model/policy/policy.js";
import { bundleOf } from "../../../src/notebook/bundle.js";
import { assertSameTensors } from "../../support/compare.js";
import { emptyFolder } from "../../support/folder.js";
import { randomSequences, tinyConfig, tinyPolicy } from "../../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

describe("a policy", () => {
  it("returns the parameters it was created with", async () => {
    const policy = await tinyPolicy(programs, 2);
    assertSameTensors(await policy.parameters(), initialParameters(tinyConfig, Random.seeded(2)));
  });

  it("has the same parameters, config and EOS after saving and loading", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sera-policy-"));
    try {
      const policy = await tinyPolicy(programs, 2);
      await policy.save(folder);
      const loaded = await Policy.load(programs, folder);
      assertSameTensors(await loaded.parameters(), await policy.parameters());
      assert.deepEqual(loaded.config, { ...tinyConfig });
      assert.equal(loaded.tokenizer.eosId, policy.tokenizer.eosId);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("keeps all fields of its config.json when saved, and has the requested dtype there and in its weights", async (t) => {
    const fixture = "test/fixtures/checkpoints/tiny";
    const folder = join(emptyFolder(t), "model");
    const policy = await Policy.load(programs, fixture);
    await policy.save(folder, { dtype: "bfloat16" });
    const read = async (name: string) => JSON.parse(await readFile(join(name, "config.json"), "utf8")) as object;
    assert.deepEqual(await read(folder), { ...(await read(fixture)), dtype: "bfloat16" });
    const weights = await SafetensorsFile.open(join(folder, "model.safetensors"));
    assert.deepEqual(new Set([...weights.tensors.values()].map(({ dtype }) => dtype)), new Set(["BF16"]));
    await weights.close();
    await policy.free();
  });

  it("cannot be read after it is freed", async () => {
    const policy = await tinyPolicy(programs);
    await policy.free();
    await assert.rejects(policy.parameters(), /this policy has been freed and cannot be used any more; load it again/);
  });
});

describe("state shared by policies", () => {
  const lora = { rank: 2, alpha: 4, targets: ["q_proj"] };
  const count = countStates(engine);
  const fresh = initialLora(tinyConfig, lora, Random.seeded(3));

  /** Runs `work` and asserts that it leaves no state in the engine. */
  const leavesNone = async (work: () => Promise<unknown>) => {
    const before = count();
    await work();
    const { states, bytes } = count();
    assert.deepEqual({ states, bytes }, { states: before.states, bytes: before.bytes });
  };

  it("is freed with the last policy that uses it, in any order, and each policy may be freed twice", async () => {
    const make = async () => {
      const model = await tinyPolicy(programs);
      const adapted = await model.withAdapter(lora, fresh);
      const other = await adapted.withParameters(await adapted.parameters());
      return [model, adapted, adapted.withoutAdapter(), other, model.share(), adapted.share()];
    };
    const orders = [
      [0, 1, 2, 3, 4, 5],
      [5, 4, 3, 2, 1, 0],
      [1, 0, 3, 5, 2, 4],
      [4, 2, 0, 5, 3, 1],
    ];
    for (const order of orders) {
      await leavesNone(async () => {
        const { states } = count();
        const policies = await make();
        assert.equal(count().states - states, 3, "the model and two adapters");
        for (const [done, i] of order.entries()) {
          await Promise.all([policies[i]!.free(), policies[i]!.free()]);
          await policies[i]!.free();
          for (const left of order.slice(done + 1)) await policies[left]!.mergedParameters();
        }
      });
    }
  });

  it("is freed at the end of its block by await using", () =>
    leavesNone(async () => {
      await using policy = await tinyPolicy(programs);
      await using adapted = await policy.withAdapter(lora, fresh);
      await adapted.parameters();
    }));

  it("is not leaked if creating a policy fails", () =>
    leavesNone(async () => {
      const model = await tinyPolicy(programs);
      const broken = new Map([...fresh].map(([name, values], i) => [name, i === 1 ? (undefined as never) : values]));
      await assert.rejects(model.withAdapter(lora, broken));
      await model.free();
    }));

  it("is unchanged if one of the policies is trained or replaced", async () => {
    const random = Random.seeded(4);
    const train = async (policy: Policy) => {
      const training = await Trainer.begin(
        policy,
        supervised,
        randomSequences(4, random),
        { batchSize: 4, epochs: 1, learningRate: 0.1 },
        random,
      );
      for await (const _ of training.steps());
      await training.end();
    };
    await leavesNone(async () => {
      const model = await tinyPolicy(programs);
      const before = await model.parameters();
      const [shared, adapted] = [model.share(), await model.withAdapter(lora, fresh)];
      const below = adapted.withoutAdapter();
      await train(below);
      await model.replace(
        new Map([...before].map(([name, values]) => [name, { ...values, data: values.data.map((x) => -x) }])),
      );
      assertSameTensors(await shared.parameters(), before);
      const view = adapted.withoutAdapter();
      assertSameTensors(await view.parameters(), before);
      await view.free();
      assert.notDeepEqual(await below.parameters(), before);
      // The last policy that uses it trains it in place.
      await adapted.free();
      const { created } = count();
      await train(shared);
      assert.equal(count().created, created + 1, "the optimizer's state, and no copy");
      for (const policy of [model, below, shared]) await policy.free();
    });
  });

  it("throws an InputError on any use after its policy is freed", async () => {
    const policy = await Policy.load(programs, "test/fixtures/checkpoints/tiny");
    await policy.free();
    const gone = {
      name: "InputError",
      message: /^the policy test\/fixtures\/checkpoints\/tiny has been freed and cannot be used any more/,
    };
    for (const use of [
      () => policy.states,
      () => policy.share(),
      () => policy.withoutAdapter(),
      () => policy.withAdapter(lora, fresh),
    ]) {
      await assert.rejects(async () => use(), gone);
    }
    for (const use of [
      () => policy.fingerprint(),
      () => policy.withParameters(fresh),
      () => policy.replace(fresh),
      () => policy.save("x"),
      () => policy.prepareToWrite(),
    ]) {
      await assert.rejects(use(), gone);
    }
  });
});

describe("a displayed policy", () => {
  it("is a short table in a notebook and one line when inspected", async () => {
    const model = await Policy.create(
      programs,
      {
        config: tinyConfig,
        parameters: initialParameters(tinyConfig, Random.seeded(1)),
        tokenizer: (await tinyPolicy(programs)).tokenizer,
      },
      "org/name",
    );
    const lora = { rank: 2, alpha: 4, targets: ["q_proj"] };
    const adapted = await model.withAdapter(lora, initialLora(tinyConfig, lora, Random.seeded(3)));
    const text = (await bundleOf(adapted))["text/plain"] as string;
    // q_proj of two layers: 2 · 2 · (16 + 16) numbers.
    for (const part of [/org\/name/, /llama/, /LoRA of rank 2, α 4, on 2 layers: 128 parameters/, /onnx, cpu/])
      assert.match(text, part);
    assert.ok(text.split("\n").length < 8);
    assert.match(inspect({ a: model }), /^\{ a: Policy\(org\/name, llama, [\d,]+ parameters\) \}$/);
    await adapted.free();
    assert.match(inspect(adapted), /, freed\)$/);
  });
});
