import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Random } from "../../../src/base/random.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { heldMemory } from "../../../src/engine/memory-budget.js";
import { ProgramCache } from "../../../src/engine/program-cache.js";
import { Policy } from "../../../src/model/policy/policy.js";
import { planScoring, responseLogProbs } from "../../../src/model/scoring/score.js";
import { assertClose } from "../../support/compare.js";
import { loadModelCase, modelCases } from "../../support/model-case.js";
import { byteTokenizer, randomSequences, randomTokens, tinyConfig, tinyPolicy } from "../../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

describe("responseLogProbs", () => {
  for (const name of modelCases) {
    it(`matches PyTorch, in the order of the sequences (${name})`, async () => {
      const { config, parameters, sequences, logProbs } = await loadModelCase(name);
      const policy = await Policy.create(programs, { config, parameters, tokenizer: byteTokenizer });
      assertClose(await responseLogProbs(policy, sequences), logProbs, 1e-5);
      assertClose(await responseLogProbs(policy, sequences.toReversed()), logProbs.toReversed(), 1e-5);
    });
  }

  it("does not depend on the other sequences", async () => {
    const policy = await tinyPolicy(programs);
    const sequences = randomSequences(40, Random.seeded(5));
    const together = await responseLogProbs(policy, sequences);
    for (const i of [0, 7, 39]) {
      assertClose(await responseLogProbs(policy, [sequences[i]!]), [together[i]!], 1e-5);
    }
  });

  it("gives the same values if responses to one prompt share a row, also in rows longer than the context", async () => {
    const policy = await tinyPolicy(programs);
    const random = Random.seeded(7);
    const prompts = Array.from({ length: 3 }, () => randomTokens(30, random));
    const sequences = Array.from({ length: 30 }, (_, i) => ({
      prompt: prompts[i % 3]!,
      response: randomTokens(1 + random.integer(12), random),
    }));
    const shared = await responseLogProbs(policy, sequences);
    const alone = await responseLogProbs(policy, sequences, {}, false);
    assertClose(shared, alone, 1e-5);
    assert.notDeepEqual(shared, alone);
  });

  it("splits sequences that do not fit one batch", async () => {
    const policy = await tinyPolicy(programs);
    const random = Random.seeded(6);
    const few = randomSequences(3, random);
    // 300 sequences of up to 36 tokens are more than the 4096 tokens of a batch.
    const many = Array.from({ length: 100 }, () => few).flat();
    const progress: number[] = [];
    const found = await responseLogProbs(policy, many, { onProgress: (done, total) => progress.push(done, total) });
    assertClose(found, Array.from({ length: 100 }, () => [...found.subarray(0, 3)]).flat(), 1e-5);
    assert.deepEqual(progress.slice(-2), [300, 300]);
    assert.ok(progress.length > 4);
  });

  it("shrinks batches to fit memory without changing the values, and throws if too little is left", async () => {
    const sequences = randomSequences(60, Random.seeded(8));
    const batches: number[] = [];
    const notes: string[] = [];
    const scoredIn = async (memory: number) => {
      const policy = await tinyPolicy(new ProgramCache(engine, memory));
      let count = 0;
      const found = await responseLogProbs(policy, sequences, {
        onProgress: () => void count++,
        onNote: (text) => notes.push(text),
      });
      batches.push(count);
      await policy.programs.trim(0);
      return found;
    };
    const plenty = await scoredIn(8e9);
    assert.deepEqual(notes, []);
    assertClose(await scoredIn(heldMemory(0) + 360e3), plenty, 1e-5);
    assert.ok(batches[1]! > batches[0]!, `${batches}`);
    assert.match(
      notes.join(),
      /^batches of up to (256|512|1024|2048) tokens instead of 4096, to fit into memory \(set memory to change it\)$/,
    );
    await assert.rejects(
      scoredIn(2e8),
      /^InputError: memory: found 200 MB, but the process and two models hold 451 MB, and scoring \d+ tokens takes \d MB more; raise it to 0\.5GB, or cut the texts$/,
    );
    assertClose(await scoredIn(0.5e9), plenty, 1e-5);
  });

  it("limits the logits of a batch if the vocabulary is large", () => {
    const config = { ...tinyConfig, vocabSize: 151936 };
    const sequences = Array.from({ length: 64 }, (_, i) => ({
      prompt: new Int32Array(128).fill(i >> 1),
      response: new Int32Array(256),
    }));
    for (const share of [false, true]) {
      const shapes = planScoring(config, sequences, share).map(({ shape }) => shape);
      assert.ok(shapes.every(({ completions }) => completions * config.vocabSize <= 2 ** 27));
    }
    // A longer sequence is a batch of its own.
    assert.deepEqual(
      planScoring(config, [{ prompt: new Int32Array(1), response: new Int32Array(2000) }]).map(({ rows }) => rows),
      [[[0]]],
    );
  });

  it("returns an empty array for no sequences, and stops when its signal is aborted", async () => {
    const policy = await tinyPolicy(programs);
    assert.deepEqual(await responseLogProbs(policy, []), new Float64Array(0));
    const signal = AbortSignal.abort(new Error("enough"));
    await assert.rejects(responseLogProbs(policy, randomSequences(2, Random.seeded(1)), { signal }), /enough/);
  });
});
