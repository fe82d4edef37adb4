import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { groupBy } from "../../../src/base/collections.js";
import { Random } from "../../../src/base/random.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../../src/engine/program-cache.js";
import {
  generate,
  type Generation,
  type GenerationOptions,
  type GenerationRequest,
} from "../../../src/model/generation/generate.js";
import { amplifiedLogits, type AmplificationOptions } from "../../../src/model/generation/linear-alignment.js";
import { Policy } from "../../../src/model/policy/policy.js";
import { trainTokenizer } from "../../../src/model/tokenizer/train-tokenizer.js";
import { logitsOf } from "../../support/logits-of.js";
import { RecordingPrograms } from "../../support/recording-programs.js";
import { byteTokenizer, randomTokens, tinyConfig, tinyPolicy } from "../../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

async function written(
  policy: Policy,
  requests: readonly GenerationRequest[],
  options: GenerationOptions,
): Promise<number[][]> {
  const all: Generation[] = [];
  for await (const batch of generate(policy, requests, Random.seeded(1), {
    temperature: 0,
    maxNewTokens: 10,
    stopTokens: [],
    ...options,
  }))
    all.push(...batch);
  return all.sort((a, b) => a.request - b.request || a.number - b.number).map(({ tokens }) => [...tokens]);
}

interface Case {
  readonly within: readonly number[];
  readonly without: readonly number[];
  readonly settings: AmplificationOptions;
  readonly tokens: readonly number[];
}

describe("linear alignment", () => {
  it("matches PyTorch with two full passes per token, token for token", async () => {
    const cases = JSON.parse(readFileSync("test/fixtures/guidance/cases.json", "utf8")) as Case[];
    await using policy = await Policy.load(programs, "test/fixtures/checkpoints/tiny");
    const bySettings = groupBy(cases, ({ settings }) => JSON.stringify(settings));
    for (const own of bySettings.values()) {
      // All in one batch, although their contexts differ in length.
      const requests = own.map(({ within, without }, i) => ({
        key: `${i}`,
        prompt: Int32Array.from(within),
        others: [Int32Array.from(without)],
        responses: 1,
      }));
      const found = await written(policy, requests, { guidance: { combine: amplifiedLogits(own[0]!.settings) } });
      assert.deepEqual(
        found,
        own.map(({ tokens }) => tokens),
      );
    }
  });

  it("takes two forward passes per token, and one with a single context", async () => {
    const policy = await tinyPolicy(programs);
    const request = { key: "a", prompt: randomTokens(5, Random.seeded(2)), responses: 1 };
    const passes = async (own: GenerationRequest, options: GenerationOptions) => {
      let count = 0;
      const { get } = policy.programs;
      const counted: typeof get = async (key, ...rest) => {
        if (/^(fill|decode) /.test(key)) count++;
        return get.call(policy.programs, key, ...rest);
      };
      policy.programs.get = counted;
      await written(policy, [own], options);
      policy.programs.get = get;
      return count;
    };
    assert.equal(await passes(request, {}), 10);
    assert.equal(
      await passes({ ...request, others: [request.prompt] }, { guidance: { combine: amplifiedLogits() } }),
      20,
    );
    await policy.free();
  });

  it("masks tokens outside the nucleus of the distribution with the principle, or of the amplified one", () => {
    const within = Float32Array.from([2, 1.9, 0, -1]);
    const without = Float32Array.of(2, 1, -3, -1);
    const kept = (options: AmplificationOptions) => [
      ...amplifiedLogits({ ratio: 2, maskTemperature: 1, ...options })([within, without]),
    ];
    const amplified = [2, 3.7, 6, -1];
    const close = (found: readonly number[], expected: readonly number[]) =>
      found.forEach((value, i) =>
        assert.ok(value === expected[i] || Math.abs(value - expected[i]!) < 1e-5, `${found}`),
      );
    close(kept({ maskTopP: 1 }), amplified);
    close(kept({ maskTopP: 0.8 }), [2, 3.7, -Infinity, -Infinity]);
    close(kept({ maskTopP: 0.3 }), [2, -Infinity, -Infinity, -Infinity]);
    close(kept({ maskTopP: 0.8, mask: "amplified" }), [-Infinity, -Infinity, 6, -Infinity]);
    close(kept({ maskTopP: 1, ratio: 0 }), [...within]);
  });

  it("throws an InputError if a setting is out of range", () => {
    const refuses = (options: object, message: string) =>
      assert.throws(() => amplifiedLogits(options), { name: "InputError", message });
    refuses({ ratio: -1 }, "ratio: found -1, expected a number in [0, 1000]");
    refuses({ maskTopP: 0 }, "maskTopP: found 0, expected a share above 0, at most 1");
    refuses({ mask: "both" }, 'mask: found "both", expected one of principle, amplified');
    refuses({ maskTemperature: 0 }, "maskTemperature: found 0, expected a number above 0");
  });
});

