import { after, describe, it } from "node:test";
import { losses } from "../../../src/align/losses/index.js";
import { logOfOdds } from "../../../src/align/losses/terms.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { gradients, Graph, sum } from "../../../src/graph/index.js";
import { assertClose } from "../../support/compare.js";

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

describe("logOfOdds", () => {
  // On both sides of ln 2 and of 0.7, where its forms meet.
  const logProbs = [-1e-6, -1e-3, -0.1, -0.5, -Math.LN2, -0.699, -0.701, -1, -3, -20, -1000].map(Math.fround);

  it("matches the implicit reward of ORPO, and its slope 1/(1−p), to float32 precision", async () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", [logProbs.length]);
    const y = logOfOdds(x);
    const [slope] = gradients(sum(y), [x]);
    const executable = await engine.prepare({ outputs: { y, slope: slope! }, updates: new Map() });
    const found = await executable.run({ x: Float32Array.from(logProbs) });
    const { reward } = losses.orpo({ beta: 1 });
    assertClose(
      found.y!.data,
      logProbs.map((policy) => reward.of({ policy, reference: 0, length: 1 })),
      1e-6,
      "log-odds",
    );
    assertClose(
      found.slope!.data,
      logProbs.map((l) => -1 / Math.expm1(l)),
      2e-6,
      "slope",
    );
  });
});
