import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { adamWStep, defaultAdamW, momentNames, stepSizes } from "../../src/align/adamw.js";
import { supervised } from "../../src/align/sft.js";
import { accumulateProgram, applyProgram, stepProgram } from "../../src/align/training-program.js";
import { Random } from "../../src/base/random.js";
import type { Feeds, Program } from "../../src/engine/engine.js";
import { updatesInPlace } from "../../src/engine/in-place.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { splitRowWrites } from "../../src/engine/onnx/row-writes.js";
import * as g from "../../src/graph/index.js";
import { Graph, gradients, tensor, topologicalOrder, type Shape, type Value } from "../../src/graph/index.js";
import { decodeProgram } from "../../src/model/generation/cache.js";
import { assertClose } from "../support/compare.js";
import { evaluate } from "../support/reference.js";
import { tinyConfig } from "../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

const random = Random.seeded(1);
const normal = (shape: Shape) => Float32Array.from({ length: g.sizeOf(shape) }, () => random.normal());

/** Runs a program twice and compares its outputs and the state after each run with float64 arithmetic. */
async function assertRight({ outputs, updates }: Program, feeds: Feeds = {}): Promise<void> {
  const names = Object.keys(outputs);
  const leaves = topologicalOrder([...Object.values(outputs), ...updates.values()]).filter(
    (value): value is Value<"state"> => value.op === "state",
  );
  const shapes = new Map([
    ...[...updates].map(([name, { shape }]) => [name, shape] as const),
    ...leaves.map(({ attributes: { name, shape } }) => [name, shape] as const),
  ]);
  let expected = new Map([...shapes].map(([name, shape]) => [name, [...normal(shape)]]));
  const state = await engine.createState(
    [...shapes].map(([name, shape]) => [name, tensor(shape, Float32Array.from(expected.get(name)!))] as const),
  );
  const executable = await engine.prepare({ outputs, updates });
  for (let run = 0; run < 2; run++) {
    const fed = {
      ...Object.fromEntries(expected),
      ...Object.fromEntries(Object.entries(feeds).map(([name, data]) => [name, [...data]])),
    };
    const results = evaluate([...Object.values(outputs), ...updates.values()], fed);
    const found = await executable.run(feeds, [state]);
    names.forEach((name, i) => assertClose(found[name]!.data, results[i]!, 1e-5, name));
    expected = new Map([
      ...expected,
      ...[...updates.keys()].map((name, i) => [name, results[names.length + i]!] as const),
    ]);
    for (const [name, { data }] of await state.read())
      assertClose(data, expected.get(name)!, 1e-5, `${name} after run ${run}`);
  }
  await executable.release();
  await state.free();
}

/** Two linear layers: y = x·aᵀ·bᵀ, loss Σ y². The gradient of each weight reads the other weight. */
function twoLayers() {
  const graph = new Graph();
  const x = graph.input("x", "float32", [6, 8]);
  const a = graph.state("a", "float32", [8, 8]);
  const b = graph.state("b", "float32", [8, 8]);
  const y = g.matmul(g.matmul(x, a, { transposeB: true }), b, { transposeB: true });
  const loss = g.sum(g.mul(y, y));
  return { a, b, loss, slopes: gradients(loss, [a, b]), feeds: { x: normal([6, 8]) } };
}

describe("all updates are in place in", () => {
  const shape = { rows: 2, length: 8, responses: 2, completions: 6, sharesPrompts: false };
  const made = { config: tinyConfig, objective: supervised, shape, slots: 2 };
  const adamW = { ...defaultAdamW, weightDecay: 0.1 };
  const programs: Record<string, Program> = {
    "a clipped AdamW step": stepProgram(made, adamW),
    "one that computes its activations again": stepProgram({ ...made, recompute: true }, adamW),
    "the accumulation of gradients": accumulateProgram(made),
    "the end of an accumulated step": applyProgram(tinyConfig, adamW),
  };
  for (const [name, program] of Object.entries(programs)) {
    it(name, () => {
      assert.ok(program.updates.size > 0);
      assert.deepEqual(updatesInPlace(program), new Set(program.updates.keys()));
    });
  }
});

describe("a weight that the backward pass of another layer reads", () => {
  it("is updated in place under clipping by the global norm, with the correct result", async () => {
    const { a, b, loss, slopes, feeds } = twoLayers();
    const { updates, gradNorm } = adamWStep(defaultAdamW, [a, b], slopes);
    const program = { outputs: { loss, gradNorm }, updates };
    const states = ["a", "b"].flatMap((name) => [name, momentNames(name).mean, momentNames(name).square]);
    assert.deepEqual([...updatesInPlace(program)].sort(), states.sort());
    const state = await engine.createState([
      ["a", tensor([8, 8], normal([8, 8]))],
      ["b", tensor([8, 8], normal([8, 8]))],
      ...["a", "b"].flatMap((name) =>
        Object.values(momentNames(name)).map((moment) => [moment, tensor([8, 8], new Float32Array(64))] as const),
      ),
    ]);
    const before = await state.read();
    const fed = { ...feeds, ...stepSizes(defaultAdamW, 0.01, 1) };
    const executable = await engine.prepare(program);
    await executable.run(fed, [state]);
    const asLists = Object.fromEntries(
      [...before, ...Object.entries(fed).map(([name, data]) => [name, { data }] as const)].map(([name, { data }]) => [
        name,
        [...data],
      ]),
    );
    const expected = evaluate([...updates.values()], asLists);
    const found = await state.read();
    [...updates.keys()].forEach((name, i) => assertClose(found.get(name)!.data, expected[i]!, 1e-5, name));
  });

  it("is not updated in place under plain gradient descent, with the correct result", async () => {
    const { a, b, loss, slopes, feeds } = twoLayers();
    const descended = [a, b].map(
      (weight, i) => [weight.attributes.name, g.sub(weight, g.mul(slopes[i]!, 1e-4))] as const,
    );
    const program = { outputs: { loss }, updates: new Map(descended) };
    // Only the forward pass reads `a`, and the gradient of `a` depends on it.
    assert.deepEqual(updatesInPlace(program), new Set(["a"]));
    await assertRight(program, feeds);
  });
});

