import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createEngine, describedOptions, settledOptions, type EngineName } from "../../src/engine/create-engine.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import type { BackendName } from "../../src/engine/tfjs/backend-names.js";
import { TfjsEngine } from "../../src/engine/tfjs/engine.js";

describe("createEngine", () => {
  it("creates an engine on ONNX Runtime by default", () => {
    assert.ok(createEngine() instanceof OnnxEngine);
    assert.ok(createEngine({ threads: 1, backend: undefined }) instanceof OnnxEngine);
    assert.ok(createEngine({ engine: "tfjs", backend: "cpu" }) instanceof TfjsEngine);
  });

  it("refuses unknown engines and backends, and options of the other engine", () => {
    const refused = (options: Parameters<typeof createEngine>[0], message: string) =>
      assert.throws(() => createEngine(options), { name: "InputError", message });
    refused({ engine: "torch" as EngineName }, 'engine: found "torch", expected one of onnx, tfjs');
    refused(
      { engine: "tfjs", provider: "cuda" },
      "provider: not an option of the engine tfjs; its options are backend",
    );
    refused({ engine: "tfjs", threads: 2 }, "threads: not an option of the engine tfjs; its options are backend");
    refused({ backend: "wasm" }, "backend: not an option of the engine onnx; its options are provider, threads");
    const backends = "tensorflow-gpu, tensorflow, webgpu, wasm, cpu";
    refused({ engine: "tfjs", backend: "webgl" as BackendName }, `backend: found "webgl", expected one of ${backends}`);
  });
});

describe("an engine", () => {
  it("describes its options and can be created again from them", async () => {
    for (const [options, expected] of [
      [{ threads: 1 }, { engine: "onnx", provider: "cpu" }],
      [
        { engine: "tfjs", backend: "wasm" },
        { engine: "tfjs", backend: "wasm" },
      ],
    ] as const) {
      const engine = createEngine(options);
      const found = await engine.describe();
      assert.deepEqual(found, expected);
      assert.deepEqual(await createEngine(describedOptions(found)).describe(), found);
      await engine.close();
    }
    const left = createEngine({ engine: "tfjs" });
    const { backend } = await left.describe();
    assert.ok(backend, "the chosen backend if none was named");
    await left.close();
    assert.throws(() => describedOptions({ engine: "cluster" }), {
      name: "InputError",
      message: 'engine: found "cluster", expected one of onnx, tfjs',
    });
  });

  it("has the same settled options whether defaults are given or omitted", () => {
    assert.deepEqual(settledOptions({}), settledOptions({ engine: "onnx", provider: "cpu", threads: 0 }));
    assert.equal(
      JSON.stringify(settledOptions({ threads: 1 })),
      JSON.stringify(settledOptions({ threads: 1, provider: "cpu", backend: undefined })),
    );
    assert.notDeepEqual(settledOptions({ threads: 1 }), settledOptions({ threads: 2 }));
    assert.deepEqual(settledOptions({ engine: "tfjs" }), { engine: "tfjs" });
  });
});
