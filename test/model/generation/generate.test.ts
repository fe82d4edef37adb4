import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Random } from "../../../src/base/random.js";
import type { TaskOptions } from "../../../src/base/task.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { heldMemory } from "../../../src/engine/memory-budget.js";
import { ProgramCache } from "../../../src/engine/program-cache.js";
import type { ModelConfig } from "../../../src/model/config.js";
import {
  generate,
  generateTokens,
  responseName,
  type GenerationOptions,
  type Generation,
  type GenerationRequest,
} from "../../../src/model/generation/generate.js";
import { initialParameters } from "../../../src/model/parameters/parameters.js";
import { responseLogProbs } from "../../../src/model/scoring/score.js";
import { Policy } from "../../../src/model/policy/policy.js";
import { loadModelCase, modelCases } from "../../support/model-case.js";
import { RecordingPrograms } from "../../support/recording-programs.js";
import {
  byteTokenizer,
  gpt2Config,
  gptNeoXConfig,
  randomTokens,
  tinyConfig,
  tinyPolicy,
} from "../../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
let policy: Policy;
before(async () => {
  policy = await tinyPolicy(programs);
});
after(() => engine.close());

const random = Random.seeded(9);
/** Prompts of 1 to 12 tokens, two responses each. */
const requests: GenerationRequest[] = [9, 12, 1, 10, 5, 6].map((length) => ({
  key: `prompt of ${length}`,
  prompt: randomTokens(length, random),
  responses: 2,
}));

/** All batches, in the order in which they are yielded. */
async function written(
  wanted: readonly GenerationRequest[],
  options: GenerationOptions = {},
  { by = policy, seed = 4, work }: { by?: Policy; seed?: number; work?: TaskOptions } = {},
): Promise<Generation[][]> {
  const batches: Generation[][] = [];
  const settings = { maxNewTokens: 8, ...options };
  for await (const batch of generate(by, wanted, Random.seeded(seed), settings, work)) batches.push(batch);
  return batches;
}

/** Names of responses to `requests`, to pass to {@link generate} as `known`. */
function namesOf(some: readonly Generation[]): Set<string> {
  return new Set(some.map(({ request, number }) => responseName(requests[request]!.key, number)));
}

/** The tokens of each response by `request/number`. */
function byName(batches: readonly Generation[][], wanted: readonly GenerationRequest[]): Map<string, number[]> {
  return new Map(
    batches.flat().map(({ request, number, tokens }) => [`${wanted[request]!.key}/${number}`, [...tokens]]),
  );
}

for (const name of modelCases) {
  it(`greedy continuations match PyTorch token for token, also with mixed prompt lengths (${name})`, async () => {
    const { config, parameters, greedy } = await loadModelCase(name);
    const by = await Policy.create(programs, { config, parameters, tokenizer: byteTokenizer });
    // Each prompt, with and without one token of its continuation: two lengths in one batch.
    const cases = greedy.flatMap(({ prompt, continuation }) => [
      { prompt, rest: continuation },
      { prompt: [...prompt, continuation[0]!], rest: continuation.slice(1) },
    ]);
    const wanted = cases.map(({ prompt }, i) => ({
      key: `${i}`,
      prompt: Int32Array.from(prompt),
      responses: 1 + (i % 3),
    }));
    const options = { temperature: 0, maxNewTokens: 12, stopTokens: [] };
    for (const batchSize of [1, 4, 64]) {
      const found = (await written(wanted, { ...options, batchSize }, { by })).flat();
      assert.equal(found.length, 12);
      for (const { request, tokens, complete } of found) {
        const { rest } = cases[request]!;
        assert.deepEqual([...tokens.subarray(0, rest.length)], rest);
        assert.equal(complete, false);
      }
    }
  });
}

