import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { losses, lossNamed, type PreferenceLoss } from "../../src/align/losses/index.js";
import { weightedSum } from "../../src/align/losses/weighted-sum.js";
import { preference, type ReferencedPair } from "../../src/align/preference.js";
import { Trainer, type StepRecord, type TrainingOptions } from "../../src/align/trainer.js";
import { Random } from "../../src/base/random.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { add, exp, gradients, minimum, mul, neg, softplus, stopGradient, sub } from "../../src/graph/index.js";
import { responseLogProbs, responseTokenLogProbs } from "../../src/model/scoring/score.js";
import { checkGradients } from "../graph/finite-differences.js";
import { assertClose, assertSameTensors, largestDifference } from "../support/compare.js";
import { objectiveCase } from "../support/objective-case.js";
import { evaluate } from "../support/reference.js";
import { randomPairs, tinyPolicy } from "../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

/** BMC's loss (arXiv 2408.07471, equations 4 to 6): differing tokens weigh 1 + min(1/π, δ), without a gradient. */
const bmc = (beta: number, delta: number): PreferenceLoss => ({
  ...{ name: "bmc", version: "1", beta, reward: losses.dpo({ beta }).reward },
  tokens: { reference: true, columns: { differs: { default: 0 } } },
  perPair({ tokens: { policy, reference, columns, sums } }) {
    const weight = add(mul(columns.differs!, minimum(stopGradient(exp(neg(policy))), delta)), 1);
    const { chosen, rejected } = sums(mul(weight, sub(policy, reference)));
    return softplus(mul(sub(rejected, chosen), beta));
  },
});

const sequence = (length: number) => ({ prompt: new Int32Array(1), response: new Int32Array(length) });
const softplusOf = (x: number) => Math.log1p(Math.exp(x));

/** Two pairs with hand-written reference log-probabilities of the tokens; {@link policyTokens} has the policy's. */
const byHand: readonly ReferencedPair[] = [
  {
    ...{ chosen: sequence(2), rejected: sequence(1) },
    tokens: { chosen: { reference: [-1, -2], differs: [0, 1] }, rejected: { reference: [-0.5], differs: [1] } },
  },
  {
    chosen: sequence(1),
    rejected: sequence(2),
    tokens: { chosen: { reference: [-1] }, rejected: { reference: [-3, -1] } },
  },
];
const policyTokens = [-0.5, -1.5, -0.9, -0.3, -2, -0.1];

describe("a token-level loss", () => {
  const beta = 0.5;
  const delta = 3;

  it("matches BMC computed by hand, with and without padding", () => {
    // 1/π is e^1.5 > δ for the chosen response's second token, and e^0.9 < δ for the rejected one.
    const first = 0.5 + 0.5 * (1 + delta) + 0.4 * (1 + Math.exp(0.9));
    const second = 0.7 - (1 + 0.9);
    const expected = (softplusOf(-beta * first) + softplusOf(-beta * second)) / 2;
    for (const padding of [
      { slots: 0, tokens: 0 },
      { slots: 2, tokens: 3 },
    ]) {
      const { loss, feeds, tokens } = objectiveCase(preference(bmc(beta, delta)), byHand, { padding });
      const tokenLogProbs = [...policyTokens, ...new Array<number>(tokens - policyTokens.length).fill(0)];
      assertClose(evaluate([loss], { ...feeds, tokenLogProbs })[0]!, [expected], 1e-6);
    }
  });

  it("passes no gradient through its weights", () => {
    const { loss, tokenLogProbs, feeds } = objectiveCase(preference(bmc(beta, delta)), byHand);
    const [slopes] = evaluate(gradients(loss, [tokenLogProbs]), { ...feeds, tokenLogProbs: policyTokens });
    const first = 0.5 + 0.5 * (1 + delta) + 0.4 * (1 + Math.exp(0.9));
    const pull = (x: number) => -beta / (1 + Math.exp(beta * x)) / 2;
    const [a, b] = [pull(first), pull(0.7 - 1.9)];
    assertClose(slopes!, [a, a * (1 + delta), -a * (1 + Math.exp(0.9)), b, -b, -b], 1e-6);
  });

  it("has gradients that match finite differences if its weights are inputs", () => {
    const weighted: PreferenceLoss = {
      ...{ name: "weighted", version: "1", beta, reward: losses.dpo({ beta }).reward },
      tokens: { reference: true, columns: { differs: { default: 1 } } },
      perPair({ tokens: { policy, reference, columns, sums } }) {
        const { chosen, rejected } = sums(mul(columns.differs!, sub(policy, reference)));
        return softplus(mul(sub(rejected, chosen), beta));
      },
    };
    const { loss, tokenLogProbs, feeds } = objectiveCase(preference(weighted), byHand);
    checkGradients(loss, [tokenLogProbs], { ...feeds, tokenLogProbs: policyTokens });
  });

  it("throws an error if it does not declare what it reads, or if a pair lacks it or has token weights", () => {
    const { tokens: _, ...silent } = bmc(beta, delta);
    assert.throws(
      () => objectiveCase(preference(silent), byHand),
      /the loss bmc reads single tokens; declare what it reads of them as its `tokens`/,
    );
    const withoutReference = { ...bmc(beta, delta), tokens: { columns: { differs: { default: 0 } } } };
    assert.throws(
      () => objectiveCase(preference(withoutReference), byHand),
      /the loss bmc reads the reference's tokens; declare it as `tokens: \{ reference: true \}`/,
    );
    assert.throws(
      () =>
        objectiveCase(preference(bmc(beta, delta)), [
          { chosen: sequence(1), rejected: sequence(1), referenceChosen: -1, referenceRejected: -1 },
        ]),
      {
        name: "InputError",
        message:
          'the loss bmc needs the reference\'s log-probability of each token; give the chosen response its token column "reference" (responseTokenLogProbs)',
      },
    );
    const needing = { ...bmc(beta, delta), tokens: { reference: true, columns: { differs: {} } } };
    assert.throws(() => objectiveCase(preference(needing), byHand), {
      message: 'pair 2: the loss bmc needs the token column "differs" of the chosen response',
    });
    const doubled = [
      { ...byHand[1]!, tokens: { chosen: { reference: [-1], weight: [2] }, rejected: { reference: [-3, -1] } } },
    ];
    assert.throws(() => objectiveCase(preference(bmc(beta, delta)), doubled), {
      message: 'pair 1: the loss bmc, which weighs tokens itself, does not use the token column "weight"; remove it',
    });
  });

  it("can be part of a weighted sum", () => {
    const value = (loss: PreferenceLoss) => {
      const { loss: total, feeds } = objectiveCase(preference(loss), byHand);
      return evaluate([total], { ...feeds, tokenLogProbs: policyTokens })[0]![0]!;
    };
    const sum = weightedSum([
      { weight: 0.8, loss: bmc(beta, delta) },
      { weight: 0.2, loss: losses.nll({ beta }) },
    ]);
    assertClose([value(sum)], [0.8 * value(bmc(beta, delta)) + 0.2 * value(losses.nll({ beta }))], 1e-6);
  });
});

