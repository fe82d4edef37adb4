import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Random } from "../../../src/base/random.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { programBytes } from "../../../src/engine/program-bytes.js";
import { blockBytes, Graph, gradients, matmulQuantized, sum, type BlockBits } from "../../../src/graph/index.js";
import { tensor, type Tensor } from "../../../src/graph/tensor.js";
import { assertClose } from "../../support/compare.js";

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

const [inputs, outputs] = [96, 40];

/** A product with quantized weights, and the expected values, computed in float64. */
async function product(rows: number, bits: BlockBits, frozen: boolean) {
  const random = Random.seeded(bits + rows);
  const graph = new Graph();
  const x = graph.input("x", "float32", [rows, inputs]);
  const blocks = graph.state("blocks", "uint8", [outputs, inputs / 32, blockBytes(bits)]);
  const scales = graph.state("scales", "float32", [outputs, inputs / 32]);
  const y = matmulQuantized(x, blocks, scales, bits);
  const numbers = Float32Array.from({ length: rows * inputs }, () => random.normal());
  const bytes = Uint8Array.from({ length: (outputs * inputs * bits) / 8 }, () => random.integer(256));
  const scale = Float32Array.from({ length: (outputs * inputs) / 32 }, () => 0.01 + 0.01 * random.uniform());
  const weight = (out: number, into: number) => {
    const i = out * inputs + into;
    const q = bits === 8 ? bytes[i]! : (bytes[i >> 1]! >> (i % 2 === 0 ? 0 : 4)) & 15;
    return scale[i >> 5]! * (q - 2 ** (bits - 1));
  };
  const expected = Array.from({ length: rows * outputs }, (_, at) => {
    const [row, out] = [Math.floor(at / outputs), at % outputs];
    return Array.from({ length: inputs }, (_, i) => numbers[row * inputs + i]! * weight(out, i)).reduce(
      (a, b) => a + b,
    );
  });
  const state = await engine.createState(
    new Map<string, Tensor>([
      ["blocks", { dtype: "uint8", shape: blocks.shape, data: bytes }],
      ["scales", tensor(scales.shape, scale)],
    ]),
  );
  const executable = await engine.prepare({ outputs: { y }, updates: new Map() }, { frozen });
  const found = (await executable.run({ x: numbers }, [state])).y!.data;
  await executable.release();
  await state.free();
  return { found, expected };
}

describe("a product with quantized weights", () => {
  for (const bits of [8, 4] as const) {
    it(`of ${bits} bits matches the product with their dequantized values`, async () => {
      for (const rows of [1, 2, 17]) {
        const { found, expected } = await product(rows, bits, false);
        assertClose(found, expected, 1e-5);
      }
    });

    it(`of ${bits} bits that are frozen also rounds the other operand to 8 bits`, async () => {
      for (const rows of [1, 2, 17]) {
        const { found, expected } = await product(rows, bits, true);
        const size = (of: ArrayLike<number>) =>
          Math.sqrt(Array.from(of).reduce((total, each) => total + each * each, 0));
        const off = size(expected.map((each, i) => each - found[i]!)) / size(expected);
        assert.ok(off > 1e-5 && off < 0.02, `off by ${off}`);
      }
    });
  }

  it("dequantizes one weight at a time in the forward and backward pass", () => {
    const layers = 8;
    const graph = new Graph();
    const start = graph.state("start", "float32", [1, 512]);
    let x = start as ReturnType<typeof matmulQuantized>;
    for (let i = 0; i < layers; i++)
      x = matmulQuantized(
        x,
        graph.state(`blocks ${i}`, "uint8", [512, 16, 32]),
        graph.state(`scales ${i}`, "float32", [512, 16]),
        8,
      );
    const [slope] = gradients(sum(x), [start]);
    const bytes = programBytes({ outputs: { slope: slope! }, updates: new Map() });
    assert.ok(bytes > 4 * 512 * 512 && bytes < 1.5 * 4 * 512 * 512, `${bytes} bytes`);
  });
});
