import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it, type TestContext } from "node:test";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { Graph, mul } from "../../../src/graph/index.js";

/** Halves a value, repeated often enough for several threads to share the work. */
const count = 1 << 18;
async function halved(test: TestContext, threads: number, value: number): Promise<Set<number>> {
  const engine = new OnnxEngine({ threads });
  test.after(() => engine.close());
  const { run } = await engine.prepare({
    outputs: { y: mul(new Graph().input("x", "float32", [count]), 0.5) },
    updates: new Map(),
  });
  const { y } = await run({ x: new Float32Array(count).fill(value) });
  return new Set(y!.data as Float32Array);
}

describe("subnormal floats", () => {
  it("are flushed to 0 in every engine of a process, and in all threads of an engine", async (test) => {
    for (const threads of [1, 1, 2]) {
      assert.deepEqual(await halved(test, threads, 2 ** -126), new Set([0]));
      assert.deepEqual(await halved(test, threads, 2 ** -125), new Set([2 ** -126]));
    }
  });

  it("are unchanged outside the engines", async (test) => {
    await halved(test, 1, 1);
    assert.equal(Math.fround(2 ** -126) * 0.5, 2 ** -127);
    assert.notEqual(Number.MIN_VALUE, 0);
  });
});

describe("an engine's thread", () => {
  const script = (body: string) =>
    `import { OnnxEngine } from "./dist/src/engine/onnx/engine.js"; import { Graph, mul } from "./dist/src/graph/index.js"; ${body}`;
  const run = (body: string) =>
    new Promise<string>((resolve, reject) => {
      execFile(process.execPath, ["--input-type=module", "-e", script(body)], (error, stdout) =>
        error ? reject(error) : resolve(stdout),
      );
    });
  const prepared =
    'await engine.prepare({ outputs: { y: mul(new Graph().input("x", "float32", [1]), 2) }, updates: new Map() })';

  it("lets the process end when it is idle or closed", async () => {
    assert.equal(await run(`const engine = new OnnxEngine(); ${prepared}; console.log("idle")`), "idle\n");
    assert.equal(
      await run(
        `const engine = new OnnxEngine(); ${prepared}; await engine.close(); await engine.close(); console.log("closed")`,
      ),
      "closed\n",
    );
  });

  it("keeps the process alive until several engines closed at once have ended", async () => {
    const closing = "Array.from({ length: 4 }, () => new OnnxEngine({ threads: 1 }))";
    const body = `const engines = ${closing}; await Promise.all(engines.map((engine) => engine.createState([]))); await Promise.all(engines.map((engine) => engine.close())); console.log("closed")`;
    assert.equal(await run(body), "closed\n");
  });

  it("lets the process exit while it is starting", async () => {
    for (const wait of [0, 20, 40, 60, 80, 90, 100, 120]) {
      const body = `const engine = new OnnxEngine(); engine.createState([]).catch(() => {}); setTimeout(() => { console.log("exits"); process.exit(0); }, ${wait})`;
      assert.equal(await run(body), "exits\n");
    }
  });

  it("can be started again after all others are closed", async (test) => {
    const first = new OnnxEngine();
    await first.createState([]);
    await first.close();
    assert.deepEqual(await halved(test, 1, 2 ** -126), new Set([0]));
  });
});
