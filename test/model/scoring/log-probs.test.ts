import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Random } from "../../../src/base/random.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { gradients, Graph, mul, sizeOf, sum, topologicalOrder, type Value } from "../../../src/graph/index.js";
import { stateWeights } from "../../../src/model/parameters/network.js";
import { exactShape, layOut, rowsOf, type Row } from "../../../src/model/scoring/batch.js";
import {
  batchLeaves,
  sumByResponse,
  tokenLogProbs,
  weightedTokenLogProbs,
  type BatchShape,
} from "../../../src/model/scoring/log-probs.js";
import { checkGradients } from "../../graph/finite-differences.js";
import { assertClose } from "../../support/compare.js";
import { loadModelCase, modelCases, type ModelCase } from "../../support/model-case.js";
import { evaluate } from "../../support/reference.js";
import { tinyConfig } from "../../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

async function logProbsOf(
  { config, parameters }: ModelCase,
  rows: readonly Row[],
  shape: BatchShape,
  padId: number,
  tokenWeight: number,
) {
  const graph = new Graph();
  const leaves = batchLeaves(graph, shape);
  const perToken = weightedTokenLogProbs(config, stateWeights(graph, config), leaves);
  const state = await engine.createState(parameters);
  const executable = await engine.prepare({
    outputs: { perToken, byResponse: sumByResponse(perToken, leaves) },
    updates: new Map(),
  });
  const found = await executable.run({ ...layOut(rows, shape, padId, tokenWeight) }, [state]);
  await executable.release();
  await state.free();
  return { perToken: found.perToken!.data, byResponse: found.byResponse!.data };
}

for (const name of modelCases) {
  for (const sharePrompts of [false, true]) {
    describe(`log-probabilities of responses, ${sharePrompts ? "those of a prompt in one row" : "each in its row"} (${name})`, () => {
      it("match PyTorch, per token and summed", async () => {
        const given = await loadModelCase(name);
        const perToken = given.pairs.flatMap(({ chosenLogProbs, rejectedLogProbs }) => [
          ...chosenLogProbs,
          ...rejectedLogProbs,
        ]);
        const rows = rowsOf(given.sequences, sharePrompts);
        assert.equal(rows.length, given.pairs.length * (sharePrompts ? 1 : 2));
        const found = await logProbsOf(given, rows, exactShape(rows), 0, 1);
        assertClose(found.perToken, perToken, 1e-5, "per token");
        assertClose(found.byResponse, given.logProbs, 1e-5, "by response");
      });

      it("are multiplied by their weight, and padding adds nothing, whatever the padding token", async () => {
        const given = await loadModelCase(name);
        const rows = rowsOf(given.sequences, sharePrompts);
        const exact = exactShape(rows);
        const { length, completions } = exact;
        const padded = {
          ...exact,
          rows: exact.rows + 2,
          length: length + 5,
          responses: exact.responses + 2,
          completions: completions + 3,
        };
        const found = await logProbsOf(given, rows, padded, 17, 0.5);
        assertClose(found.byResponse, [...given.logProbs.map((x) => x / 2), 0, 0], 1e-5, "by response");
        assert.deepEqual([...found.perToken.subarray(completions)].map(Math.abs), [0, 0, 0]);
      });
    });
  }
}

describe("the head computed in pieces", () => {
  const graph = new Graph();
  const adapter = { rank: 2, alpha: 4, targets: ["lm_head"] };
  const config = { ...tinyConfig, tiedEmbeddings: false, vocabSize: 11, adapter };
  const [completions, { hiddenSize }] = [7, config];
  const network = stateWeights(graph, config);
  const hidden = graph.input("hidden", "float32", [completions, hiddenSize]);
  const target = graph.input("target", "int32", [completions]);
  const counts = graph.input("counts", "float32", [completions]);
  const leaves = [
    hidden,
    ...topologicalOrder([tokenLogProbs(config, network, hidden, target)]).filter(
      (value): value is Value<"state"> => value.op === "state",
    ),
  ];
  const random = Random.seeded(2);
  const feeds: Record<string, number[]> = { target: [0, 10, 3, 3, 7, 1, 5] };
  for (const {
    attributes: { name, shape },
  } of [...leaves, counts])
    feeds[name] = Array.from({ length: sizeOf(shape) }, () => random.normal());
  const lossOf = (perToken: Value) => sum(mul(perToken, counts));

  it("matches the whole head in values and gradients, including those of its weights", () => {
    const whole = tokenLogProbs(config, network, hidden, target);
    const [values, ...slopes] = evaluate([whole, ...gradients(lossOf(whole), leaves)], feeds);
    assert.equal(slopes.length, 4);
    for (const rows of [1, 2, 3]) {
      const pieces = tokenLogProbs(config, network, hidden, target, rows * config.vocabSize);
      const order = topologicalOrder(gradients(lossOf(pieces), leaves));
      assert.ok(
        order.every(
          ({ shape }) => shape.length < 2 || shape[1] !== config.vocabSize || shape[0]! <= Math.max(rows, adapter.rank),
        ),
        `${rows} rows`,
      );
      const found = evaluate([pieces, ...gradients(lossOf(pieces), leaves)], feeds);
      [values!, ...slopes].forEach((expected, i) => assertClose(found[i]!, expected, 1e-12, `${rows} rows, ${i}`));
    }
  });

  it("has gradients that match finite differences", () => {
    checkGradients(lossOf(tokenLogProbs(config, network, hidden, target, 3 * config.vocabSize)), leaves, feeds);
  });

  it("is not split if dropout differs between rows", () => {
    const dropping = { ...config, adapter: { ...adapter, dropout: 0.5 } };
    const order = topologicalOrder([tokenLogProbs(dropping, network, hidden, target, config.vocabSize)]);
    assert.ok(order.every(({ op }) => op !== "recomputed"));
  });
});
