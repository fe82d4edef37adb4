import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chooseProvider } from "../../src/engine/onnx/choose-provider.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { tryEngine } from "../../src/engine/trial.js";
import { Graph, mul } from "../../src/graph/index.js";

describe("tryEngine", () => {
  it("returns the speed of matrix products, or the reason for a failure in one line", async () => {
    const trial = await tryEngine({ provider: "cpu" });
    assert.ok("gflops" in trial && trial.gflops > 0 && trial.drivers.length === 0, JSON.stringify(trial));
    // Neither provider is in builds for the other's system.
    const none = await tryEngine({ provider: process.platform === "win32" ? "coreml" : "dml" });
    assert.ok("reason" in none);
    assert.match(none.reason, /^.+$/);
  });
});

describe("the provider auto", () => {
  it("runs on the choice of chooseProvider, which is the CPU if there is no GPU", async () => {
    const engine = new OnnxEngine({ provider: "auto", threads: 1 });
    const x = new Graph().input("x", "float32", [2]);
    const executable = await engine.prepare({ outputs: { y: mul(x, 3) }, updates: new Map() });
    assert.deepEqual((await executable.run({ x: Float32Array.of(2, -1) })).y!.data, Float32Array.of(6, -3));
    const webgpu = await tryEngine({ provider: "webgpu" });
    const chosen = await engine.provider();
    assert.equal(chosen, await chooseProvider());
    // A WebGPU driver on the CPU is slower than the CPU provider.
    const onCpu = "reason" in webgpu || webgpu.drivers.every((driver) => /swiftshader|lvp/.test(driver));
    if (onCpu) assert.equal(chosen, "cpu");
    await engine.close();
  });

  it("can be closed while it is being chosen", async () => {
    const engine = new OnnxEngine({ provider: "auto" });
    const state = engine.createState([]);
    await engine.close();
    await assert.rejects(state, /the engine is closed/);
  });
});
