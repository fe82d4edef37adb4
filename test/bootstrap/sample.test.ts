import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Random } from "../../src/base/random.js";
import { distinctPrompts, sampleResponses, type Sample } from "../../src/bootstrap/sample.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { responseName } from "../../src/model/generation/generate.js";
import type { Policy } from "../../src/model/policy/policy.js";
import { randomPairs, tinyPolicy } from "../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
let policy: Policy;
before(async () => {
  policy = await tinyPolicy(new ProgramCache(engine));
});
after(() => engine.close());

const pairs = randomPairs(6, Random.seeded(5));

describe("distinctPrompts", () => {
  it("returns each prompt once, with the id of its first pair", () => {
    const [a, b] = pairs as [(typeof pairs)[0], (typeof pairs)[0]];
    const again = { ...b, id: "again", prompt: a.prompt.slice() };
    const longer = { ...b, id: "longer", prompt: Int32Array.of(...a.prompt, 1) };
    assert.deepEqual(distinctPrompts([a, b, again, longer]), [
      { id: "pair 0", prompt: a.prompt },
      { id: "pair 1", prompt: b.prompt },
      { id: "longer", prompt: longer.prompt },
    ]);
  });
});

describe("sampleResponses", () => {
  async function sampled(known: ReadonlySet<string> = new Set(), seed = 1): Promise<Sample[][]> {
    const batches = [];
    const options = { maxNewTokens: 6, batchSize: 4, known };
    for await (const batch of sampleResponses(policy, distinctPrompts(pairs), 3, Random.seeded(seed), options))
      batches.push(batch);
    return batches;
  }

  it("generates the requested number of responses to each prompt", async () => {
    const all = (await sampled()).flat();
    const names = all.map(({ id, number }) => `${id}/${number}`).sort();
    assert.deepEqual(
      names,
      pairs.flatMap(({ id }) => [0, 1, 2].map((number) => `${id}/${number}`)),
    );
    const { eosId } = policy.tokenizer;
    for (const { tokens, complete } of all) {
      assert.ok(Array.isArray(tokens) && tokens.length >= 1 && tokens.length <= 6);
      assert.equal(tokens.at(-1) === eosId, complete);
    }
  });

  it("resumes after the batches that an interrupted run has kept", async () => {
    const whole = await sampled();
    assert.ok(whole.length > 3);
    for (const kept of [1, 3, whole.length]) {
      const known = whole.slice(0, kept).flat();
      const names = new Set(known.map(({ id, number }) => responseName(id, number)));
      assert.deepEqual(await sampled(names), whole.slice(kept));
    }
  });

  it("depends on its seed", async () => {
    assert.notDeepEqual(await sampled(new Set(), 2), await sampled(new Set(), 1));
  });
});
