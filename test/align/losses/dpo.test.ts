import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { dpo } from "../../../src/align/losses/dpo.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { gradients, Graph, sum } from "../../../src/graph/index.js";
import { assertClose } from "../../support/compare.js";

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

const names = ["policyChosen", "policyRejected", "referenceChosen", "referenceRejected"] as const;
type LogProbs = Readonly<Record<(typeof names)[number], readonly number[]>>;

/** The loss of each pair, and its gradient by each of the four log-probabilities, in the order of `names`. */
async function evaluate(beta: number, logProbs: LogProbs) {
  const graph = new Graph();
  const count = logProbs.policyChosen.length;
  const leaf = (name: string) => graph.input(name, "float32", [count]);
  const [policyChosen, policyRejected, referenceChosen, referenceRejected] = names.map(leaf);
  const perPair = dpo({ beta }).perPair({
    policyChosen: policyChosen!,
    policyRejected: policyRejected!,
    referenceChosen: referenceChosen!,
    referenceRejected: referenceRejected!,
  });
  const slopes = gradients(sum(perPair), names.map(leaf));
  const outputs = { perPair, ...Object.fromEntries(names.map((name, i) => [name, slopes[i]!])) };
  const executable = await engine.prepare({ outputs, updates: new Map() });
  const feeds = Object.fromEntries(names.map((name) => [name, Float32Array.from(logProbs[name])]));
  const found = await executable.run(feeds);
  return { losses: found.perPair!.data, slopes: names.map((name) => found[name]!.data) };
}

interface TrlPair extends Record<string, number> {
  readonly beta: number;
  readonly loss: number;
}

describe("DPO", () => {
  const { pairs } = JSON.parse(readFileSync("test/fixtures/losses/dpo.json", "utf8")) as { pairs: TrlPair[] };

  for (const beta of new Set(pairs.map((pair) => pair.beta))) {
    it(`has TRL's losses and gradients, also at log-ratios of ±1000 and beyond (β ${beta})`, async () => {
      const given = pairs.filter((pair) => pair.beta === beta);
      const column = (name: string) => given.map((pair) => pair[name]!);
      const { losses, slopes } = await evaluate(beta, {
        policyChosen: column("chosen"),
        policyRejected: column("rejected"),
        referenceChosen: column("referenceChosen"),
        referenceRejected: column("referenceRejected"),
      });
      assertClose(losses, column("loss"), 1e-6, "loss");
      ["Chosen", "Rejected", "ReferenceChosen", "ReferenceRejected"].forEach((name, i) =>
        assertClose(slopes[i]!, column(`gradient${name}`), 1e-6, name),
      );
    });
  }

  it("is ln 2 where the policy is the reference, whatever β", async () => {
    const same = [-3.5, -120];
    const logProbs = { policyChosen: same, policyRejected: [-7, 0], referenceChosen: same, referenceRejected: [-7, 0] };
    for (const beta of [0.01, 0.1, 5]) {
      const { losses, slopes } = await evaluate(beta, logProbs);
      assertClose(losses, [Math.LN2, Math.LN2], 1e-7, "loss");
      assertClose(slopes[0]!, [-beta / 2, -beta / 2], 1e-7, "gradient");
    }
  });

  it("is finite in value and gradient at margins of ±1000", async () => {
    const zeros = [0, 0];
    const { losses, slopes } = await evaluate(1, {
      policyChosen: [1000, -1000],
      policyRejected: zeros,
      referenceChosen: zeros,
      referenceRejected: zeros,
    });
    assertClose(losses, [0, 1000], 1e-7, "loss");
    assertClose(slopes[0]!, [0, -1], 1e-7, "gradient");
    assert.ok(slopes.every((slope) => slope.every(Number.isFinite)));
  });
});
