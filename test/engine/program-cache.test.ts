import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { Graph, mul } from "../../src/graph/index.js";

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

/** A cache of two programs, and how often each was built; program `k` multiplies x by k. */
function twoPrograms() {
  const cache = new ProgramCache(engine, 2);
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

  it("releases the one that was not asked for the longest, and makes it again", async () => {
    const { built, get } = twoPrograms();
    const [two, three] = [await get(2), await get(3)];
    await get(2);
    await get(4);
    await assert.rejects(three.run(feeds), /this program has been freed/);
    assert.equal((await two.run(feeds)).y!.data[0], 10);
    assert.equal((await (await get(3)).run(feeds)).y!.data[0], 15);
    assert.deepEqual(built, [2, 3, 4, 3]);
  });

  it("releases all when it is cleared", async () => {
    const { cache, built, get } = twoPrograms();
    const two = await get(2);
    await cache.clear();
    await assert.rejects(two.run(feeds), /this program has been freed/);
    assert.equal((await (await get(2)).run(feeds)).y!.data[0], 10);
    assert.deepEqual(built, [2, 2]);
  });
});
