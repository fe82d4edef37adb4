import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { bcoPair } from "../../../src/align/losses/bco-pair.js";
import { cdpo } from "../../../src/align/losses/cdpo.js";
import { dpo } from "../../../src/align/losses/dpo.js";
import { confidenceWindow, refined, type Refinement } from "../../../src/align/losses/refined.js";
import { simpo } from "../../../src/align/losses/simpo.js";
import { Random } from "../../../src/base/random.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { assertClose } from "../../support/compare.js";
import { lossOverSteps, type LossAndSlopes, type PairNumbers } from "../../support/loss-case.js";

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

const beta = 0.5;
const softplus = (x: number) => Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0);
const sigma = (x: number) => 1 / (1 + Math.exp(-x));

/** Steps with these numbers of pairs and random log-probabilities. */
function someSteps(sizes: readonly number[]): PairNumbers[] {
  const random = Random.seeded(3);
  return sizes.map((size) => {
    const column = () => Array.from({ length: size }, () => -20 - 10 * random.uniform());
    return { policyChosen: column(), policyRejected: column(), referenceChosen: column(), referenceRejected: column() };
  });
}

/** Computes DPO's loss with refined labels step by step in plain numbers, and counts the refined labels. */
function byHand(
  steps: readonly PairNumbers[],
  { share, smoothing, after }: Refinement,
): { all: LossAndSlopes[]; count: number } {
  let window: number[] = [];
  let count = 0;
  const all = steps.map(({ policyChosen, policyRejected, referenceChosen, referenceRejected }, step) => {
    const z = policyChosen.map(
      (_, i) => beta * (policyChosen[i]! - referenceChosen[i]! - policyRejected[i]! + referenceRejected[i]!),
    );
    const wrong = z.map((own) =>
      step >= after && window.filter((other) => other < own).length < share * window.length ? smoothing : 0,
    );
    count += wrong.filter((each) => each > 0).length;
    window = [...z, ...window].slice(0, confidenceWindow);
    const slopes = z.map((own, i) => (beta * (sigma(own) - 1 + wrong[i]!)) / z.length);
    return {
      loss: z.reduce((sum, own, i) => sum + (1 - wrong[i]!) * softplus(-own) + wrong[i]! * softplus(own), 0) / z.length,
      gradientChosen: slopes,
      gradientRejected: slopes.map((slope) => -slope),
    };
  });
  return { all, count };
}

describe("a loss with refined labels", () => {
  it("smooths labels with a confidence among the lowest of the last fifty, in DPO", async () => {
    // More than fifty pairs in total, and steps that are padded.
    const steps = someSteps([4, 3, 4, 1, 4, 4, 4, 4, 4, 4, 4, 2, 4, 4, 4, 4, 4, 4, 4, 3]);
    const refinement = { share: 0.2, smoothing: 0.1, after: 3 };
    const { all, count } = byHand(steps, refinement);
    assert.ok(count > 4 && count < 30, `${count}`);
    const found = await lossOverSteps(engine, refined(dpo({ beta }), refinement), steps, 4);
    for (const [i, { loss, gradientChosen, gradientRejected }] of found.entries()) {
      const expected = all[i]!;
      assertClose([loss], [expected.loss], 1e-5, `loss of step ${i + 1}`);
      assertClose(
        [...gradientChosen, ...gradientRejected],
        [...expected.gradientChosen, ...expected.gradientRejected],
        1e-5,
        `gradient of step ${i + 1}`,
      );
    }
  });

  it("keeps at most fifty pairs of a larger step", async () => {
    const steps = someSteps([60, 60]);
    const refinement = { share: 0.5, smoothing: 0.3, after: 0 };
    const found = await lossOverSteps(engine, refined(dpo({ beta }), refinement), steps, 61);
    assertClose(
      found.map(({ loss }) => loss),
      byHand(steps, refinement).all.map(({ loss }) => loss),
      1e-5,
    );
  });

  it("is conservative DPO if every label is refined, and the loss itself if none is", async () => {
    const steps = someSteps([2, 2]);
    const second = async (loss: Parameters<typeof lossOverSteps>[1]) =>
      (await lossOverSteps(engine, loss, steps, 2))[1]!.loss;
    const lowest = { ...steps[1]!, policyChosen: [-500, -500] };
    const [, all] = await lossOverSteps(
      engine,
      refined(dpo({ beta }), { share: 1, smoothing: 0.1, after: 0 }),
      [steps[0]!, lowest],
      2,
    );
    const [, expected] = await lossOverSteps(engine, cdpo({ beta, labelSmoothing: 0.1 }), [steps[0]!, lowest], 2);
    assertClose([all!.loss], [expected!.loss], 1e-3);
    assert.equal(
      await second(refined(dpo({ beta }), { share: 0, smoothing: 0.1, after: 0 })),
      await second(dpo({ beta })),
    );
  });

  it("keeps the running values of the loss itself", () => {
    const loss = refined(bcoPair({ beta }), { share: 0.1, smoothing: 0.1, after: 0 });
    assert.deepEqual(
      loss.running!.names.filter((name) => name.startsWith("loss.bco")),
      bcoPair({ beta }).running!.names,
    );
  });

  it("refuses a loss without a reference", () => {
    assert.throws(() => refined(simpo({ beta: 2 }), { share: 0.1, smoothing: 0.1, after: 0 }), {
      name: "InputError",
      message: /^refineShare: the loss simpo has no reference/,
    });
  });
});
