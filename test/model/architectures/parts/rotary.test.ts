import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Graph } from "../../../../src/graph/index.js";
import { attentionFactor, rotaryFrequencies, rotation } from "../../../../src/model/architectures/parts/rotary.js";
import { assertClose } from "../../../support/compare.js";
import { evaluate } from "../../../support/reference.js";

describe("rotaryFrequencies", () => {
  it("returns frequencies that fall from 1 by equal factors", () => {
    assertClose(rotaryFrequencies({ ropeTheta: 10000 }, 8), [1, 0.1, 0.01, 0.001], 1e-15);
    assert.deepEqual(rotaryFrequencies({ ropeTheta: 10000 }, 2), [1]);
  });

  it("divides all frequencies by the factor of linear scaling", () => {
    assertClose(
      rotaryFrequencies({ ropeTheta: 100, ropeScaling: { type: "linear", factor: 4 } }, 4),
      [0.25, 0.025],
      1e-15,
    );
  });

  it("matches transformers for Llama 3 scaling", () => {
    const ropeScaling = {
      type: "llama3",
      factor: 32,
      lowFrequencyFactor: 1,
      highFrequencyFactor: 4,
      originalContextLength: 8192,
    } as const;
    const found = rotaryFrequencies({ ropeTheta: 500000, ropeScaling }, 64);
    // ROPE_INIT_FUNCTIONS["llama3"] of transformers 5.23 with the config of Llama 3.2 1B, in float32: two frequencies
    // that are kept, three that are blended, two that are divided.
    const expected = [
      ...[1, 0.0032114461064338684],
      ...[0.0012905480107292533, 0.000429556705057621, 9.708286233944818e-5],
      ...[1.9461638657958247e-5, 9.418306490260875e-8],
    ];
    assertClose(
      [0, 14, 15, 16, 17, 18, 31].map((i, at) => found[i]! / expected[at]!),
      expected.map(() => 1),
      1e-6,
    );
  });

  it("matches transformers for YaRN scaling, as does attentionFactor", () => {
    const ropeScaling = { type: "yarn", factor: 4, originalContextLength: 32768 } as const;
    const found = rotaryFrequencies({ ropeTheta: 1000000, ropeScaling }, 128);
    // Unscaled for at least 32 turns within the original context; a quarter of the frequency for at most one turn.
    assertClose(
      [0, 23, 40, 63].map((i) => found[i]! * 1000000 ** (i / 64)),
      [1, 1, 0.25, 0.25],
      1e-9,
    );
    // The blend is linear between pairs 23 and 40.
    assertClose([found[31]! * 1000000 ** (31 / 64)], [1 - (0.75 * 8) / 17], 1e-9);
    assertClose([attentionFactor(ropeScaling)], [1.1386294361119891], 1e-12);
    assert.equal(attentionFactor({ ...ropeScaling, attentionFactor: 2 }), 2);
  });

  it("divides by LongRoPE's short factors and leaves dynamic scaling unscaled", () => {
    const lengths = { originalContextLength: 4096, extendedContextLength: 131072 };
    const ropeScaling = { type: "longrope", shortFactors: [1, 2], longFactors: [9, 9], ...lengths } as const;
    assertClose(rotaryFrequencies({ ropeTheta: 100, ropeScaling }, 4), [1, 0.05], 1e-12);
    // √(1 + ln 32 / ln 4096) = √(17 / 12)
    assertClose([attentionFactor(ropeScaling)], [Math.sqrt(17 / 12)], 1e-12);
    assertClose(rotaryFrequencies({ ropeTheta: 100, ropeScaling: { type: "dynamic", factor: 2 } }, 4), [1, 0.1], 1e-12);
    assert.equal(attentionFactor({ type: "dynamic", factor: 2 }), 1);
  });
});

describe("a rotation", () => {
  it("rotates the first elements of a head and leaves the others", () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", [1, 1, 2, 4]);
    const position = graph.input("position", "int32", [1, 2]);
    const feeds = { x: [1, 2, 3, 4, 1, 2, 3, 4], position: [0, 2] };
    const turned = rotation({ ropeTheta: 10000 }, 2, position, 3)(x);
    const [sin, cos] = [Math.sin(2), Math.cos(2)];
    assertClose(evaluate([turned], feeds)[0]!, [1, 2, 3, 4, cos - 2 * sin, 2 * cos + sin, 3, 4], 1e-6);
  });

  it("has one row of angles per position", () => {
    const graph = new Graph();
    const position = graph.input("position", "int32", [1, 2]);
    const turned = rotation({ ropeTheta: 10000 }, 4, position, 7)(graph.input("x", "float32", [1, 1, 2, 4]));
    assert.deepEqual(
      turned.inputs.slice(2).map(({ shape }) => shape),
      [
        [7, 2],
        [7, 2],
      ],
    );
  });
});
