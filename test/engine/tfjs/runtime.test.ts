import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultAdamW, momentNames, stepSizes } from "../../../src/align/adamw.js";
import { supervised } from "../../../src/align/sft.js";
import { stepProgram } from "../../../src/align/training-program.js";
import { Random } from "../../../src/base/random.js";
import type { Feeds, Program } from "../../../src/engine/engine.js";
import { loadBackend } from "../../../src/engine/tfjs/backends.js";
import * as g from "../../../src/graph/index.js";
import { Graph, tensor } from "../../../src/graph/index.js";
import { initialParameters } from "../../../src/model/parameters/parameters.js";
import { openRuntime } from "../../support/tfjs-runtime.js";
import { tinyConfig } from "../../support/tiny-model.js";

/*
 * The work of the thread, without the thread, because the library counts tensors globally. Each test
 * counts before and after.
 */

const cpu = (await loadBackend("cpu")).tf;

const open = (isHurried?: () => boolean) => openRuntime(cpu, "cpu", isHurried);
const tensors = () => cpu.memory().numTensors;
const row = (...numbers: number[]) => tensor([numbers.length], Float32Array.from(numbers));

/** w ← exp(erf(w)·x); outputs the old w, the new one and the unchanged input. */
function program(): { program: Program; feeds: Feeds } {
  const graph = new Graph();
  const w = graph.state("w", "float32", [3]);
  const x = graph.input("x", "float32", [3]);
  const fresh = g.exp(g.mul(g.erf(w), x));
  return {
    program: { outputs: { w, x, fresh }, updates: new Map([["w", fresh]]) },
    feeds: { x: Float32Array.of(1, 2, 3) },
  };
}

/** Some feed for each input; all tokens, positions and rows are the first. */
function anyFeeds({ outputs, updates }: Program): Feeds {
  const leaves = g
    .topologicalOrder([...Object.values(outputs), ...updates.values()])
    .filter(({ op }) => op === "input");
  return Object.fromEntries(
    (leaves as g.Value<"input">[]).map(({ attributes: { name, dtype, shape } }) => {
      const size = g.sizeOf(shape);
      return [name, dtype === "int32" ? new Int32Array(size) : new Float32Array(size).fill(0.5)];
    }),
  );
}

describe("after a run, the number of tensors is the same as before", () => {
  it("for a training step, which updates its state", async () => {
    const shape = { rows: 2, length: 8, responses: 2, completions: 6, sharesPrompts: false };
    const { create, prepare, run, read, release, freeState } = open();
    const none = tensors();
    const parameters = [...initialParameters(tinyConfig, Random.seeded(1))];
    const moments = parameters.flatMap(([name, { shape }]) =>
      Object.values(momentNames(name)).map(
        (moment) => [moment, tensor(shape, new Float32Array(g.sizeOf(shape)))] as const,
      ),
    );
    const state = create([...parameters, ...moments]);
    assert.equal(tensors(), none + 3 * parameters.length);
    const training = stepProgram(
      { config: tinyConfig, objective: supervised, shape, slots: 2, recompute: true },
      defaultAdamW,
    );
    const step = prepare(training);
    const before = cpu.memory();
    const weight = await read(state, "model.norm.weight");
    const feeds = anyFeeds(training);
    for (let i = 1; i <= 2; i++) {
      await run(step, { ...feeds, ...stepSizes(defaultAdamW, 0.1, i) }, [state]);
      const { numTensors, numBytes } = cpu.memory();
      assert.deepEqual({ numTensors, numBytes }, { numTensors: before.numTensors, numBytes: before.numBytes });
    }
    assert.notDeepEqual(await read(state, "model.norm.weight"), weight);
    release(step);
    freeState(state);
    assert.equal(tensors(), none);
  });

  it("for a program that returns its leaves, and for one that swaps two states", async () => {
    const { create, prepare, run, read, release, freeState } = open();
    const none = tensors();
    const state = create([
      ["w", row(1, 2, 3)],
      ["v", row(4, 5, 6)],
    ]);
    const graph = new Graph();
    const [w, v] = ["w", "v"].map((name) => graph.state(name, "float32", [3]));
    const leaves = program();
    const programs = [
      prepare(leaves.program),
      prepare({
        outputs: { w: w! },
        updates: new Map([
          ["w", v!],
          ["v", w!],
        ]),
      }),
    ];
    const before = tensors();
    const found = await run(programs[0]!, leaves.feeds, [state]);
    assert.deepEqual(found.w!.data, Float32Array.of(1, 2, 3));
    await run(programs[1]!, {}, [state]);
    assert.deepEqual(await read(state, "v"), found.fresh!.data);
    assert.deepEqual(await read(state, "w"), Float32Array.of(4, 5, 6));
    assert.equal(tensors(), before);
    for (const id of programs) release(id);
    freeState(state);
    assert.equal(tensors(), none);
  });
});

describe("a run frees its tensors and leaves the state unchanged", () => {
  /** Runs {@link program} and asserts that it fails with this message, without leaks or changes. */
  async function failing(calls: ReturnType<typeof open>, message: RegExp): Promise<void> {
    const state = calls.create([["w", row(1, 2, 3)]]);
    const { program: failing, feeds } = program();
    const id = calls.prepare(failing);
    const before = tensors();
    await assert.rejects(async () => calls.run(id, feeds, [state]), message);
    assert.equal(tensors(), before);
    assert.deepEqual(await calls.read(state, "w"), Float32Array.of(1, 2, 3));
    calls.release(id);
    calls.freeState(state);
  }

  it("if a kernel is missing, and the error names the op", async () => {
    const kernel = cpu.getKernel("Exp", "cpu");
    cpu.unregisterKernel("Exp", "cpu");
    try {
      await failing(
        open(),
        /^Error: exp\(float32\[3\]\) failed on tfjs's backend cpu, which holds 0 MB in \d+ tensors: Kernel 'Exp' not registered/,
      );
    } finally {
      cpu.registerKernel(kernel);
    }
  });

  it("if the engine is closed during the run", async () => {
    let ops = 0;
    await failing(
      open(() => ++ops > 4),
      /^Error: the engine is closed$/,
    );
  });

  it("if a feed is missing", async () => {
    const calls = open();
    const state = calls.create([["w", row(1, 2, 3)]]);
    const id = calls.prepare(program().program);
    const before = tensors();
    await assert.rejects(async () => calls.run(id, {}, [state]), /the input "x" is not fed/);
    assert.equal(tensors(), before);
  });
});
