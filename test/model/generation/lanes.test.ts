import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Random } from "../../../src/base/random.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../../src/engine/program-cache.js";
import {
  generate,
  responseName,
  type Generation,
  type GenerationOptions,
  type GenerationRequest,
} from "../../../src/model/generation/generate.js";
import { lanesFor } from "../../../src/model/generation/lanes.js";
import type { Policy } from "../../../src/model/policy/policy.js";
import { randomTokens, tinyConfig, tinyPolicy } from "../../support/tiny-model.js";

const [single, several] = [new OnnxEngine({ threads: 1 }), new OnnxEngine({ threads: 3 })];
const [one, three] = [new ProgramCache(single), new ProgramCache(several)];
let alone: Policy;
let beside: Policy;
before(async () => {
  alone = await tinyPolicy(one);
  beside = await tinyPolicy(three);
});
after(() => Promise.all([single.close(), several.close()]));

const random = Random.seeded(3);
const requests: GenerationRequest[] = Array.from({ length: 10 }, (_, i) => ({
  key: `prompt ${i}`,
  prompt: randomTokens(2 + (i % 4), random),
  responses: 2,
}));

async function written(by: Policy, options: GenerationOptions = {}, signal?: AbortSignal) {
  const batches = [];
  const settings = { maxNewTokens: 10, batchSize: 4, logProbs: true, ...options };
  const work = signal ? { signal } : {};
  for await (const batch of generate(by, requests, Random.seeded(8), settings, work)) batches.push(batch);
  return batches;
}
/** Response names, to pass to {@link generate} as `known`. */
const namesOf = (some: readonly Generation[]) =>
  new Set(some.map(({ request, number }) => responseName(requests[request]!.key, number)));
/** State bytes of each lane. */
const held = () => several.lanes.map(({ stateBytes }) => stateBytes);

describe("lanes", () => {
  it("are limited by threads, batches and memory, and unused for one thread, one batch or a large model", () => {
    const much = { room: 1e9, batch: 1e6 };
    const countOf = (programs: ProgramCache, config = tinyConfig, batches = 5, memory = much) =>
      lanesFor({ programs, config }, batches, memory).length;
    assert.equal(countOf(three), 3);
    assert.equal(countOf(one), 0);
    assert.equal(countOf(three, tinyConfig, 2), 2);
    assert.equal(countOf(three, tinyConfig, 1), 0);
    assert.equal(countOf(three, { ...tinyConfig, vocabSize: 10_000_000 }), 0);
    assert.equal(countOf(three, tinyConfig, 5, { ...much, room: 2.9e6 }), 2);
    assert.equal(countOf(three, tinyConfig, 5, { ...much, room: 1.9e6 }), 0);
  });

  it("generate the same batches as a single thread, also without known responses, and free their state", async () => {
    const expected = await written(alone);
    assert.equal(expected.length, 6);
    assert.deepEqual(await written(beside), expected);
    assert.deepEqual(await written(beside, { known: namesOf(expected.slice(0, 2).flat()) }), expected.slice(2));
    assert.deepEqual(held(), [0, 0, 0]);
  });

  it("generate with the current parameters of the policy", async () => {
    const other = await tinyPolicy(one, 77);
    const before = await written(beside);
    const kept = await beside.parameters();
    await beside.replace(await other.parameters());
    assert.deepEqual(await written(beside), await written(other));
    await beside.replace(kept);
    assert.deepEqual(await written(beside), before);
    await other.free();
  });

  it("generate the same guided responses as a single thread", async () => {
    const other = [await tinyPolicy(one, 77), await tinyPolicy(three, 77)];
    const guided = requests.map((request) => ({ ...request, others: [request.prompt] }));
    const texts = await Promise.all(
      [alone, beside].map(async (by, i) => {
        const guidance = {
          models: [other[i]!],
          combine: ([own, its]: readonly Float32Array[]) => own!.map((logit, token) => 2 * logit - its![token]!),
        };
        const options = { maxNewTokens: 6, batchSize: 4, guidance };
        const all = [];
        for await (const batch of generate(by, guided, Random.seeded(8), options)) all.push(batch);
        return all;
      }),
    );
    assert.deepEqual(texts[1], texts[0]);
    for (const policy of other) await policy.free();
  });

  it("stop on an abort or an early exit of the caller, and can generate again", async () => {
    const expected = await written(alone);
    const abort = new AbortController();
    const interrupted = written(beside, {}, abort.signal);
    abort.abort(new Error("stopped"));
    await assert.rejects(interrupted, /^Error: stopped$/);
    const guided = requests.map((request) => ({ ...request, others: [request.prompt] }));
    let chosen = 0;
    const combine = ([logits]: readonly Float32Array[]) => (chosen++, logits!);
    const options = { maxNewTokens: 10, batchSize: 4, stopTokens: [], guidance: { combine } };
    for await (const batch of generate(beside, guided, Random.seeded(8), options)) {
      assert.equal(batch.length, 4);
      break;
    }
    assert.ok(chosen < 200, `${chosen} of 200 tokens were chosen`);
    assert.deepEqual(held(), [0, 0, 0]);
    assert.deepEqual(await written(beside), expected);
  });
});
