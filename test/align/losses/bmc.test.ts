import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { losses, lossNamed, type LossName } from "../../../src/align/losses/index.js";
import { preference, type ReferencedPair } from "../../../src/align/preference.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { gradients } from "../../../src/graph/index.js";
import { assertClose } from "../../support/compare.js";
import { objectiveCase } from "../../support/objective-case.js";
import { evaluate } from "../../support/reference.js";
import { pairsOf, systemFixtures, systemOn } from "../../support/system-case.js";

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

const names = ["dpo-bmc", "ipo-bmc", "orpo-bmc"] as const;
const sequence = (length: number) => ({ prompt: new Int32Array(1), response: new Int32Array(length) });

/** Computes the loss of a step in float64, and its slopes by the tokens' log-probabilities. */
function byMeaning(
  name: LossName,
  settings: object,
  pairs: readonly ReferencedPair[],
  tokenLogProbs: readonly number[],
) {
  const found = objectiveCase(preference(lossNamed(name, { beta: 0.5, ...settings })), pairs);
  const [[loss], slopes] = evaluate([found.loss, ...gradients(found.loss, [found.tokenLogProbs])], {
    ...found.feeds,
    tokenLogProbs,
  }) as [[number], number[]];
  return { loss, slopes };
}

describe("BMC's losses", () => {
  for (const fixture of systemFixtures(...names)) {
    it(`match PyTorch's values and gradients: ${JSON.stringify({ loss: fixture.loss, ...fixture.settings })}`, async () => {
      for (const padding of [
        { slots: 0, tokens: 0 },
        { slots: 2, tokens: 5 },
      ]) {
        const found = await systemOn(engine, fixture, padding);
        assertClose([found.value], [fixture.value], 1e-5);
        assertClose(found.gradients, fixture.gradients, 1e-5);
      }
    });
  }

  // 1/π is e^1.5 > δ = 3 for the chosen response's second token, and e^0.9 < δ for the rejected one.
  const pair: ReferencedPair = {
    ...{ chosen: sequence(2), rejected: sequence(1) },
    tokens: { chosen: { reference: [-1, -2], differs: [0, 1] }, rejected: { reference: [-0.5], differs: [1] } },
  };
  const policy = [-0.5, -1.5, -0.9];
  const softplus = (x: number) => Math.log1p(Math.exp(x));

  it("weight differing tokens of both responses, as computed by hand", () => {
    const ratio = 0.5 + 4 * 0.5 - (1 + Math.exp(0.9)) * -0.4;
    assertClose([byMeaning("dpo-bmc", { delta: 3 }, [pair], policy).loss], [softplus(-0.5 * ratio)], 1e-6);
    const mean = (0.5 + 4 * 0.5) / 2 - (1 + Math.exp(0.9)) * -0.4;
    assertClose([byMeaning("ipo-bmc", { delta: 3 }, [pair], policy).loss], [(mean - 1) ** 2], 1e-6);
    const odds = (mean: number) => mean - Math.log1p(-Math.exp(mean));
    const logOdds = odds((-0.5 - 4 * 1.5) / 2) - odds((1 + Math.exp(0.9)) * -0.9);
    assertClose([byMeaning("orpo-bmc", { delta: 3 }, [pair], policy).loss], [2 / 2 + 0.5 * softplus(-logOdds)], 1e-6);
  });

  it("weight the reference's tokens by its own probabilities if `referenceWeights` says so", () => {
    // 1/π_ref: e^2 > δ, and e^0.5.
    const ratio = -0.5 - 4 * 1.5 + (1 + 4 * 2) - ((1 + Math.exp(0.9)) * -0.9 - (1 + Math.exp(0.5)) * -0.5);
    assertClose(
      [byMeaning("dpo-bmc", { delta: 3, referenceWeights: "reference" }, [pair], policy).loss],
      [softplus(-0.5 * ratio)],
      1e-6,
    );
  });

  it("start at ln 2 with either `referenceWeights` if the policy is the reference", () => {
    const same = [...(pair.tokens!.chosen.reference! as number[]), ...(pair.tokens!.rejected.reference! as number[])];
    for (const referenceWeights of ["policy", "reference"])
      assertClose([byMeaning("dpo-bmc", { referenceWeights }, [pair], same).loss], [Math.LN2], 1e-7);
  });

  it("equal the unweighted losses if nothing differs, and give differing tokens the weight 2 if δ is 1", () => {
    for (const fixture of systemFixtures("dpo-bmc").slice(0, 1)) {
      const { pairs, policy } = pairsOf(fixture);
      const withFlags = (flag: number) =>
        pairs.map((own) => {
          const side = (name: "chosen" | "rejected") => ({
            ...own.tokens![name],
            differs: new Array<number>(own[name].response.length).fill(flag),
          });
          return { ...own, tokens: { chosen: side("chosen"), rejected: side("rejected") } };
        });
      const plain = withFlags(0).map(({ tokens: _, ...own }) => own);
      for (const [name, without] of [
        ["dpo-bmc", "dpo"],
        ["ipo-bmc", "ipo"],
        ["orpo-bmc", "orpo"],
      ] as const) {
        const [found, expected] = [byMeaning(name, {}, withFlags(0), policy), byMeaning(without, {}, plain, policy)];
        assertClose([found.loss, ...found.slopes], [expected.loss, ...expected.slopes], 1e-6, name);
      }
      // A constant weight of 2 equals DPO with twice the β.
      assertClose(
        [byMeaning("dpo-bmc", { delta: 1 }, withFlags(1), policy).loss],
        [byMeaning("dpo", { beta: 1 }, plain, policy).loss],
        1e-6,
      );
    }
  });

  it("are finite for token log-probabilities of ±1000", async () => {
    const extreme = systemFixtures("dpo-bmc")[0]!;
    const far = (values: readonly number[], sign: number) => values.map((_, i) => (i % 2 === 0 ? sign : -sign) * 1000);
    const pairs = extreme.pairs.map(({ chosen, rejected, columns }) => ({
      ...{
        columns,
        chosen: { ...chosen, policy: far(chosen.policy, -1) },
        rejected: { ...rejected, reference: far(rejected.reference, -1) },
      },
    }));
    for (const loss of names) {
      const { value, gradients: slopes } = await systemOn(engine, { ...extreme, loss, settings: { beta: 1 }, pairs });
      assert.ok([value, ...slopes].every(Number.isFinite), `${loss}: ${value}, ${slopes}`);
    }
  });

  it("require the column `differs` with 0 or 1; other losses refuse their settings", () => {
    const { tokens: _, ...bare } = { ...pair, referenceChosen: -3, referenceRejected: -0.5 };
    assert.throws(() => objectiveCase(preference(losses["orpo-bmc"]({ beta: 1 })), [bare]), {
      name: "InputError",
      message:
        'pair 1: the loss orpo-bmc needs the token column "differs" of the chosen response; use methods.bmc, or pass columns: tokenDifference()',
    });
    const half = { ...pair, tokens: { ...pair.tokens!, rejected: { reference: [-0.5], differs: [0.5] } } };
    assert.throws(() => objectiveCase(preference(losses["dpo-bmc"]({ beta: 1 })), [half]), {
      message: 'pair 1: the token column "differs" of the rejected response, token 1, is 0.5; it must be 0 or 1',
    });
    assert.throws(() => lossNamed("dpo", { beta: 1, delta: 2 }), {
      message: "delta: not used by the loss dpo; it is for dpo-bmc, ipo-bmc, orpo-bmc",
    });
    assert.throws(() => lossNamed("orpo-bmc", { beta: 1, referenceWeights: "policy" }), {
      message: "referenceWeights: not used by the loss orpo-bmc; it is for dpo-bmc, ipo-bmc",
    });
  });
});
