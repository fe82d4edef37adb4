import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { respond } from "../../src/cells/respond.js";
import { world } from "../../src/data/world/shipped.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { Policy } from "../../src/model/policy/policy.js";
import { modelServer } from "../../src/run/server/model-server.js";
import { ServedModels } from "../support/served-models.js";

const programs = new ProgramCache(new OnnxEngine({ threads: 1 }));
after(() => programs.engine.close());

const prompts = ["cook rice", [{ role: "user" as const, content: "plant beans" }]];

describe("respond with a served model", () => {
  it("sends prompts as chat messages, with a separate seed for each response", async (test) => {
    const server = await ServedModels.start(test, { world: await Policy.load(programs, world.sft) });
    const model = modelServer({ address: server.address });
    const ask = () =>
      respond(model, prompts, { responses: 2, temperature: 0.9, maxNewTokens: 12, seed: 3, repetitionPenalty: 1.2 });
    const answers = await ask();
    assert.deepEqual(answers.array("prompt"), [prompts[0], prompts[0], prompts[1], prompts[1]]);
    assert.ok((answers.array("response") as string[]).every((text) => text.length > 0));
    assert.ok((answers.array("tokens") as number[]).every((count) => count >= 1 && count <= 12));
    const [asked, other] = server.of("chat/completions").map(({ body }) => body);
    assert.deepEqual(asked.messages, [{ role: "user", content: "cook rice" }]);
    assert.deepEqual([asked.model, asked.temperature, asked.max_tokens, asked.top_k], ["world", 0.9, 12, 0]);
    assert.notEqual(asked.seed, other.seed);
    // Each response has its own seed, and the penalty has the names of vLLM and of llama.cpp.
    assert.equal(new Set(server.of("chat/completions").map(({ body }) => body.seed)).size, 4);
    assert.deepEqual([asked.repetition_penalty, asked.repeat_penalty], [1.2, 1.2]);
    assert.deepEqual((await ask()).array("response"), answers.array("response"));
  });

  it("refuses invalid options and those that a server's API lacks, by name", async (test) => {
    const server = await ServedModels.start(test, { world: await Policy.load(programs, world.sft) });
    const model = modelServer({ address: server.address });
    const guidance = { contexts: [{}, {}], combine: ([a]: Float32Array[]) => a! } as never;
    await assert.rejects(
      respond(model, prompts, { guidance }),
      /^InputError: guidance: a server's API has no such option/,
    );
    await assert.rejects(respond(model, prompts, { stopTokens: [1] }), /^InputError: stopTokens:/);
    await assert.rejects(respond(model, prompts, { temperature: -1 }), /^RangeError: temperature/);
    await assert.rejects(respond(model, prompts, { maxNewTokens: 0 }), /^RangeError: maxNewTokens/);
    await assert.rejects(respond(model, prompts, { responses: 0 }), /^InputError: responses: found 0/);
    assert.deepEqual(server.asked, []);
  });
});
