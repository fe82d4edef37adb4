import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import type { Engine, Executable } from "../../src/engine/engine.js";
import { heldMemory, withMargin } from "../../src/engine/memory-budget.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { TfjsEngine } from "../../src/engine/tfjs/engine.js";
import { broadcast, exp, Graph, mul, sum, tensor } from "../../src/graph/index.js";

const engine = new OnnxEngine({ threads: 1 });
const tfjs = new TfjsEngine({ backend: "wasm" });
after(() => Promise.all([engine.close(), tfjs.close()]));

/** The bytes counted for a program as small as these. */
const leastBytes = 2 ** 23;

/** A cache for two programs, and the programs built so far; program `k` multiplies x by k. */
function twoPrograms() {
  const cache = new ProgramCache(engine, heldMemory(2 * leastBytes));
  const built: number[] = [];
  const get = (k: number) =>
    cache.get(`times ${k}`, () => {
      built.push(k);
      return { outputs: { y: mul(new Graph().input("x", "float32", [1]), k) }, updates: new Map() };
    });
  return { cache, built, get };
}

const feeds = { x: Float32Array.of(5) };

describe("ProgramCache", () => {
  it("builds a program once", async () => {
    const { built, get } = twoPrograms();
    assert.equal(await get(2), await get(2));
    assert.equal((await (await get(3)).run(feeds)).y!.data[0], 15);
    assert.deepEqual(built, [2, 3]);
  });

  it("releases the least recently used program and builds it again", async () => {
    const { built, get } = twoPrograms();
    const [two, three] = [await get(2), await get(3)];
    await get(2);
    await get(4);
    await assert.rejects(three.run(feeds), /this program has been freed/);
    assert.equal((await two.run(feeds)).y!.data[0], 10);
    assert.equal((await (await get(3)).run(feeds)).y!.data[0], 15);
    assert.deepEqual(built, [2, 3, 4, 3]);
  });

  it("counts the bytes of programs and state, and keeps the last program even if it is too large", async () => {
    const cache = new ProgramCache(engine, heldMemory(withMargin(100e6)));
    const built: number[] = [];
    const get = (megabytes: number) =>
      cache.get(`${megabytes}`, () => {
        built.push(megabytes);
        const x = new Graph().input("x", "float32", [1]);
        // The exponentials and their doubles take half of the bytes each.
        return { outputs: { y: sum(mul(exp(broadcast(x, [megabytes * 125e3])), 2)) }, updates: new Map() };
      });
    for (const megabytes of [60, 30, 60, 50, 30, 500, 500]) await get(megabytes);
    // 60 and 30 fit together; 50 replaces the 30, which was least recently used, and the 60.
    assert.deepEqual(built, [60, 30, 50, 30, 500]);
    await cache.trim(0);
    const state = await engine.createState([["s", tensor([20e6], new Float32Array(20e6))]]);
    assert.equal(engine.stateBytes, 80e6);
    for (const megabytes of [20, 30, 20]) await get(megabytes);
    assert.deepEqual(built.slice(5), [20, 30, 20]);
    await state.free();
    assert.equal(engine.stateBytes, 0);
    await cache.trim(0);
  });

  it("keeps the most recently used programs when it is trimmed", async () => {
    const { cache, built, get } = twoPrograms();
    const two = await get(2);
    await get(3);
    // Each counts as 8 MiB.
    await cache.trim(2 ** 24);
    assert.equal((await two.run(feeds)).y!.data[0], 10);
    await cache.trim(2 ** 23);
    await assert.rejects(two.run(feeds), /this program has been freed/);
    await get(3);
    assert.deepEqual(built, [2, 3]);
  });

  it("releases all programs when it is trimmed to nothing", async () => {
    const { cache, built, get } = twoPrograms();
    const two = await get(2);
    await cache.trim(0);
    await assert.rejects(two.run(feeds), /this program has been freed/);
    assert.equal((await (await get(2)).run(feeds)).y!.data[0], 10);
    assert.deepEqual(built, [2, 2]);
  });
});

/** Counts the programs that an engine has prepared, and those not yet released. */
function counted(of: Engine) {
  const count = { prepared: 0, held: 0 };
  const counting: Engine = {
    stateBytes: 0,
    lanes: [],
    createState: (tensors) => of.createState(tensors),
    close: () => of.close(),
    describe: () => of.describe(),
    async prepare(...request): Promise<Executable> {
      const executable = await of.prepare(...request);
      count.prepared++;
      count.held++;
      return { run: (...given) => executable.run(...given), release: () => (count.held--, executable.release()) };
    },
  };
  return { engine: counting, count };
}

for (const [name, of] of [
  ["onnx", engine],
  ["tfjs", tfjs],
] as const) {
  describe(`ProgramCache.getBuilt (${name})`, () => {
    /** A cache for two programs; each maker's program multiplies x by its factor. */
    function makers() {
      const { engine: counting, count } = counted(of);
      const cache = new ProgramCache(counting, heldMemory(2 * leastBytes));
      const built: number[] = [];
      const maker = (factor: number, named = "mine") => ({ named, factor });
      const get = (by: { readonly factor: number }) =>
        cache.getBuilt(by, "times", () => {
          built.push(by.factor);
          return { outputs: { y: mul(new Graph().input("x", "float32", [1]), by.factor) }, updates: new Map() };
        });
      const result = async (by: { readonly factor: number }) => (await (await get(by)).run(feeds)).y!.data[0];
      return { cache, count, built, maker, get, result };
    }

    it("never shares a program between makers with the same name but different graphs", async () => {
      const { maker, result } = makers();
      assert.deepEqual([await result(maker(2)), await result(maker(3)), await result(maker(2))], [10, 15, 10]);
    });

    it("prepares equal graphs once, and builds a maker's graph once", async () => {
      const { built, count, maker, get } = makers();
      const [one, other] = [maker(2, "one"), maker(2, "other")];
      const executable = await get(one);
      for (const by of [one, other, one, other]) assert.equal(await get(by), executable);
      assert.deepEqual(built, [2, 2]);
      assert.equal(count.prepared, 1);
    });

    it("stays bounded: the least recently used program is released, and built again on request", async () => {
      const { built, count, cache, maker, result } = makers();
      const all = [2, 3, 4].map((factor) => maker(factor));
      for (const by of all) await result(by);
      assert.equal(count.held, 2);
      assert.equal(await result(all[0]!), 10);
      assert.deepEqual(built, [2, 3, 4, 2]);
      await cache.trim(0);
      assert.equal(count.held, 0);
    });
  });
}

describe("ProgramCache.get", () => {
  it("prepares a program once for concurrent requests", async () => {
    const { engine: counting, count } = counted(engine);
    const cache = new ProgramCache(counting);
    const get = () =>
      cache.get("twice", () => ({
        outputs: { y: mul(new Graph().input("x", "float32", [1]), 2) },
        updates: new Map(),
      }));
    const [a, b] = await Promise.all([get(), get()]);
    assert.equal(a, b);
    assert.equal(count.prepared, 1);
  });

  it("forgets a program that could not be built", async () => {
    const cache = new ProgramCache(engine);
    const failing = () => {
      throw new Error("no graph");
    };
    await assert.rejects(cache.get("k", failing), /no graph/);
    const made = await cache.get("k", () => ({
      outputs: { y: mul(new Graph().input("x", "float32", [1]), 2) },
      updates: new Map(),
    }));
    assert.equal((await made.run(feeds)).y!.data[0], 10);
    await cache.trim(0);
  });
});
