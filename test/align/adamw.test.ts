import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { adamWStep, defaultAdamW, globalNorm, momentNames, stepSizes, type AdamW } from "../../src/align/adamw.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { Graph, tensor } from "../../src/graph/index.js";
import { assertClose } from "../support/compare.js";

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

/** Feeds gradients of a matrix [1, 2] and a vector [1]; returns both, and the matrix's moments, after each step. */
async function steps(settings: Partial<AdamW>, learningRate: number, fed: readonly { w: number[]; b: number[] }[]) {
  const adamW = { ...defaultAdamW, ...settings };
  const graph = new Graph();
  const shapes = { w: [1, 2], b: [1] };
  const names = ["w", "b"] as const;
  const parameters = names.map((name) => graph.state(name, "float32", shapes[name]));
  const slopes = names.map((name) => graph.input(`slope ${name}`, "float32", shapes[name]));
  const { updates, gradNorm } = adamWStep(adamW, parameters, slopes);
  const executable = await engine.prepare({ outputs: { gradNorm }, updates });
  const start = { w: [1, -2], b: [3] };
  const state = await engine.createState(
    names.flatMap((name) => {
      const { mean, square } = momentNames(name);
      const zeros = () => tensor(shapes[name], new Float32Array(start[name].length));
      return [
        [name, tensor(shapes[name], Float32Array.from(start[name]))],
        [mean, zeros()],
        [square, zeros()],
      ] as const;
    }),
  );
  const after = [];
  for (const [i, { w, b }] of fed.entries()) {
    const feeds = {
      "slope w": Float32Array.from(w),
      "slope b": Float32Array.from(b),
      ...stepSizes(adamW, learningRate, i + 1),
    };
    const found = await executable.run(feeds, [state]);
    const tensors = await state.read();
    const read = (name: string) => [...tensors.get(name)!.data];
    after.push({
      gradNorm: found.gradNorm!.data[0]!,
      w: read("w"),
      b: read("b"),
      mean: read(momentNames("w").mean),
      square: read(momentNames("w").square),
    });
  }
  await state.free();
  return after;
}

describe("adamWStep", () => {
  it("first moves each number by the learning rate against its gradient, since the moments are bias-corrected", async () => {
    const [first] = await steps({ maxGradNorm: 1e9 }, 0.1, [{ w: [4, -0.01], b: [2] }]);
    assertClose(first!.w, [0.9, -1.9], 1e-5);
    assertClose(first!.b, [2.9], 1e-5);
    assertClose(first!.mean, [0.4, -0.001], 1e-6);
    assertClose(first!.square, [0.016, 1e-7], 1e-7);
  });

  it("then moves each number by learning rate × m̂ / √v̂, with bias-corrected moments", async () => {
    const [, second] = await steps({ maxGradNorm: 1e9, beta1: 0.5, beta2: 0.75 }, 0.1, [
      { w: [4, 0], b: [0] },
      { w: [-2, 1], b: [0] },
    ]);
    // m = 0.5·2 − 0.5·2 = 0 and 0.5·1 = 0.5; v = 0.75·4 + 0.25·4 = 4 and 0.25; m̂ = m / 0.75, v̂ = v / 0.4375.
    assertClose(second!.mean, [0, 0.5], 1e-6);
    assertClose(second!.square, [4, 0.25], 1e-6);
    assertClose(second!.w, [0.9, -2 - (0.1 * (0.5 / 0.75)) / Math.sqrt(0.25 / 0.4375)], 1e-6);
    // No gradient, no step; ε prevents 0/0.
    assertClose(second!.b, [3], 1e-7);
  });

  it("adds ε to the root", async () => {
    const [first] = await steps({ epsilon: 1 }, 0.1, [{ w: [0.5, 0], b: [0] }]);
    assertClose(first!.w, [1 - (0.1 * 0.5) / (0.5 + 1), -2], 1e-6);
  });

  it("decays matrices by learning rate × decay, decoupled from the gradient, and does not decay vectors", async () => {
    const [first] = await steps({ weightDecay: 0.5 }, 0.1, [{ w: [0, 0], b: [0] }]);
    assertClose(first!.w, [0.95, -1.9], 1e-6);
    assertClose(first!.b, [3], 1e-7);
  });

  it("clips gradients to the maximum global norm and reports the norm before clipping", async () => {
    const [large] = await steps({ maxGradNorm: 1 }, 0.1, [{ w: [3, 0], b: [4] }]);
    assertClose([large!.gradNorm], [5], 1e-6);
    assertClose(large!.mean, [0.06, 0], 1e-6);
    const [small] = await steps({ maxGradNorm: 1 }, 0.1, [{ w: [0.3, 0], b: [0.4] }]);
    assertClose([small!.gradNorm], [0.5], 1e-6);
    assertClose(small!.mean, [0.03, 0], 1e-6);
  });
});

describe("globalNorm", () => {
  it("returns the norm over all numbers of all gradients", async () => {
    const graph = new Graph();
    const values = [[3], [0, 4], [12]].map((numbers, i) => ({
      name: `g${i}`,
      data: Float32Array.from(numbers),
      leaf: graph.input(`g${i}`, "float32", [numbers.length]),
    }));
    const executable = await engine.prepare({
      outputs: { norm: globalNorm(values.map(({ leaf }) => leaf)) },
      updates: new Map(),
    });
    const { norm } = await executable.run(Object.fromEntries(values.map(({ name, data }) => [name, data])));
    assert.equal(norm!.data[0], 13);
  });
});
