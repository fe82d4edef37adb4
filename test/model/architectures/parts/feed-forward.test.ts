import { describe, it } from "node:test";
import { Graph, mul } from "../../../../src/graph/index.js";
import type { Network } from "../../../../src/model/architectures/network.js";
import { feedForward, gatedFeedForward } from "../../../../src/model/architectures/parts/feed-forward.js";
import { assertClose } from "../../../support/compare.js";
import { evaluate } from "../../../support/reference.js";

const factors: Readonly<Record<string, number>> = { gate: 2, up: 3, down: 5 };

/** Linear layers of one input and one output. */
const network: Network = {
  weight: (name) => {
    throw new RangeError(`no weight ${name}`);
  },
  embed: (_, name) => {
    throw new RangeError(`no embedding ${name}`);
  },
  unembed: (_, name) => {
    throw new RangeError(`no embedding ${name}`);
  },
  linear: (x, name) => mul(x, factors[name]!),
};

const input = () => new Graph().input("x", "float32", [2, 1]);
const feeds = { x: [1, -0.5] };

describe("a feed-forward", () => {
  it("multiplies the activated gate by the up projection if it is gated", () => {
    const silu = (x: number) => x / (1 + Math.exp(-x));
    const found = evaluate([gatedFeedForward(network, input(), { gate: "gate", up: "up", down: "down" })], feeds)[0]!;
    assertClose(
      found,
      feeds.x.map((x) => 5 * silu(2 * x) * 3 * x),
      1e-12,
    );
  });

  it("computes GELU with the error function or with tanh", () => {
    const found = (activation: "gelu" | "gelu-tanh") =>
      evaluate([feedForward(network, input(), { up: "up", down: "down" }, activation)], feeds)[0]!;
    // 5 · torch.nn.functional.gelu at 3 and −1.5, without approximation and with tanh
    assertClose(found("gelu"), [5 * 2.99595030590511, 5 * -0.10021080190328704], 1e-6);
    assertClose(found("gelu-tanh"), [5 * 2.996362607918227, 5 * -0.10042842301976707], 1e-6);
  });
});