describe("token weights under a sequence-level loss", () => {
  const weights = (pair: ReferencedPair, chosen: number[], rejected: number[]): ReferencedPair => ({
    ...pair,
    tokens: {
      chosen: { ...pair.tokens!.chosen, weight: chosen },
      rejected: { ...pair.tokens!.rejected, weight: rejected },
    },
  });
  const weighted = [weights(byHand[0]!, [1, 4], [2]), weights(byHand[1]!, [0], [1, 0.5])];

  it("apply to the summed log-probabilities of the policy and of the reference", () => {
    const objective = preference(losses.dpo({ beta: 0.5 }));
    const { feed } = objective;
    const { tokenWeight } = feed.call(objective, weighted, { step: weighted, slots: 2, tokens: 8, columns: [] });
    assert.deepEqual([...(tokenWeight as Float32Array)], [1, 4, 2, 0, 1, 0.5, 0, 0]);
    const { loss, feeds } = objectiveCase(objective, weighted);
    const tokenLogProbs = policyTokens.map((logProb, t) => logProb * [1, 4, 2, 0, 1, 0.5][t]!);
    const first = 0.5 + 4 * 0.5 + 2 * 0.4;
    const second = -(1 + 0.5 * 0.9);
    assertClose(
      evaluate([loss], { ...feeds, tokenLogProbs })[0]!,
      [(softplusOf(-0.5 * first) + softplusOf(-0.5 * second)) / 2],
      1e-6,
    );
  });

  it("need the reference's token log-probabilities only if the loss needs the reference", () => {
    const bare: ReferencedPair[] = [
      {
        ...byHand[0]!,
        referenceChosen: -3,
        referenceRejected: -1,
        tokens: { chosen: { weight: [1, 2] }, rejected: {} },
      },
    ];
    assert.throws(
      () => objectiveCase(preference(losses.dpo({ beta: 1 })), bare),
      /^InputError: the loss dpo needs the reference's log-probability of each token/,
    );
    objectiveCase(preference(losses.simpo({ beta: 2 })), bare);
  });
});

const tokenized = randomPairs(6, Random.seeded(4)).map(({ prompt, chosen, rejected }) => ({
  chosen: { prompt, response: chosen },
  rejected: { prompt, response: rejected },
}));

/** Pairs with token and summed log-probabilities from a reference policy of this seed, and random 0/1 columns. */
async function pairsAgainst(seed: number, name: "weight" | "differs"): Promise<ReferencedPair[]> {
  const policy = await tinyPolicy(programs, seed);
  const sequences = tokenized.flatMap(({ chosen, rejected }) => [chosen, rejected]);
  const [sums, tokens] = [await responseLogProbs(policy, sequences), await responseTokenLogProbs(policy, sequences)];
  const random = Random.seeded(9);
  const columns = (at: number) => ({
    reference: tokens[at]!,
    [name]: Array.from(tokens[at]!, () => random.integer(2)),
  });
  return tokenized.map((pair, i) => ({
    ...{ ...pair, referenceChosen: sums[2 * i]!, referenceRejected: sums[2 * i + 1]! },
    tokens: { chosen: columns(2 * i), rejected: columns(2 * i + 1) },
  }));
}

