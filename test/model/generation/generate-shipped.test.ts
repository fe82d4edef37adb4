import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Random } from "../../../src/base/random.js";
import { world } from "../../../src/data/index.js";
import { loadPreferences } from "../../../src/data/load-preferences.js";
import { encodePrompt } from "../../../src/data/tokenize.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../../src/engine/program-cache.js";
import { generate, type GenerationOptions, type GenerationRequest } from "../../../src/model/generation/generate.js";
import { Policy } from "../../../src/model/policy/policy.js";

/* Properties of generation with a trained model, whose texts end at different lengths. */

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
let policy: Policy;
let requests: GenerationRequest[];
before(async () => {
  policy = await Policy.load(programs, world.sft);
  const { pairs } = await loadPreferences(world.heldOut, { limit: 24 });
  requests = pairs.map(({ id, prompt }) => ({
    key: id,
    prompt: Int32Array.from(encodePrompt(prompt, policy.tokenizer)),
    responses: 2,
  }));
});
after(() => engine.close());

/** The text of each response by `key/number`. */
async function texts(
  wanted: readonly GenerationRequest[],
  options: GenerationOptions = {},
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const batch of generate(policy, wanted, Random.seeded(2), {
    temperature: 0.7,
    maxNewTokens: 48,
    ...options,
  })) {
    for (const { request, number, tokens } of batch)
      found.set(`${wanted[request]!.key}/${number}`, policy.tokenizer.decode(tokens));
  }
  return found;
}

describe("the same seed generates the same text", () => {
  let all: Map<string, string>;
  before(async () => {
    all = await texts(requests);
    assert.equal(all.size, 48);
    assert.ok(new Set(all.values()).size > 40, "the texts differ from each other");
    assert.ok(new Set([...all.values()].map((text) => text.split(" ").length)).size > 5, "they end at different times");
  });

  it("for any batch size", async () => {
    for (const batchSize of [1, 5, 32])
      assert.deepEqual(await texts(requests, { batchSize }), all, `${batchSize} at a time`);
  });

  it("for any order of the prompts", async () => {
    const found = await texts(Random.seeded(1).shuffle(requests), { batchSize: 17 });
    for (const [name, text] of all) assert.equal(found.get(name), text, name);
  });

  it("for any other prompts and any number of responses per prompt", async () => {
    for (const some of [
      requests.slice(0, 1),
      requests.slice(5, 12),
      requests.map((request) => ({ ...request, responses: 1 })),
    ]) {
      for (const [name, text] of await texts(some)) assert.equal(text, all.get(name), name);
    }
  });
});

it("greedy generation from the cache matches generation that reads the whole sequence again for each token", async () => {
  const some = requests.slice(0, 6).map((request) => ({ ...request, responses: 1 }));
  const options = { temperature: 0, maxNewTokens: 40 };
  const withCache: number[][] = [];
  for await (const batch of generate(policy, some, Random.seeded(1), options)) {
    for (const { request, tokens } of batch) withCache[request] = [...tokens];
  }
  assert.ok(withCache.every((tokens) => tokens.length > 5));
  const anew: number[][] = some.map(() => []);
  for (let at = 0; anew.some((tokens, i) => tokens.length < withCache[i]!.length); at++) {
    const open = [...some.keys()].filter((i) => withCache[i]!.length > at);
    const longer = open.map((i) => ({ ...some[i]!, prompt: Int32Array.from([...some[i]!.prompt, ...anew[i]!]) }));
    for await (const batch of generate(policy, longer, Random.seeded(1), { ...options, maxNewTokens: 1 })) {
      for (const { request, tokens } of batch) anew[open[request]!]!.push(tokens[0]!);
    }
  }
  assert.deepEqual(anew, withCache);
});
