import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Graph } from "../../../../src/graph/index.js";
import { causalMask, earlierMask, maskOfLayer, sharedMask } from "../../../../src/model/architectures/parts/mask.js";
import { evaluate } from "../../../support/reference.js";
import { tinyConfig } from "../../../support/tiny-model.js";

/** One row of the mask per query: x for a visible key, . for a hidden one. */
function drawn(numbers: readonly number[], length: number): string[] {
  const text = numbers.map((x) => (x === 0 ? "x" : x <= -1e9 ? "." : "?")).join("");
  return text.match(new RegExp(`.{${length}}`, "g"))!;
}

describe("causalMask", () => {
  const draw = (window?: number) => drawn(evaluate([causalMask(new Graph(), window, 5)], {})[0]!, 5);

  it("lets a token see itself and earlier tokens", () => {
    const all = ["x....", "xx...", "xxx..", "xxxx.", "xxxxx"];
    assert.deepEqual(draw(), all);
    assert.deepEqual(draw(5), all);
  });

  it("hides tokens before the window, which includes the token itself", () => {
    assert.deepEqual(draw(3), ["x....", "xx...", "xxx..", ".xxx.", "..xxx"]);
    assert.deepEqual(draw(1), ["x....", ".x...", "..x..", "...x.", "....x"]);
  });
});

describe("earlierMask", () => {
  function draw(window?: number): string[] {
    const graph = new Graph();
    const mask = earlierMask(
      window,
      graph.input("position", "int32", [3]),
      graph.input("place", "int32", [1, 1, 1, 6]),
    );
    assert.deepEqual(mask.shape, [3, 1, 1, 6]);
    return drawn(evaluate([mask], { position: [0, 2, 5], place: [0, 1, 2, 3, 4, 5] })[0]!, 6);
  }

  it("lets a token see earlier positions but not its own", () => {
    assert.deepEqual(draw(), ["......", "xx....", "xxxxx."]);
  });

  it("reserves one position of the window for the token itself", () => {
    assert.deepEqual(draw(3), ["......", "xx....", "...xx."]);
  });
});

describe("sharedMask", () => {
  /** A prompt of two tokens, responses of two and one, and one token of padding at the end. */
  function draw(window?: number): string[] {
    const graph = new Graph();
    const leaf = (name: string) => graph.input(name, "int32", [1, 6]);
    const mask = sharedMask(window, leaf("place"), leaf("visibleUntil"));
    assert.deepEqual(mask.shape, [1, 1, 6, 6]);
    return drawn(evaluate([mask], { place: [0, 1, 2, 3, 2, 0], visibleUntil: [5, 5, 3, 3, 4, 0] })[0]!, 6).slice(0, 5);
  }

  it("lets a response see the prompt and itself but no other response", () => {
    assert.deepEqual(draw(), ["x.....", "xx....", "xxx...", "xxxx..", "xx..x."]);
  });

  it("counts the window in positions of the sequence, not of the row", () => {
    assert.deepEqual(draw(3), ["x.....", "xx....", "xxx...", ".xxx..", "xx..x."]);
    assert.deepEqual(draw(2), ["x.....", "xx....", ".xx...", "..xx..", ".x..x."]);
  });
});

describe("maskOfLayer", () => {
  it("builds one mask per window and shares it among layers", () => {
    const built: (number | undefined)[] = [];
    const graph = new Graph();
    const build = (window: number | undefined) => {
      built.push(window);
      return causalMask(graph, window, 5);
    };
    const of = maskOfLayer({ ...tinyConfig, slidingWindow: 2, windowedLayers: [true, false, true] }, build);
    assert.equal(of(0), of(2));
    assert.notEqual(of(0), of(1));
    assert.deepEqual(built, [2, undefined]);
    assert.equal(
      maskOfLayer({ ...tinyConfig, slidingWindow: 2 }, (window) => causalMask(graph, window, 2))(7).shape[3],
      2,
    );
  });
});