const options: TrainingOptions = { batchSize: 6, epochs: 3, learningRate: 1e-3, adamW: { epsilon: 1e-4 } };

async function train(
  loss: PreferenceLoss,
  examples: readonly ReferencedPair[],
  change: Partial<TrainingOptions> = {},
  stopAt?: number,
) {
  const policy = await tinyPolicy(programs);
  const begin = (more = {}) =>
    Trainer.begin(policy, preference(loss), examples, { ...options, ...change }, Random.seeded(3), {
      validation: examples,
      ...more,
    });
  let training = await begin();
  const records: StepRecord[] = [];
  for await (const record of training.steps()) if (records.push(record) === stopAt) break;
  if (stopAt !== undefined) {
    training = await begin({ from: await training.state() });
    for await (const record of training.steps()) records.push(record);
  }
  await training.end();
  return { records, parameters: await policy.parameters() };
}

describe("scoring by tokens", () => {
  it("returns log-probabilities that add up to the response's, with shared prompts or without", async () => {
    const policy = await tinyPolicy(programs);
    const sequences = tokenized.flatMap(({ chosen, rejected }) => [chosen, rejected]);
    const sums = await responseLogProbs(policy, sequences);
    for (const sharePrompts of [true, false]) {
      const tokens = await responseTokenLogProbs(policy, sequences, {}, sharePrompts);
      assert.deepEqual(
        tokens.map(({ length }) => length),
        sequences.map(({ response }) => response.length),
      );
      assertClose(
        tokens.map((own) => own.reduce((a, b) => a + b, 0)),
        sums,
        1e-5,
      );
    }
  });
});

for (const [name, loss, column] of [
  ["tokens", bmc(0.1, 3), "differs"],
  ["weighted sums", lossNamed("dpo", { beta: 0.1 }), "weight"],
] as const) {
  describe(`training with a loss of ${name}`, () => {
    it("starts at ln 2 if the policy is the reference, and falls below", async () => {
      const { records } = await train(loss, await pairsAgainst(1, column));
      assertClose([records[0]!.loss], [Math.LN2], 1e-5);
      assert.ok(records.at(-1)!.loss < Math.LN2 - 0.01);
    });

    it("does not depend on the order of the pairs, micro-batches or shared prompts", async () => {
      const pairs = await pairsAgainst(2, column);
      const expected = await train(loss, pairs, { sharePrompts: false });
      const changes: Partial<TrainingOptions>[] = [
        { sharePrompts: true },
        { microBatchSize: 1 },
        { microBatchSize: 4 },
      ];
      for (const [examples, change] of [
        [pairs.toReversed(), {}],
        ...changes.map((of) => [pairs, of] as const),
      ] as const) {
        const found = await train(loss, examples, change);
        for (const [i, record] of expected.records.entries()) {
          for (const metric of ["loss", "grad_norm", "rewards/margins"])
            assertClose([found.records[i]![metric]!], [record[metric]!], 2e-5, metric);
        }
        for (const [parameter, { data }] of expected.parameters)
          assert.ok(largestDifference(found.parameters.get(parameter)!.data, data) <= 5e-5, parameter);
      }
    });

    it("resumes with the same bytes", async () => {
      const pairs = await pairsAgainst(2, column);
      const change = { batchSize: 4, microBatchSize: 2, evaluateEvery: 2 };
      const [found, expected] = [await train(loss, pairs, change, 3), await train(loss, pairs, change)];
      assert.deepEqual(found.records, expected.records);
      assertSameTensors(found.parameters, expected.parameters);
    });

    it("updates the reference's token log-probabilities when the reference moves", async () => {
      const { records } = await train(loss, await pairsAgainst(2, column), {
        referenceUpdate: { everySteps: 1 },
        evaluateEvery: 1,
      });
      // The reference is the policy itself, at the start and after each step.
      for (const record of records) assertClose([record.loss, record.eval_loss!], [Math.LN2, Math.LN2], 1e-5);
    });
  });
}

describe("token weights of 1", () => {
  it("give the same bytes as no weights", async () => {
    const pairs = (await pairsAgainst(2, "weight")).map(({ tokens, ...pair }) => ({ pair, tokens: tokens! }));
    const ones = pairs.map(({ pair, tokens }) => {
      const own = (side: "chosen" | "rejected") => ({
        weight: new Float32Array(tokens[side].reference!.length).fill(1),
      });
      return { ...pair, tokens: { chosen: own("chosen"), rejected: own("rejected") } };
    });
    const simpo = losses.simpo({ beta: 2 });
    const [found, expected] = [
      await train(simpo, ones),
      await train(
        simpo,
        pairs.map(({ pair }) => pair),
      ),
    ];
    assert.deepEqual(found.records, expected.records);
    assertSameTensors(found.parameters, expected.parameters);
  });
});
