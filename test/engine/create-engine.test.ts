import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createEngine, type EngineName } from "../../src/engine/create-engine.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import type { BackendName } from "../../src/engine/tfjs/backend-names.js";
import { TfjsEngine } from "../../src/engine/tfjs/engine.js";

describe("createEngine", () => {
  it("is ONNX Runtime unless told otherwise", () => {
    assert.ok(createEngine() instanceof OnnxEngine);
    assert.ok(createEngine({ threads: 1, backend: undefined }) instanceof OnnxEngine);
    assert.ok(createEngine({ engine: "tfjs", backend: "cpu" }) instanceof TfjsEngine);
  });

  it("refuses what there is not, and options of the other engine", () => {
    const refused = (options: Parameters<typeof createEngine>[0], message: string) =>
      assert.throws(() => createEngine(options), { name: "InputError", message });
    refused({ engine: "torch" as EngineName }, 'engine: found "torch", expected one of onnx, tfjs');
    refused({ engine: "tfjs", provider: "cuda" }, "provider: not an option of the engine tfjs; its options are backend");
    refused({ engine: "tfjs", threads: 2 }, "threads: not an option of the engine tfjs; its options are backend");
    refused({ backend: "wasm" }, "backend: not an option of the engine onnx; its options are provider, threads");
    const backends = "tensorflow-gpu, tensorflow, webgpu, wasm, cpu";
    refused({ engine: "tfjs", backend: "webgl" as BackendName }, `backend: found "webgl", expected one of ${backends}`);
  });
});
