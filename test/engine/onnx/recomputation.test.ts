import assert from "node:assert/strict";
import { after, it } from "node:test";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { add, checkpoint, gradients, Graph, mul, silu, sum, tensor, type Value } from "../../../src/graph/index.js";
import { largestDifference } from "../../support/compare.js";

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

const [layers, depth, rows, width] = [8, 6, 1024, 1024];
const megabytes = (values: number) => (values * rows * width * 4) / 2 ** 20;

/** Layers of six activations of 4 MB each, and the gradients with respect to a scale for each activation. */
async function run(recompute: boolean) {
  const graph = new Graph();
  const scales = Array.from({ length: layers * depth }, (_, i) => graph.state(`scale${i}`, "float32", [width]));
  let x: Value = graph.input("x", "float32", [rows, width]);
  for (let layer = 0; layer < layers; layer++) {
    x = checkpoint(x);
    let y = x;
    for (const scale of scales.slice(layer * depth, (layer + 1) * depth)) y = silu(mul(y, scale));
    x = add(x, y);
  }
  const slopes = gradients(sum(x), scales, { recompute });
  const state = await engine.createState(
    scales.map(({ attributes: { name } }, i) => [name, tensor([width], new Float32Array(width).fill(1 + i / 100))]),
  );
  const executable = await engine.prepare({
    outputs: Object.fromEntries(slopes.map((slope, i) => [`${i}`, slope])),
    updates: new Map(),
  });
  const found = await executable.run(
    { x: Float32Array.from({ length: rows * width }, (_, i) => ((i % 1001) - 500) / 250) },
    [state],
  );
  await executable.release();
  return {
    gradient: slopes.flatMap((_, i) => [...(found[`${i}`]!.data as Float32Array)]),
    peak: process.resourceUsage().maxRSS / 1024,
  };
}

it("recomputed activations are not kept in memory, and the gradients are the same", async () => {
  // The peak of the process only grows, so the smaller run comes first.
  const recomputed = await run(true);
  const kept = await run(false);
  const largest = Math.max(...kept.gradient.map(Math.abs));
  assert.ok(largestDifference(recomputed.gradient, kept.gradient) <= 1e-6 * largest);
  const saved = kept.peak - recomputed.peak;
  // The activations of all layers except one.
  assert.ok(saved > megabytes((layers - 2) * depth), `${saved} MB saved`);
});
