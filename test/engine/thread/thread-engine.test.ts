import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, describe, it } from "node:test";
import type { Engine, Program } from "../../../src/engine/engine.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { TfjsEngine } from "../../../src/engine/tfjs/engine.js";
import { add, Graph, matmul, mul, sum, tensor, type Tensor, type Value } from "../../../src/graph/index.js";

const scalar = (value: number) => tensor([1], Float32Array.of(value));

/** w ← w + x·factor; outputs 10 times the previous w. */
function counter(factor = 1): Program {
  const graph = new Graph();
  const w = graph.state("w", "float32", [1]);
  const x = graph.input("x", "float32", [1]);
  return { outputs: { before: mul(w, 10) }, updates: new Map([["w", add(w, mul(x, factor))]]) };
}

/** x · wᵀ for this number of rows. */
function product(rows: number): Program {
  const graph = new Graph();
  const [x, w] = [graph.input("x", "float32", [rows, 2]), graph.state("w", "float32", [3, 2])];
  return { outputs: { y: matmul(x, w, { transposeB: true }) }, updates: new Map() };
}

/** w ← 10 · w */
function tenfold(): Program {
  const w = new Graph().state("w", "float32", [3, 2]);
  return { outputs: {}, updates: new Map([["w", mul(w, 10)]]) };
}

const weights = tensor([3, 2], Float32Array.of(1, 2, 3, 4, 5, 6));

/** Products of square matrices that take a tenth of a second or more. */
function longWork(size: number): { program: Program; feeds: { x: Float32Array } } {
  const x = new Graph().input("x", "float32", [size, size]);
  let y: Value = x;
  for (let i = 0; i < 24; i++) y = matmul(y, x);
  return {
    program: { outputs: { y: sum(y) }, updates: new Map() },
    feeds: { x: new Float32Array(size * size).fill(1e-3) },
  };
}

/** Long enough for a run to have started but not finished. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 30));

const x = (value: number) => ({ x: Float32Array.of(value) });

/** The engines, each with a size of matrices that it needs some milliseconds to multiply. */
const engines: readonly [name: string, create: () => Engine, size: number][] = [
  ["onnx", () => new OnnxEngine({ threads: 1 }), 700],
  ["tfjs", () => new TfjsEngine({ backend: "wasm" }), 350],
];

