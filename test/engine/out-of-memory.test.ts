import assert from "node:assert/strict";
import { after, it } from "node:test";
import { InputError } from "../../src/base/errors.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { broadcast, exp, Graph, sum } from "../../src/graph/index.js";

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

it("an engine that is out of memory names the options that reduce memory, and remains usable", async () => {
  const program = (rows: number) => {
    const x = new Graph().input("x", "float32", [1, 1024]);
    return { outputs: { y: sum(exp(broadcast(x, [rows, 1024]))) }, updates: new Map() };
  };
  const feeds = { x: new Float32Array(1024) };
  // No machine has 32 TiB.
  const large = await engine.prepare(program(2 ** 33));
  await assert.rejects(large.run(feeds), (error) => {
    assert.ok(error instanceof InputError);
    assert.match(
      error.message,
      /^out of memory: the engine finds no room for 35184\.4 GB more; lower `memory`.*`microBatchSize`.*`samplingBatchSize`/,
    );
    assert.match((error.cause as Error).message, /Failed to allocate memory/);
    return true;
  });
  const small = await engine.prepare(program(2));
  assert.equal((await small.run(feeds)).y!.data[0], 2048);
});
