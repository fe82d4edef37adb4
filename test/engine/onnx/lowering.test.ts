import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import type { Feeds } from "../../../src/engine/engine.js";
import type { OpName } from "../../../src/graph/attributes.js";
import { gelu, geluTanh, logSigmoid, logSoftmax, sigmoid, silu, softmax, softplus } from "../../../src/graph/build.js";
import { gradients } from "../../../src/graph/gradient.js";
import { definitions } from "../../../src/graph/ops/index.js";
import type { Tensor } from "../../../src/graph/tensor.js";
import type { Value } from "../../../src/graph/value.js";
import { buildCase, numbers, weighted, type BuiltCase, type Case } from "../../graph/cases/case.js";
import { compositions } from "../../graph/cases/compositions.js";
import { cases } from "../../graph/cases/index.js";
import { evaluate } from "../../support/reference.js";

/** Largest difference that float32 may make, as a share of the largest element. */
const tolerance = 1e-5;

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };
const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

/** Runs a case's output, and the gradient of a weighted sum of it, on the engine and compares them with the reference. */
async function check(found: Case): Promise<void> {
  const built = buildCase(found);
  const slopes = gradients(weighted([built.output], "slopes"), built.differentiated);
  const outputs = [built.output, ...slopes];
  const expected = evaluate(outputs, built.feeds);
  const computed = await run(built, outputs);
  outputs.forEach(({ dtype, shape }, o) => {
    const { data, ...type } = computed[o]!;
    assert.deepEqual(type, { dtype, shape }, found.title);
    assertClose(Array.from(data), expected[o]!, `${found.title}: ${o === 0 ? "value" : `gradient ${o - 1}`}`);
  });
}

async function run({ leaves, feeds }: BuiltCase, outputs: readonly Value[]): Promise<Tensor[]> {
  const inputs: Record<string, Feeds[string]> = {};
  const kept: [string, Tensor][] = [];
  for (const { op, attributes: { name, dtype, shape } } of leaves) {
    const data = arrays[dtype].from(feeds[name]!);
    if (op === "input") inputs[name] = data;
    else kept.push([name, { dtype, shape, data }]);
  }
  const state = await engine.createState(kept);
  const executable = await engine.prepare({
    outputs: Object.fromEntries(outputs.map((value, i) => [`y${i}`, value])),
    updates: new Map(),
  });
  const computed = await executable.run(inputs, [state]);
  await executable.release();
  await state.free();
  return outputs.map((_, i) => computed[`y${i}`]!);
}

function assertClose(found: readonly number[], expected: readonly number[], what: string): void {
  const accepted = tolerance * Math.max(...expected.map(Math.abs)) + 1e-6;
  const close = found.length === expected.length && found.every((x, i) => Math.abs(x - expected[i]!) <= accepted);
  assert.ok(close, `${what}: [${found}], not [${expected}]`);
}

describe("onnxruntime computes what the reference computes", () => {
  for (const op of Object.keys(definitions) as OpName[]) {
    it(op, async () => {
      for (const found of cases[op]) await check(found);
    });
  }
  for (const found of compositions) it(found.title, () => check(found));
});

describe("far from 0 values and gradients stay finite and right", () => {
  const far = numbers([5], [-1000, -90, 0, 90, 1000]);
  for (const build of [softplus, logSigmoid, sigmoid, silu, gelu, geluTanh, softmax, logSoftmax]) {
    it(build.name, () => check({ title: build.name, inputs: [far], build }));
  }
});