for (const [name, create, size] of engines) {
  const engine = create();
  after(() => engine.close());

  describe(`${name}: a run`, () => {
    it("reads the state and then updates it", async () => {
      const state = await engine.createState([["w", scalar(1)]]);
      const executable = await engine.prepare(counter());
      assert.equal((await executable.run(x(2), [state])).before!.data[0], 10);
      assert.equal((await executable.run(x(0.5), [state])).before!.data[0], 30);
      assert.equal((await state.read()).get("w")!.data[0], 3.5);
    });

    it("reads and updates a name in the first state that has it", async () => {
      const first = await engine.createState([
        ["other", scalar(0)],
        ["w", scalar(1)],
      ]);
      const second = await engine.createState([["w", scalar(100)]]);
      const executable = await engine.prepare(counter());
      await executable.run(x(1), [first, second]);
      assert.equal((await first.read(["w"])).get("w")!.data[0], 2);
      assert.equal((await second.read()).get("w")!.data[0], 100);
    });

    it("waits its turn: concurrent runs of two programs on two states do not interfere", async () => {
      const states = await Promise.all([
        engine.createState([["w", scalar(0)]]),
        engine.createState([["w", scalar(1000)]]),
      ]);
      const programs = [await engine.prepare(counter(1)), await engine.prepare(counter(-3))];
      const before = await Promise.all(
        Array.from({ length: 12 }, async (_, i) => {
          const found = await programs[i % 2]!.run(x(1), [states[Math.floor(i / 2) % 2]!]);
          return found.before!.data[0]!;
        }),
      );
      // Each state sees +1, −3, +1, −3 …
      assert.deepEqual(before, [0, 10, 10000, 10010, -20, -10, 9980, 9990, -40, -30, 9960, 9970]);
      const after = await Promise.all(states.map(async (state) => (await state.read()).get("w")!.data[0]));
      assert.deepEqual(after, [-6, 994]);
    });

    it("does not block the event loop", async () => {
      const { program, feeds } = longWork(size);
      const executable = await engine.prepare(program);
      let ticks = 0;
      const timer = setInterval(() => ticks++, 5);
      const start = performance.now();
      await executable.run(feeds);
      const took = performance.now() - start;
      clearInterval(timer);
      assert.ok(took > 50, `a long run takes only ${took} ms`);
      // A blocked event loop ticks once or twice; on a busy machine, even a free one gets little of a core.
      assert.ok(ticks >= Math.max(3, took / 100), `${ticks} ticks of 5 ms in ${took} ms`);
    });

    it("returns inputs and states of every element type unchanged", async () => {
      const data = {
        float32: Float32Array.of(-0.5, 0, 3e38),
        int32: Int32Array.of(-(2 ** 31), 0, 2 ** 31 - 1),
        bool: Uint8Array.of(0, 1, 1),
        // TensorFlow.js has no such type, and refuses it.
        ...(name === "onnx" && { uint8: Uint8Array.of(0, 17, 255) }),
      };
      for (const dtype of Object.keys(data) as (keyof typeof data)[]) {
        const graph = new Graph();
        const outputs = { x: graph.input("x", dtype, [3]), s: graph.state("s", dtype, [3]) };
        const executable = await engine.prepare({ outputs, updates: new Map() });
        const given = { dtype, shape: [3], data: data[dtype]! } as Tensor;
        const found = await executable.run({ x: given.data }, [await engine.createState([["s", given]])]);
        assert.deepEqual(found, { x: given, s: given });
      }
    });
  });

  describe(`${name}: a program that reads frozen state`, () => {
    it("is correct for one and two rows, before and after a change of the state, and on another state", async () => {
      const state = await engine.createState([["w", weights]]);
      const other = await engine.createState([
        [
          "w",
          tensor(
            [3, 2],
            weights.data.map((x) => -x),
          ),
        ],
      ]);
      const [one, two] = [
        await engine.prepare(product(1), { frozen: true }),
        await engine.prepare(product(2), { frozen: true }),
      ];
      const change = await engine.prepare(tenfold());
      const rows = async (factor: number, from = state) => {
        const found = [
          await one.run({ x: Float32Array.of(1, 1) }, [from]),
          await two.run({ x: Float32Array.of(1, 0, 0, 1) }, [from]),
        ];
        assert.deepEqual(
          found.map(({ y }) => y),
          [
            tensor(
              [1, 3],
              Float32Array.of(3, 7, 11).map((x) => factor * x),
            ),
            tensor(
              [2, 3],
              Float32Array.of(1, 3, 5, 2, 4, 6).map((x) => factor * x),
            ),
          ],
        );
      };
      await rows(1);
      await rows(-1, other);
      await change.run({}, [state]);
      await rows(10);
      await rows(-1, other);
      await one.release();
      assert.deepEqual((await two.run({ x: new Float32Array(4) }, [state])).y!.shape, [2, 3]);
      await state.free();
      await assert.rejects(two.run({ x: new Float32Array(4) }, [state]), /this state has been freed/);
    });

    it("checks feeds and state", async () => {
      const executable = await engine.prepare(product(2), { frozen: true });
      const state = await engine.createState([["w", tensor([2, 3], weights.data)]]);
      await assert.rejects(
        executable.run({ x: new Float32Array(4) }, [state]),
        /the state "w" is float32\[2,3\], the program wants float32\[3,2\]/,
      );
      await assert.rejects(
        executable.run({ x: new Float32Array(2) }, [state]),
        /the input "x" is float32\[2,2\], fed Float32Array\(2\)/,
      );
    });
  });

  describe(`${name}: a state`, () => {
    it("copies its tensors when it is created and when it is read", async () => {
      const given = scalar(1);
      const state = await engine.createState([["w", given]]);
      given.data[0] = 7;
      const read = await state.read();
      assert.deepEqual(read.get("w"), scalar(1));
      await (await engine.prepare(counter())).run(x(1), [state]);
      assert.equal(read.get("w")!.data[0], 1);
      assert.equal((await state.read()).get("w")!.data[0], 2);
    });

    it("cannot be read or used after it is freed", async () => {
      const state = await engine.createState([["w", scalar(1)]]);
      const executable = await engine.prepare(counter());
      await state.free();
      await assert.rejects(state.read(), /this state has been freed/);
      await assert.rejects(executable.run(x(1), [state]), /this state has been freed/);
    });
  });

  describe(`${name}: an error says what is wrong`, () => {
    const run = async (feeds: Record<string, Float32Array | Int32Array>, w = scalar(1)) => {
      const state = await engine.createState([["w", w]]);
      const executable = await engine.prepare(counter());
      try {
        return await executable.run(feeds, [state]);
      } finally {
        assert.deepEqual((await state.read()).get("w"), w);
      }
    };

    it("with a feed", async () => {
      await assert.rejects(run({}), /the input "x" is not fed/);
      await assert.rejects(run({ x: Float32Array.of(1, 2) }), /the input "x" is float32\[1\], fed Float32Array\(2\)/);
      await assert.rejects(run({ x: Int32Array.of(1) }), /the input "x" is float32\[1\], fed Int32Array\(1\)/);
    });

    it("with a state", async () => {
      await assert.rejects(
        run(x(1), tensor([2], Float32Array.of(1, 2))),
        /the state "w" is float32\[2\], the program wants float32\[1\]/,
      );
      const executable = await engine.prepare(counter());
      await assert.rejects(executable.run(x(1)), /no state has a tensor "w"/);
      const state = await engine.createState([["v", scalar(1)]]);
      await assert.rejects(executable.run(x(1), [state]), /no state has a tensor "w"/);
      await assert.rejects(state.read(["w"]), /no state has a tensor "w"/);
    });

    it("with a program", async () => {
      const executable = await engine.prepare(counter());
      await executable.release();
      await assert.rejects(executable.run(x(1)), /this program has been freed/);
    });
  });

  describe(`${name}: an engine`, () => {
    it("that is closed finishes the current run, and rejects waiting runs and later requests", async () => {
      const closing = create();
      const { program, feeds } = longWork(size);
      const executable = await closing.prepare(program);
      const pending = Promise.allSettled([executable.run(feeds), executable.run(feeds)]);
      await pause();
      await closing.close();
      const [first, second] = await pending;
      // On a busy machine, the run may not have started.
      if (first.status === "rejected") assert.match(String(first.reason), /the engine is closed/);
      else assert.equal(first.value.y!.shape.length, 0);
      assert.match(String(second.status === "rejected" && second.reason), /the engine is closed/);
      await assert.rejects(executable.run(feeds), /the engine is closed/);
      await assert.rejects(closing.createState([]), /the engine is closed/);
      await closing.close();
    });

    // The source of a program that starts a long run and then executes the given code.
    const url = (path: string) => JSON.stringify(new URL(`../../../src/${path}`, import.meta.url).href);
    const source = (then: string) => `
      import { OnnxEngine } from ${url("engine/onnx/engine.js")};
      import { TfjsEngine } from ${url("engine/tfjs/engine.js")};
      import { Graph, matmul, sum } from ${url("graph/index.js")};
      const x = new Graph().input("x", "float32", [${size}, ${size}]);
      let y = x;
      for (let i = 0; i < 24; i++) y = matmul(y, x);
      const { run } = await (${create})().prepare({ outputs: { y: sum(y) }, updates: new Map() });
      run({ x: new Float32Array(${size} * ${size}) }).then(({ y }) => console.log(y.data[0]));
      ${then}`;
    const child = (then: string) =>
      new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
        execFile(
          process.execPath,
          ["--input-type=module", "--eval", source(then)],
          { timeout: 120_000 },
          (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }),
        );
      });

    it("keeps the process alive while it runs, but not while it is idle", async () => {
      assert.deepEqual(await child(""), { code: 0, stdout: "0\n", stderr: "" });
    });

    it("lets the process end during a run, by process.exit or an error", async () => {
      const exited = await child("setTimeout(() => process.exit(3), 30)");
      assert.deepEqual([exited.code, exited.stderr], [3, ""]);
      const { code, stderr } = await child('setTimeout(() => { throw new Error("thrown") }, 30)');
      assert.equal(code, 1);
      assert.match(stderr, /Error: thrown/);
    });
  });
}
