import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as ort from "onnxruntime-node";
import { bytes } from "../../../src/engine/onnx/emitter.js";
import { FrozenSessions } from "../../../src/engine/onnx/frozen-sessions.js";
import { lower, outputName, stateName } from "../../../src/engine/onnx/lower.js";
import { Graph, mul } from "../../../src/graph/index.js";

/** y = factor · w, with w a constant. */
function scaled(factor: number): Uint8Array {
  const y = mul(new Graph().state("w", "float32", [1]), factor);
  return lower({ outputs: { y }, updates: new Map() }, "cpu", new Set(["w"])).model;
}

const tensorOf = (value: number) => new ort.Tensor("float32", Float32Array.of(value), [1]);

/** Frozen sessions, a function that runs one, and the number of sessions created so far. */
function counted() {
  let made = 0;
  const sessions = new FrozenSessions((model, [w]) => {
    made++;
    return ort.InferenceSession.create(model, {
      externalData: [{ path: stateName("w"), data: bytes(w!.data as Float32Array) }],
    });
  });
  const run = async (model: Uint8Array, w: ort.Tensor) => {
    const results = await (await sessions.get(model, [w])).run({});
    return results[outputName("y")]!.data[0];
  };
  return { sessions, run, made: () => made };
}

describe("FrozenSessions", () => {
  it("creates one session for each model and its constants", async () => {
    const { run, made } = counted();
    const [double, two, three] = [scaled(2), tensorOf(2), tensorOf(3)];
    for (let i = 0; i < 3; i++) {
      assert.equal(await run(double, two), 4);
      assert.equal(await run(double, three), 6);
    }
    assert.equal(made(), 2);
  });

  it("keeps the two most recently used sessions", async () => {
    const { run, made } = counted();
    const [double, triple] = [scaled(2), scaled(3)];
    const [two, five] = [tensorOf(2), tensorOf(5)];
    await run(double, two);
    await run(triple, two);
    await run(double, two);
    assert.equal(await run(double, five), 10);
    await run(double, two);
    assert.equal(made(), 3);
    assert.equal(await run(triple, two), 6);
    assert.equal(made(), 4);
  });

  it("creates a session again after its constant or its model is released", async () => {
    const { sessions, run, made } = counted();
    const [double, w, other] = [scaled(2), tensorOf(2), tensorOf(7)];
    assert.equal(await run(double, w), 4);
    w.data[0] = 5;
    await sessions.releaseTensors(new Set([other]));
    assert.equal(await run(double, w), 4);
    await sessions.releaseTensors(new Set([w]));
    assert.equal(await run(double, w), 10);
    await sessions.releaseModel(double);
    assert.equal(await run(double, w), 10);
    assert.equal(made(), 3);
  });
});
