import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Random } from "../../../src/base/random.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { TfjsEngine } from "../../../src/engine/tfjs/engine.js";
import type { OpName } from "../../../src/graph/attributes.js";
import { gelu, geluTanh, logSigmoid, logSoftmax, sigmoid, silu, softmax, softplus } from "../../../src/graph/build.js";
import { gradients } from "../../../src/graph/gradient.js";
import { definitions } from "../../../src/graph/ops/index.js";
import { buildCase, numbers, weighted, type Case } from "../../graph/cases/case.js";
import { compositions } from "../../graph/cases/compositions.js";
import { cases } from "../../graph/cases/index.js";
import { drawCases } from "../../graph/cases/random.js";
import { assertCloseToLargest, runCase } from "../../support/engine-case.js";
import { tfjsBackends } from "../../support/tfjs-backends.js";

/** Largest difference between the engines, as a share of the largest element. */
const tolerance = 1e-5;

const onnx = new OnnxEngine({ threads: 1 });
after(() => onnx.close());

for (const backend of tfjsBackends) {
  const tfjs = new TfjsEngine({ backend });
  after(() => tfjs.close());

  /** Runs a case's output, and the gradient of a weighted sum of it, on both engines. */
  const check = async (found: Case) => {
    const built = buildCase(found);
    const outputs = [built.output, ...gradients(weighted([built.output], "slopes"), built.differentiated)];
    const expected = await runCase(onnx, built, outputs);
    const computed = await runCase(tfjs, built, outputs);
    outputs.forEach((_, o) => {
      const [{ data: x, ...type }, { data: y, ...expectedType }] = [computed[o]!, expected[o]!];
      const what = `${found.title}: ${o === 0 ? "value" : `gradient ${o - 1}`}`;
      assert.deepEqual(type, expectedType, what);
      assertCloseToLargest(x, y, tolerance, what);
    });
  };

  describe(`tfjs on ${backend} computes what onnxruntime computes`, () => {
    for (const op of Object.keys(definitions) as OpName[]) {
      it(op, async () => {
        for (const found of [...cases[op], ...drawCases(op, 6, Random.seeded(1))]) await check(found);
      });
    }
    for (const found of compositions) it(found.title, () => check(found));
  });

  describe(`on ${backend} values and gradients stay finite and right far from 0`, () => {
    const far = numbers([5], [-1000, -90, 0, 90, 1000]);
    for (const build of [softplus, logSigmoid, sigmoid, silu, gelu, geluTanh, softmax, logSoftmax]) {
      it(build.name, () => check({ title: build.name, inputs: [far], build }));
    }
  });
}