describe("the log-probability of a response", () => {
  const ways: Record<string, GenerationOptions> = {
    "at temperature 1": {},
    "at another temperature": { temperature: 0.6 },
    "within limits": { temperature: 1.4, topK: 5, topP: 0.8 },
    "greedily, from logits": { temperature: 0 },
    "with a repetition penalty, from logits": { repetitionPenalty: 1.5 },
  };
  for (const [name, options] of Object.entries(ways)) {
    it(`equals its score, including the stop token, when generated ${name}`, async () => {
      const stopTokens = Array.from({ length: tinyConfig.vocabSize }, (_, id) => id).filter((id) => id % 4 === 0);
      const found = (await written(requests, { ...options, stopTokens, logProbs: true })).flat();
      const scored = await responseLogProbs(
        policy,
        found.map(({ request, tokens }) => ({ prompt: requests[request]!.prompt, response: tokens })),
      );
      for (const [i, { logProb, tokens }] of found.entries())
        assert.ok(Math.abs(logProb! - scored[i]!) < 1e-5 * tokens.length, `${logProb}, scored ${scored[i]}`);
    });
  }

  it("is returned only on request and does not change the response", async () => {
    for (const options of [{}, { temperature: 0.6 }]) {
      const found = (await written(requests, options)).flat();
      assert.ok(found.every((generation) => !("logProb" in generation)));
      const told = (await written(requests, { ...options, logProbs: true })).flat();
      assert.deepEqual(
        told.map(({ logProb: _, ...rest }) => rest),
        found,
      );
    }
  });
});

describe("sampled responses", () => {
  it("are reproduced by the same seed and differ by seed and response number", async () => {
    const first = byName(await written(requests), requests);
    assert.deepEqual(byName(await written(requests), requests), first);
    const other = byName(await written(requests, {}, { seed: 5 }), requests);
    for (const [name, tokens] of first) assert.notDeepEqual(other.get(name), tokens, name);
    for (const { key } of requests) assert.notDeepEqual(first.get(`${key}/0`), first.get(`${key}/1`));
  });

  it("do not depend on other requests or the batch size", async () => {
    const all = byName(await written(requests), requests);
    assert.deepEqual(byName(await written(requests, { batchSize: 3 }), requests), all);
    for (const request of requests) {
      for (const [name, tokens] of byName(await written([request]), [request]))
        assert.deepEqual(tokens, all.get(name), name);
    }
  });

  it("end with a stop token, which is kept, or at maxNewTokens", async () => {
    const stopTokens = Array.from({ length: tinyConfig.vocabSize }, (_, id) => id).filter((id) => id % 4 === 0);
    const found = (await written(requests, { stopTokens })).flat();
    assert.deepEqual(new Set(found.map(({ complete }) => complete)), new Set([true, false]));
    for (const { tokens, complete } of found) {
      const stopped = [...tokens].findIndex((id) => id % 4 === 0);
      assert.equal(complete, stopped !== -1);
      assert.equal(tokens.length, complete ? stopped + 1 : 8);
    }
  });

  it("end with the tokenizer's EOS by default", async () => {
    const wanted = [{ ...requests[0]!, responses: 64 }];
    // A temperature of 100 makes all 259 tokens about equally likely.
    const found = (await written(wanted, { temperature: 100, maxNewTokens: 20 })).flat();
    const complete = found.filter((response) => response.complete);
    assert.ok(complete.length > 0);
    for (const { tokens } of complete) assert.equal(tokens.indexOf(byteTokenizer.eosId), tokens.length - 1);
  });

  it("contain no repeated token under a very high repetition penalty", async () => {
    const found = (await written(requests, { temperature: 0, repetitionPenalty: 1e6, stopTokens: [] })).flat();
    for (const { request, tokens } of found) {
      assert.equal(
        new Set([...requests[request]!.prompt, ...tokens]).size,
        new Set(requests[request]!.prompt).size + 8,
      );
    }
    const again = (await written(requests, { temperature: 0, stopTokens: [] })).flat();
    assert.ok(
      again.some(({ tokens }) => new Set(tokens).size < 8),
      "without a penalty, some token occurs twice",
    );
  });

  it("stop at the end of the context", async () => {
    const { contextLength } = tinyConfig;
    const wanted = [contextLength - 1, contextLength - 3].map((length) => ({
      key: `${length}`,
      prompt: randomTokens(length, random),
      responses: 1,
    }));
    const found = (await written(wanted, { maxNewTokens: 100, stopTokens: [] })).flat();
    assert.deepEqual(
      found.map(({ request, tokens }) => [request, tokens.length]),
      [
        [0, 1],
        [1, 3],
      ],
    );
  });
});

