import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { losses } from "../../src/align/losses/index.js";
import { preference, type ReferencedPair } from "../../src/align/preference.js";
import { spo, type SpoSettings } from "../../src/align/spo.js";
import { gradients } from "../../src/graph/index.js";
import { checkGradients } from "../graph/finite-differences.js";
import { assertClose } from "../support/compare.js";
import { objectiveCase } from "../support/objective-case.js";
import { evaluate } from "../support/reference.js";

const sequence = (ids: readonly number[]) => ({ prompt: Int32Array.of(1), response: Int32Array.from(ids) });
/** The chosen response has two key phrases to lose, the rejected one has one, so its "half" and "none" are the same. */
const pair: ReferencedPair = {
  ...{ chosen: sequence([5, 6, 2]), rejected: sequence([7, 2]), referenceChosen: -3, referenceRejected: -2 },
  tokens: { chosen: { half: [0, 6, 2], none: [0, 0, 2] }, rejected: { half: [0, 2], none: [0, 2] } },
};
const bare: ReferencedPair = {
  ...pair,
  columns: { weight: 2 },
  tokens: { chosen: { half: [5, 6, 2], none: [5, 6, 2] }, rejected: { half: [-1, 2], none: [-1, 2] } },
};
const objective = (own: Partial<SpoSettings> = {}) => spo(losses.dpo({ beta: 0.5 }), { lambda: 0.3, ...own });

/** Numbers that differ from token to token. */
const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, i) => Math.sin(3 * (i + from) + 1));
const head = { weight: [0.4, -0.2, 0.1, 0.3, 0.2, -0.5, -0.1, 0.6, 0.2], bias: [0.1, -0.3, 0.2] };

function fed(of: ReturnType<typeof objective>, pairs: readonly ReferencedPair[], padding = { slots: 0, tokens: 0 }) {
  const found = objectiveCase(of, pairs, { padding });
  const real = pairs.flatMap((own) => of.sequences(own)).reduce((sum, { response }) => sum + response.length, 0);
  const tokenLogProbs = [...numbers(real).map((x) => -1 - Math.abs(x)), ...new Array<number>(padding.tokens).fill(0)];
  const { weight, bias } = head;
  const leaves = {
    ...found.feeds,
    tokenLogProbs,
    hidden: numbers(3 * (real + padding.tokens), 5),
    "head.weight": weight,
    "head.bias": bias,
  };
  return { ...found, leaves, tokenLogProbs };
}

/** Computes the cross-entropy of one version of a response from its hidden states and its degree. */
function crossEntropy(states: readonly number[][], degree: number): number {
  const mean = [0, 1, 2].map((d) => states.reduce((sum, state) => sum + state[d]!, 0) / states.length);
  const logits = head.bias.map(
    (own, c) => own + mean.reduce((sum, value, d) => sum + value * head.weight[3 * d + c]!, 0),
  );
  return Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0)) - logits[degree]!;
}

describe("spo", () => {
  it("equals the loss + λ · ½(CE_w + CE_l) by hand, each CE a mean over the distinct versions", () => {
    const { loss, leaves, tokenLogProbs } = fed(objective(), [pair]);
    const hidden = Array.from({ length: tokenLogProbs.length }, (_, t) =>
      [0, 1, 2].map((d) => leaves.hidden[3 * t + d]!),
    );
    const sum = (from: number, to: number) => tokenLogProbs.slice(from, to).reduce((a, b) => a + b, 0);
    const dpo = Math.log1p(Math.exp(-0.5 * (sum(0, 3) + 3 - (sum(3, 5) + 2))));
    // Sequences: chosen 0–3, rejected 3–5, chosen with half 5–8 and none 8–11, rejected with half 11–13 and none 13–15.
    const chosen =
      (crossEntropy(hidden.slice(0, 3), 2) +
        crossEntropy(hidden.slice(5, 8), 1) +
        crossEntropy(hidden.slice(8, 11), 0)) /
      3;
    const rejected = (crossEntropy(hidden.slice(3, 5), 2) + crossEntropy(hidden.slice(13, 15), 0)) / 2;
    assertClose(evaluate([loss], leaves)[0]!, [dpo + (0.3 * (chosen + rejected)) / 2], 1e-6);
  });

  it("has gradients by hidden states and head that match finite differences, and ignores padding", () => {
    const { loss, leaves, tokenLogProbs: _, ...found } = fed(objective(), [pair, bare], { slots: 1, tokens: 4 });
    const state = (name: string, shape: readonly number[]) => loss.graph.state(name, "float32", shape);
    checkGradients(loss, [found.hidden, state("head.weight", [3, 3]), state("head.bias", [3])], leaves);
    const plain = fed(objective(), [pair, bare]);
    assertClose(evaluate([loss], leaves)[0]!, evaluate([plain.loss], plain.leaves)[0]!, 1e-6);
  });

  it("is only the loss if λ is 0", () => {
    const { loss, leaves, tokenLogProbs: logProbs, hidden } = fed(objective({ lambda: 0 }), [pair]);
    const alone = objectiveCase(preference(losses.dpo({ beta: 0.5 })), [pair]);
    assertClose(
      evaluate([loss], leaves)[0]!,
      evaluate([alone.loss], { ...alone.feeds, tokenLogProbs: logProbs.slice(0, 5) })[0]!,
      1e-9,
    );
    assert.ok(evaluate(gradients(loss, [hidden]), leaves)[0]!.every((slope) => slope === 0));
  });

  it("reports the head's loss and accuracy over the distinct versions", () => {
    const one = (value: number) => Float64Array.of(value, value);
    const found = objective().metrics([pair, bare], {
      policyChosen: one(-1),
      policyRejected: one(-2),
      degreeLoss: Float64Array.of(4, 1),
      degreeWrong: Float64Array.of(2, 1),
    });
    // Five versions of the first pair count, two of the second.
    assertClose([found["degree/loss"]!, found["degree/accuracy"]!], [5 / 7, 1 - 3 / 7], 1e-12);
  });

  it("refuses pairs without degraded responses or key phrases, and token-level losses and weights", () => {
    const refuses = (of: ReturnType<typeof objective>, pairs: readonly ReferencedPair[], message: RegExp) =>
      assert.throws(() => of.columns!(pairs), { name: "InputError", message });
    const same = { ...bare, tokens: { chosen: bare.tokens!.chosen, rejected: { half: [7, 2], none: [7, 2] } } };
    refuses(objective(), [same], /^spo: no response has a key phrase/);
    refuses(
      objective(),
      [pair, { ...pair, tokens: { chosen: {}, rejected: {} } }],
      /^pair 2: no degraded responses; use methods\.spo/,
    );
    refuses(
      spo(losses["orpo-bmc"]({ beta: 1 }), { lambda: 1 }),
      [pair],
      /^spo: the loss orpo-bmc .* weighs single tokens/,
    );
    refuses(
      objective(),
      [{ ...pair, tokens: { ...pair.tokens!, chosen: { ...pair.tokens!.chosen, weight: [1, 1, 1] } } }],
      /weighs single tokens/,
    );
  });
});
