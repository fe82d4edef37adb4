import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Graph } from "../../../../src/graph/index.js";
import { rotaryFrequencies, rotation } from "../../../../src/model/architectures/parts/rotary.js";
import { assertClose } from "../../../support/compare.js";
import { evaluate } from "../../../support/reference.js";

describe("rotaryFrequencies", () => {
  it("fall from 1 by equal factors", () => {
    assertClose(rotaryFrequencies({ ropeTheta: 10000 }, 8), [1, 0.1, 0.01, 0.001], 1e-15);
    assert.deepEqual(rotaryFrequencies({ ropeTheta: 10000 }, 2), [1]);
  });

  it("are all divided by the factor where the scaling is linear", () => {
    assertClose(rotaryFrequencies({ ropeTheta: 100, ropeScaling: { type: "linear", factor: 4 } }, 4), [0.25, 0.025], 1e-15);
  });

  it("are those of transformers where the scaling is Llama 3's", () => {
    const ropeScaling = { type: "llama3", factor: 32, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192 } as const;
    const found = rotaryFrequencies({ ropeTheta: 500000, ropeScaling }, 64);
    // ROPE_INIT_FUNCTIONS["llama3"] of transformers 5.23 with the config of Llama 3.2 1B, in float32: two frequencies
    // that are kept, three that are blended, two that are divided.
    const expected = [
      ...[1, 0.0032114461064338684],
      ...[0.0012905480107292533, 0.000429556705057621, 9.708286233944818e-5],
      ...[1.9461638657958247e-5, 9.418306490260875e-8],
    ];
    assertClose([0, 14, 15, 16, 17, 18, 31].map((i, at) => found[i]! / expected[at]!), expected.map(() => 1), 1e-6);
  });
});

describe("a rotation", () => {
  it("turns the first elements of a head and leaves the others", () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", [1, 1, 2, 4]);
    const position = graph.input("position", "int32", [1, 2]);
    const feeds = { x: [1, 2, 3, 4, 1, 2, 3, 4], position: [0, 2] };
    const turned = rotation({ ropeTheta: 10000 }, 2, position, 3)(x);
    const [sin, cos] = [Math.sin(2), Math.cos(2)];
    assertClose(evaluate([turned], feeds)[0]!, [1, 2, 3, 4, cos - 2 * sin, 2 * cos + sin, 3, 4], 1e-6);
  });

  it("has no more angles than there are places", () => {
    const graph = new Graph();
    const position = graph.input("position", "int32", [1, 2]);
    const turned = rotation({ ropeTheta: 10000 }, 4, position, 7)(graph.input("x", "float32", [1, 1, 2, 4]));
    assert.deepEqual(turned.inputs.slice(2).map(({ shape }) => shape), [[7, 2], [7, 2]]);
  });
});