describe("guidance", () => {
  const requests = [4, 7, 12].map((length, i) => ({
    key: `${i}`,
    prompt: randomTokens(length, Random.seeded(i)),
    responses: 2,
  }));

  it("by only the first or only the second context equals generation from that context", async () => {
    const policy = await tinyPolicy(programs);
    const others = requests.map((request, i) => ({ ...request, others: [randomTokens(3 + 5 * i, Random.seeded(9))] }));
    const sampling = { temperature: 0.8, repetitionPenalty: 1.2 };
    assert.deepEqual(
      await written(policy, others, { ...sampling, guidance: { combine: ([first]) => first! } }),
      await written(policy, requests, sampling),
    );
    assert.deepEqual(
      await written(policy, others, { guidance: { combine: ([, second]) => second! } }),
      await written(
        policy,
        others.map(({ others: [prompt], ...request }) => ({ ...request, prompt: prompt! })),
        {},
      ),
    );
    await policy.free();
  });

  it("uses a separate model for each context, such as a tuned model and its start", async () => {
    const [large, tuned, start] = [
      await tinyPolicy(programs, 1),
      await tinyPolicy(programs, 2),
      await tinyPolicy(programs, 3),
    ];
    const prompt = randomTokens(5, Random.seeded(4));
    const combine = (logits: readonly Float32Array[]) =>
      logits[0]!.map((logit, id) => logit + logits[1]![id]! - logits[2]![id]!);
    const [found] = await written(large, [{ key: "a", prompt, others: [prompt, prompt], responses: 1 }], {
      guidance: { combine, models: [tuned, start] },
    });
    const expected: number[] = [];
    for (let t = 0; t < 10; t++) {
      const tokens = [...prompt, ...expected];
      const rows = [];
      for (const policy of [large, tuned, start])
        rows.push(
          (await logitsOf(engine, tinyConfig, await policy.parameters(), [tokens])).slice(-tinyConfig.vocabSize),
        );
      const logits = combine(rows);
      expected.push(logits.indexOf(Math.max(...logits)));
    }
    assert.deepEqual(found, expected);
    for (const policy of [large, tuned, start]) await policy.free();
  });

  it("rejects contexts, models and options that do not fit together, before anything is generated", async () => {
    const recording = new RecordingPrograms(engine);
    const policy = await tinyPolicy(recording);
    const combine = amplifiedLogits();
    const [first, second] = requests as [GenerationRequest, GenerationRequest];
    const refuses = (own: readonly GenerationRequest[], options: GenerationOptions, message: string | RegExp) =>
      assert.rejects(written(policy, own, options), { message });
    await refuses(
      [first],
      { guidance: { combine } },
      "guidance: requests have one context each; give the prompts of the others as `others`",
    );
    await refuses(
      [{ ...first, others: [first.prompt] }],
      {},
      "requests have several contexts; say by `guidance` what is made of their logits",
    );
    await refuses(
      [{ ...first, others: [first.prompt] }, second],
      { guidance: { combine } },
      /^guidance: requests have different numbers of contexts/,
    );
    await refuses(
      [{ ...first, others: [first.prompt] }],
      { guidance: { combine }, logProbs: true },
      /^logProbs: what is written under guidance has no log-probability/,
    );
    await refuses(
      [{ ...first, others: [first.prompt] }],
      { guidance: { combine, models: [policy, policy] } },
      /^guidance: 2 models for 1 contexts/,
    );
    await refuses(
      [
        { ...first, others: [first.prompt] },
        { ...second, others: [new Int32Array(60)] },
      ],
      { guidance: { combine }, batchSize: 1 },
      'the guiding prompt of "1" has 60 tokens, the context is 48',
    );
    const tokenizer = trainTokenizer(["other words than bytes, other words"], {
      vocabSize: byteTokenizer.vocabSize + 4,
    });
    const other = await Policy.create(programs, {
      config: tinyConfig,
      parameters: await policy.parameters(),
      tokenizer,
    });
    await refuses(
      [{ ...first, others: [first.prompt] }],
      { guidance: { combine, models: [other] } },
      /^guidance: a model has another tokenizer than the model that writes/,
    );
    assert.deepEqual(recording.frozen, [], "no program was requested");
    await policy.free();
    await other.free();
  });
});