describe("long responses, generated with frozen parameters,", () => {
  const sizes = { vocabSize: 2 ** 14, contextLength: 2 ** 12 };
  const maxNewTokens = 4000;
  /** A policy and, for each requested program, whether it freezes its parameters. */
  async function recorded(config: ModelConfig) {
    const recording = new RecordingPrograms(engine);
    const parameters = (seed: number) => initialParameters(config, Random.seeded(seed));
    const by = await Policy.create(recording, { config, parameters: parameters(1), tokenizer: byteTokenizer });
    return { by, parameters, frozen: recording.frozen };
  }
  // No token occurs twice and one in four is a stop token, so responses have about four tokens.
  const brief = { repetitionPenalty: 1e6, stopTokens: Array.from({ length: sizes.vocabSize / 4 }, (_, i) => 4 * i) };

  for (const config of [tinyConfig, gptNeoXConfig, gpt2Config]) {
    it(`start like short ones at any batch size, also after a change of parameters (${config.architecture})`, async () => {
      const { by, parameters, frozen } = await recorded({ ...config, ...sizes });
      const greedy = { ...brief, temperature: 0 };
      for (const [seed, batchSize] of [
        [1, 5],
        [2, 12],
      ] as const) {
        if (seed > 1) await by.replace(parameters(seed));
        frozen.length = 0;
        const short = byName(await written(requests, greedy, { by }), requests);
        assert.ok(!frozen.includes(true));
        const found = byName(await written(requests, { ...greedy, maxNewTokens, batchSize }, { by }), requests);
        assert.ok(frozen.includes(true));
        for (const [name, tokens] of short) assert.deepEqual(found.get(name)!.slice(0, 8), tokens, name);
      }
    });
  }

  it("continue like short ones after their cache has grown", async () => {
    const { by, frozen } = await recorded({ ...tinyConfig, ...sizes });
    const endless = { repetitionPenalty: 1e6, stopTokens: [], temperature: 0 };
    const short = (await written(requests.slice(0, 2), { ...endless, maxNewTokens: 60 }, { by })).flat();
    assert.ok(!frozen.includes(true));
    const found = short.map((): number[] => []);
    for await (const step of generateTokens(by, requests.slice(0, 2), Random.seeded(1), { ...endless, maxNewTokens })) {
      for (const { request, number, token } of step) found[2 * request + number]!.push(token);
      if (found.every(({ length }) => length === 60)) break;
    }
    assert.ok(frozen.includes(true));
    for (const { request, number, tokens } of short) assert.deepEqual(found[2 * request + number], [...tokens]);
  });

  it("are reproduced by the same seed and after resuming", async () => {
    const { by, frozen } = await recorded({ ...tinyConfig, ...sizes });
    const options = { ...brief, maxNewTokens, batchSize: 5 };
    const batches = await written(requests, options, { by });
    assert.ok(frozen.includes(true));
    assert.deepEqual(await written(requests, options, { by }), batches);
    assert.deepEqual(await written(requests, { ...options, known: namesOf(batches[0]!) }, { by }), batches.slice(1));
  });
});

