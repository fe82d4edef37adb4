import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Random } from "../../../src/base/random.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../../src/engine/program-cache.js";
import { generate, type GenerationRequest } from "../../../src/model/generation/generate.js";
import { stream, type TextPiece } from "../../../src/model/generation/stream.js";
import type { Policy } from "../../../src/model/policy/policy.js";
import { byteTokenizer, randomTokens, tinyPolicy } from "../../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
let policy: Policy;
before(async () => {
  policy = await tinyPolicy(programs);
});
after(() => engine.close());

const random = Random.seeded(9);
const requests: GenerationRequest[] = [9, 12, 1].map((length) => ({
  key: `${length}`,
  prompt: randomTokens(length, random),
  responses: 3,
}));
// All tokens are about equally likely, so some responses end early and most bytes form no valid characters.
const options = { temperature: 50, maxNewTokens: 16, stopTokens: Array.from({ length: 16 }, (_, i) => 16 * i) };

describe("a stream", () => {
  it("yields the text that generate returns, one piece per token", async () => {
    const expected = new Map<string, { text: string; tokens: number }>();
    for await (const batch of generate(policy, requests, Random.seeded(4), options)) {
      for (const { request, number, tokens } of batch) {
        expected.set(`${request}/${number}`, { text: byteTokenizer.decode(tokens), tokens: tokens.length });
      }
    }
    const found = new Map<string, TextPiece[]>();
    for await (const step of stream(policy, requests, Random.seeded(4), options)) {
      for (const piece of step) {
        const name = `${piece.request}/${piece.number}`;
        found.set(name, [...(found.get(name) ?? []), piece]);
      }
    }
    assert.deepEqual(new Set(found.keys()), new Set(expected.keys()));
    for (const [name, pieces] of found) {
      const { text, tokens } = expected.get(name)!;
      assert.equal(pieces.map((piece) => piece.text).join(""), text);
      assert.deepEqual(
        pieces.map((piece) => piece.tokens),
        Array.from({ length: tokens }, (_, i) => i + 1),
      );
      assert.deepEqual(
        pieces.map(({ last }) => last),
        pieces.map((_, i) => i === tokens - 1),
      );
    }
    const lengths = [...found.values()].map(({ length }) => length);
    assert.ok(Math.min(...lengths) < 16 && Math.max(...lengths) === 16, `some end before others: ${lengths}`);
  });

  it("can be left early and started again with the same result", async () => {
    const first = async () => {
      for await (const step of stream(policy, requests.slice(0, 1), Random.seeded(4), options)) return step;
    };
    assert.deepEqual(await first(), await first());
  });

  it("stops when its signal is aborted", async () => {
    const controller = new AbortController();
    const steps: TextPiece[][] = [];
    const read = async () => {
      for await (const step of stream(policy, requests, Random.seeded(4), options, { signal: controller.signal })) {
        if (steps.push(step) === 3) controller.abort(new Error("enough"));
      }
    };
    await assert.rejects(read(), /enough/);
    assert.equal(steps.length, 3);
  });
});
