import { it } from "node:test";
import { Graph } from "../../../../src/graph/index.js";
import { softCap } from "../../../../src/model/architectures/parts/soft-cap.js";
import { assertClose } from "../../../support/compare.js";
import { evaluate } from "../../../support/reference.js";

it("a soft cap is cap · tanh(x / cap), also far beyond the cap", () => {
  const x = [-1e4, -30, -1, 0, 0.01, 5, 50, 1e4];
  const graph = new Graph();
  const leaf = graph.input("x", "float32", [x.length]);
  const [capped, same] = evaluate([softCap(leaf, 30), softCap(leaf, undefined)], { x });
  assertClose(
    capped!,
    x.map((value) => 30 * Math.tanh(value / 30)),
    1e-6,
  );
  assertClose(same!, x, 1e-6);
});