describe("generate", () => {
  it("yields each response once and skips known responses", async () => {
    const batches = await written(requests, { batchSize: 2 });
    const names = byName(batches, requests);
    assert.equal(names.size, 12);
    assert.ok(batches.every((batch) => batch.length <= 2));
    const known = namesOf(batches.slice(0, 2).flat());
    assert.deepEqual(await written(requests, { batchSize: 2, known }), batches.slice(2));
    assert.deepEqual(await written(requests, { known: namesOf(batches.flat()) }), []);
  });

  it("resumes with another batch size and counts known responses as progress", async () => {
    const batches = await written(requests, { batchSize: 5 });
    const kept = batches.slice(0, 1);
    const rest = await written(requests, { batchSize: 2, known: namesOf(kept.flat()) });
    assert.deepEqual(byName([...kept, ...rest], requests), byName(batches, requests));
    assert.equal([...kept, ...rest].flat().length, 12);
    const progress: number[] = [];
    const onProgress = (done: number) => progress.push(done);
    await written(requests, { batchSize: 2, known: namesOf(kept.flat()) }, { work: { onProgress } });
    assert.equal(progress.at(-1), 12);
  });

  it("counts responses as progress once they have ended", async () => {
    const progress: [number, number][] = [];
    const onProgress = (done: number, total: number) => void progress.push([done, total]);
    const stopTokens = Array.from({ length: tinyConfig.vocabSize / 4 }, (_, i) => 4 * i);
    const batches = await written(requests, { maxNewTokens: 12, stopTokens }, { work: { onProgress } });
    let done = 0;
    const expected = batches.flatMap((batch) => {
      const lengths = batch.map(({ tokens }) => tokens.length).sort((a, b) => a - b);
      const ends = [...new Set(lengths)].map((end) => done + lengths.filter((length) => length <= end).length);
      done += batch.length;
      return ends;
    });
    assert.ok(expected.length > batches.length);
    assert.deepEqual(
      progress,
      expected.map((ended) => [ended, 12]),
    );
  });

  it("reports progress and stops between steps", async () => {
    const controller = new AbortController();
    const progress: [number, number][] = [];
    const onProgress = (done: number, total: number) => {
      progress.push([done, total]);
      controller.abort(new Error("enough"));
    };
    const work = { signal: controller.signal, onProgress };
    await assert.rejects(written(requests, { batchSize: 2 }, { work }), /enough/);
    assert.deepEqual(progress, [[2, 12]]);
  });

  it("rejects empty and overlong prompts and invalid settings", async () => {
    const request = (length: number) => [{ key: "odd", prompt: new Int32Array(length), responses: 1 }];
    await assert.rejects(written(request(0)), /the prompt of "odd" has no token/);
    await assert.rejects(
      written(request(tinyConfig.contextLength)),
      /the prompt of "odd" has 48 tokens, the context is 48/,
    );
    await assert.rejects(
      written(request(1), { temperature: -1 }),
      /temperature is a finite number of at least 0, got -1/,
    );
    await assert.rejects(written(request(1), { maxNewTokens: 0 }), /maxNewTokens is a whole number from 1, got 0/);
    await assert.rejects(written(request(1), { batchSize: 1.5 }), /batchSize is a whole number from 1, got 1.5/);
  });
});

it("generate shrinks batches to fit memory without changing responses, and throws if not even one fits", async () => {
  const many = Array.from({ length: 24 }, (_, i) => ({ key: `${i}`, prompt: randomTokens(12, random), responses: 2 }));
  const notes: string[] = [];
  const work = { onNote: (text: string) => void notes.push(text) };
  const within = async (memory: number) =>
    written(
      many,
      { temperature: 0, maxNewTokens: 30 },
      { by: await tinyPolicy(new ProgramCache(engine, memory)), work },
    );
  const plenty = await within(8e9);
  assert.deepEqual(notes, []);
  const little = await within(heldMemory(0) + 310e3);
  assert.equal(plenty.length, 1);
  assert.ok(little.length > 1);
  assert.match(
    notes.join(),
    /^up to \d+ responses at once instead of 128, to fit into memory \(set memory to change it\)$/,
  );
  assert.deepEqual(byName(little, many), byName(plenty, many));
  await assert.rejects(
    within(heldMemory(0)),
    /^InputError: memory: found 450 MB, but the process and the model hold 451 MB, and generating one response takes \d MB more; raise it to 0\.5GB, or lower maxNewTokens or the length of the prompts$/,
  );
  assert.ok((await within(0.5e9)).length > 0);
});
