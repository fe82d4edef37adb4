import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as ort from "onnxruntime-node";
import { Emitter } from "../../../src/engine/onnx/emitter.js";
import { inputName, lower, outputName, stateName } from "../../../src/engine/onnx/lower.js";
import { unwrap, wrap } from "../../../src/engine/onnx/memory.js";
import { webgpuLowerings } from "../../../src/engine/onnx/webgpu-lowerings.js";
import type { OpName } from "../../../src/graph/attributes.js";
import {
  broadcast,
  gather,
  Graph,
  logSoftmax,
  matmul,
  readAt,
  reshape,
  scatterAdd,
  writeAt,
  type Value,
} from "../../../src/graph/index.js";
import type { Tensor } from "../../../src/graph/tensor.js";
import { integers, normal, type Case } from "../../graph/cases/case.js";
import { compositions } from "../../graph/cases/compositions.js";
import { far } from "../../graph/cases/far.js";
import { cases } from "../../graph/cases/index.js";
import { checkCase, type Run } from "../../support/check-case.js";

/** Runs the lowering for WebGPU on the CPU; its nodes are standard ONNX, so every provider has them. */
const run: Run = async (outputs, { inputs, states }) => {
  const program = { outputs: Object.fromEntries(outputs.map((value, i) => [`y${i}`, value])), updates: new Map() };
  const session = await ort.InferenceSession.create(lower(program, "webgpu").model, { logSeverityLevel: 3 });
  const wanted = new Set(session.inputNames);
  const named = (tensors: ReadonlyMap<string, Tensor>, nameOf: (name: string) => string) =>
    [...tensors].map(([name, { dtype, data, shape }]) => [nameOf(name), wrap(dtype, data, shape)] as const);
  const feeds = [...named(inputs, inputName), ...named(states, stateName)].filter(([name]) => wanted.has(name));
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  return outputs.map((_, i) => unwrap(results[outputName(`y${i}`)]!));
};

describe("the lowering for WebGPU matches the reference", () => {
  for (const op of Object.keys(webgpuLowerings) as (keyof typeof webgpuLowerings)[]) {
    it(op, async () => {
      for (const found of cases[op]) await checkCase(found, run);
    });
  }
  for (const found of [...compositions, ...far]) it(found.title, () => checkCase(found, run));

  const manyRows: Case = {
    title: "scatterAdd of more rows than are added up at once",
    inputs: [
      normal(3, 2),
      integers(
        [1030],
        Array.from({ length: 1030 }, (_, i) => i % 3),
      ),
    ],
    build: gather,
  };
  it(manyRows.title, () => checkCase(manyRows, run));
});

describe("for WebGPU", () => {
  const graph = new Graph();
  const floats = (...shape: number[]) => graph.input(`x${shape}`, "float32", shape);
  const integers = (...shape: number[]) => graph.input(`i${shape}`, "int32", shape);

  /** The types of the nodes that a value is lowered to. */
  function written(value: Value): string[] {
    const emit = new Emitter();
    const lowering = webgpuLowerings[value.op as keyof typeof webgpuLowerings] as
      | ((emit: Emitter, value: Value<OpName>, inputs: readonly string[]) => string)
      | undefined;
    lowering!(
      emit,
      value,
      value.inputs.map((_, i) => `x${i}`),
    );
    return emit.nodes.map(({ opType }) => opType);
  }

  it("matrix products use Gemm; batched ones use MatMul, Transpose, and Mul on the smaller tensor", () => {
    assert.deepEqual(written(matmul(floats(4, 3), floats(5, 3), { transposeB: true, scale: 2 })), ["Gemm"]);
    assert.deepEqual(written(matmul(floats(2, 4, 3), floats(2, 3, 5))), ["MatMul"]);
    assert.deepEqual(written(matmul(floats(2, 4, 3), floats(2, 5, 3), { transposeB: true, scale: 2 })), [
      "Mul",
      "Transpose",
      "MatMul",
    ]);
    assert.deepEqual(written(matmul(floats(2, 9, 3), floats(2, 9, 5), { transposeA: true, scale: 2 })), [
      "Transpose",
      "MatMul",
      "Mul",
    ]);
  });

  it("logSoftmax, readAt and writeAt use neither LogSoftmax nor int64 arithmetic", () => {
    assert.deepEqual(written(logSoftmax(floats(2, 3))), ["ReduceMax", "Sub", "Exp", "ReduceSum", "Log", "Sub"]);
    assert.deepEqual(written(readAt(floats(2, 3, 4), integers(2))), ["Reshape", "Expand", "GatherElements", "Reshape"]);
    assert.deepEqual(written(writeAt(floats(2, 3, 4), integers(2), floats(2, 4))), [
      "Reshape",
      "Equal",
      "Reshape",
      "Where",
    ]);
  });

  it("scatterAdd sums rows before it writes them, but only if several may have the same index", () => {
    const rows = broadcast(reshape(integers(4), [4, 1]), [4, 2]);
    assert.deepEqual(written(scatterAdd(floats(3, 2), rows, floats(4, 2), 0)).slice(-5), [
      "MatMul",
      "GatherElements",
      "Reshape",
      "Add",
      "ScatterElements",
    ]);
    assert.deepEqual(written(scatterAdd(floats(4, 9), integers(4, 1), floats(4, 1), 1)), ["ScatterElements"]);
  });
});
