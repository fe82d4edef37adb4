import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Random } from "../../../src/base/random.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../../src/engine/program-cache.js";
import { responseEmbeddings } from "../../../src/model/scoring/embed.js";
import { responseLogProbs } from "../../../src/model/scoring/score.js";
import { assertClose } from "../../support/compare.js";
import { randomSequences, randomTokens, tinyConfig, tinyPolicy } from "../../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

describe("responseEmbeddings", () => {
  it("returns the last hidden state, from which the head computes the next token's probabilities", async () => {
    const policy = await tinyPolicy(programs);
    const [prompt, [last]] = [randomTokens(5, Random.seeded(1)), [7]];
    const [hidden] = await responseEmbeddings(policy, [{ prompt, response: Int32Array.of(last!) }]);
    // The embeddings are tied, so they are the head.
    const { data } = (await policy.parameters()).get("model.embed_tokens.weight")!;
    const logits = Array.from({ length: tinyConfig.vocabSize }, (_, id) =>
      hidden!.reduce((sum, x, i) => sum + x * data[id * tinyConfig.hiddenSize + i]!, 0),
    );
    const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    const next = [3, 40, 99].map((id) => ({ prompt: Int32Array.of(...prompt, last!), response: Int32Array.of(id) }));
    assertClose(
      await responseLogProbs(policy, next),
      [3, 40, 99].map((id) => logits[id]! - total),
      1e-5,
    );
  });

  it("returns the mean over the response's tokens, and zeros for an empty response", async () => {
    const policy = await tinyPolicy(programs);
    const prompt = randomTokens(4, Random.seeded(2));
    const [a, b, c] = [5, 6, 7];
    const [all, first, second, third, empty] = await responseEmbeddings(policy, [
      { prompt, response: Int32Array.of(a, b, c) },
      ...[[], [a], [a, b]].map((before, i) => ({
        prompt: Int32Array.of(...prompt, ...before),
        response: Int32Array.of([a, b, c][i]!),
      })),
      { prompt, response: new Int32Array(0) },
    ]);
    assertClose(
      all!,
      first!.map((x, i) => (x + second![i]! + third![i]!) / 3),
      1e-5,
    );
    assert.deepEqual([...empty!], new Array(tinyConfig.hiddenSize).fill(0));
  });

  it("does not depend on the other sequences", async () => {
    const policy = await tinyPolicy(programs);
    const sequences = randomSequences(30, Random.seeded(3)).flatMap(({ prompt, response }) => [
      { prompt, response },
      { prompt, response: response.subarray(0, 1) },
    ]);
    const together = await responseEmbeddings(policy, sequences);
    for (const i of [0, 1, 17, 59])
      assertClose(together[i]!, (await responseEmbeddings(policy, [sequences[i]!]))[0]!, 1e-5);
  });
});