describe("a cache", () => {
  const graph = new Graph();
  const cache = graph.state("cache", "float32", [2, 5, 3]);
  const index = graph.input("index", "int32", [2]);
  const updated = g.writeAt(cache, index, graph.input("rows", "float32", [2, 3]));
  const feeds = { index: Int32Array.of(4, 1), rows: normal([2, 3]) };

  it("is updated by row writes after the run, for readers of the old or of the new content", async () => {
    for (const read of [cache, updated]) {
      const program = { outputs: { read: g.sum(read, [1]) }, updates: new Map([["cache", updated]]) };
      const { program: rest, rowWrites } = splitRowWrites(program);
      assert.deepEqual([rest.updates.size, rowWrites.map(({ name }) => name)], [0, ["cache"]]);
      await assertRight(program, feeds);
    }
  });

  it("is the only state that decoding a token changes", () => {
    const program = decodeProgram(tinyConfig, { rows: 2, capacity: 12 }, 12, "logits");
    assert.equal(program.updates.size, 2 * tinyConfig.layers);
    assert.equal(splitRowWrites(program).program.updates.size, 0);
  });
});

describe("not updated in place, but correct:", () => {
  const graph = new Graph();
  const shape = [4, 4];
  const a = graph.state("a", "float32", shape);
  const b = graph.state("b", "float32", shape);
  const more = g.add(a, 1);
  const square = g.matmul(a, a);
  const programs: Record<string, Program> = {
    "a swap": {
      outputs: {},
      updates: new Map([
        ["a", b],
        ["b", a],
      ]),
    },
    "what each of two takes from the other": {
      outputs: {},
      updates: new Map([
        ["a", g.sub(a, b)],
        ["b", g.add(b, a)],
      ]),
    },
    "one value for two": {
      outputs: {},
      updates: new Map([
        ["a", g.add(a, b)],
        ["b", g.add(a, b)],
      ]),
    },
    "what is also given back as it was": { outputs: { old: a }, updates: new Map([["a", more]]) },
    "what goes on in another state": {
      outputs: {},
      updates: new Map([
        ["a", more],
        ["b", a],
      ]),
    },
    "an update that mixes elements": {
      outputs: {},
      updates: new Map([
        ["a", g.mul(square, 0.1)],
        ["b", g.transpose(b, [1, 0])],
      ]),
    },
  };
  for (const [name, program] of Object.entries(programs)) {
    it(name, async () => {
      const safe = updatesInPlace(program);
      assert.ok(safe.size < program.updates.size, [...safe].join());
      await assertRight(program);
    });
  }

  // An engine may evaluate these views only when their reader runs.
  const views: Record<string, (x: Value) => Value> = {
    reshape: (x) => g.reshape(x, [2, 8]),
    transpose: (x) => g.transpose(x, [1, 0]),
    stopGradient: g.stopGradient,
  };
  for (const [name, view] of Object.entries(views)) {
    it(`a state read through a ${name} by the update and by others`, async () => {
      const seen = view(a);
      const updated = g.add(a, g.sum(seen));
      const program = { outputs: { late: g.exp(g.mul(g.exp(g.neg(seen)), 0.1)) }, updates: new Map([["a", updated]]) };
      assert.deepEqual(updatesInPlace(program), new Set());
      await assertRight(program);
    });
  }
});

describe("updated in place, and correct:", () => {
  const graph = new Graph();
  const a = graph.state("a", "float32", [3, 4]);
  const x = graph.input("x", "float32", [4]);
  const feeds = { x: normal([4]) };
  const programs: Record<string, Program> = {
    "an update that is also given back": { outputs: { fresh: g.add(a, x) }, updates: new Map([["a", g.add(a, x)]]) },
    "an update that broadcasts": { outputs: {}, updates: new Map([["a", g.where(g.less(x, 0), g.mul(a, x), a)]]) },
    "what was read before": { outputs: {}, updates: new Map([["a", g.sub(a, g.mean(a, [0], true))]]) },
  };
  for (const [name, program] of Object.entries(programs)) {
    it(name, async () => {
      assert.deepEqual(updatesInPlace(program), new Set(["a"]));
      await assertRight(program, feeds);
    });
  }
});
