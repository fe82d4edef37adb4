import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import {
  losses,
  lossNamed,
  type LossChoice,
  type LossName,
  type LossSettings,
  type PreferenceLoss,
} from "../../src/align/losses/index.js";
import { preference, type ReferencedPair } from "../../src/align/preference.js";
import { supervised } from "../../src/align/sft.js";
import { Trainer, type StepRecord, type TrainingOptions } from "../../src/align/trainer.js";
import { Random } from "../../src/base/random.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { mul, sub } from "../../src/graph/index.js";
import type { Parameters } from "../../src/model/parameters/parameters.js";
import { responseLogProbs } from "../../src/model/scoring/score.js";
import { assertClose, assertSameTensors, largestDifference } from "../support/compare.js";
import { lossByMeaning, type PairNumbers } from "../support/loss-case.js";
import { randomPairs, randomSequences, tinyPolicy } from "../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

const sigma = (x: number) => 1 / (1 + Math.exp(-x));

// ρ_w = 2 and ρ_l = −4, then ρ_w = −1 and ρ_l = 1: Δ is 6 and −2.
const numbers: PairNumbers = {
  ...{ policyChosen: [-8, -11], policyRejected: [-10, -5], referenceChosen: [-10, -10], referenceRejected: [-6, -6] },
  ...{ chosenLength: [4, 11], rejectedLength: [2, 1] },
};
const valueOf = (loss: PreferenceLoss, columns: PairNumbers["columns"] & object) =>
  lossByMeaning(loss, { ...numbers, columns }).loss;

describe("a column of the pairs", () => {
  it("sets each pair's label smoothing under cdpo, rdpo and exo-pair", () => {
    const of = (name: LossName, epsilon: number) =>
      lossByMeaning(lossNamed(name, { beta: 0.5, labelSmoothing: epsilon }), numbers);
    for (const name of ["cdpo", "rdpo", "exo-pair"] as const) {
      const loss = lossNamed(name, { beta: 0.5, labelSmoothing: 0.3 });
      for (const epsilon of [0.05, 0.2])
        assertClose([valueOf(loss, { labelSmoothing: [epsilon, epsilon] })], [of(name, epsilon).loss], 1e-6, name);
    }
    const found = valueOf(losses.cdpo({ beta: 0.5 }), { labelSmoothing: [0.2, 0.4] });
    const expected =
      -0.8 * Math.log(sigma(3)) - 0.2 * Math.log(sigma(-3)) - 0.6 * Math.log(sigma(-1)) - 0.4 * Math.log(sigma(1));
    assertClose([found], [expected / 2], 1e-6);
  });

  it("sets each pair's soft label under dpo", () => {
    const expected =
      -0.7 * Math.log(sigma(3)) - 0.3 * Math.log(sigma(-3)) - 0.5 * Math.log(sigma(-1)) - 0.5 * Math.log(sigma(1));
    assertClose([valueOf(losses.dpo({ beta: 0.5 }), { target: [0.7, 0.5] })], [expected / 2], 1e-6);
    assertClose(
      [valueOf(losses.dpo({ beta: 0.5 }), { target: [1, 1] })],
      [lossByMeaning(losses.dpo({ beta: 0.5 }), numbers).loss],
      1e-6,
    );
  });

  it("sets each pair's target margin under simpo", () => {
    // l̄_w − l̄_l = −2 + 5 = 3, then −1 + 5 = 4.
    const expected = -Math.log(sigma(1.5 - 0.7)) - Math.log(sigma(2 - 3));
    assertClose([valueOf(losses.simpo({ beta: 0.5 }), { targetMargin: [0.7, 3] })], [expected / 2], 1e-6);
  });

  it("gives gradients that match finite differences, for both responses", () => {
    const cases: readonly [PreferenceLoss, PairNumbers["columns"] & object][] = [
      [losses.cdpo({ beta: 0.3 }), { labelSmoothing: [0.1, 0.45] }],
      [losses.rdpo({ beta: 0.3 }), { labelSmoothing: [0, 0.3] }],
      [losses["exo-pair"]({ beta: 0.3 }), { labelSmoothing: [0.01, 0.3] }],
      [losses.dpo({ beta: 0.3 }), { target: [0, 0.8] }],
      [losses.simpo({ beta: 2 }), { targetMargin: [0, 2] }],
      [lossNamed({ dpo: 1, cdpo: 0.5 }, { beta: 0.3 }), { target: [0.4, 1], labelSmoothing: [0.2, 0] }],
    ];
    for (const [loss, columns] of cases) {
      const given = { ...numbers, weight: [0.4, 1.6], columns };
      const { gradientChosen, gradientRejected } = lossByMeaning(loss, given);
      for (const [side, gradient] of [
        ["policyChosen", gradientChosen],
        ["policyRejected", gradientRejected],
      ] as const) {
        const found = [0, 1].map((i) => {
          const moved = (by: number) =>
            lossByMeaning(loss, { ...given, [side]: given[side].with(i, given[side][i]! + by) }).loss;
          return (moved(1e-5) - moved(-1e-5)) / 2e-5;
        });
        assertClose(found, gradient, 1e-8, `${loss.name} ${side}`);
      }
    }
  });
});

const prompt = new Int32Array(1);
const sequence = { prompt, response: new Int32Array(2) };
const plain: ReferencedPair = { chosen: sequence, rejected: sequence, referenceChosen: -1, referenceRejected: -1 };
const columnsOf = (
  choice: LossChoice | PreferenceLoss,
  pairs: readonly Partial<ReferencedPair>[],
  settings: Partial<LossSettings> = {},
) => {
  const loss =
    typeof choice === "object" && "perPair" in choice
      ? choice
      : lossNamed(choice as LossChoice, { beta: 1, ...settings });
  return preference(loss as PreferenceLoss).columns!(pairs.map((pair) => ({ ...plain, ...pair })));
};

describe("columns of the pairs", () => {
  it("are used if the loss reads them and some pair has them; custom names are ignored", () => {
    assert.deepEqual(columnsOf("cdpo", [{}, { columns: { labelSmoothing: 0.2 } }, { columns: { topic: 7 } }]), [
      "labelSmoothing",
    ]);
    assert.deepEqual(columnsOf("cdpo", [{}]), []);
    assert.deepEqual(columnsOf("slic", [{ columns: { topic: 7, weight: 2 } }]), []);
  });

  const wrong: readonly [string, () => unknown, string][] = [
    [
      "no use",
      () => columnsOf("slic", [{}, { columns: { labelSmoothing: 0.1 } }]),
      'pair 2: the loss slic does not use the column "labelSmoothing"; remove it, or choose a loss that does: cdpo, rdpo, exo-pair',
    ],
    [
      "no use for a target",
      () => columnsOf("simpo", [{ columns: { target: 0.1 } }]),
      'pair 1: the loss simpo does not use the column "target"; remove it, or choose a loss that does: dpo, irepo',
    ],
    [
      "a share above 1/2",
      () => columnsOf("cdpo", [{ columns: { labelSmoothing: 0.5 } }]),
      'pair 1: the column "labelSmoothing" is 0.5; it must be a share in [0, 1/2)',
    ],
    [
      "no smoothing for exo-pair",
      () => columnsOf("exo-pair", [{ columns: { labelSmoothing: 0 } }]),
      'pair 1: the column "labelSmoothing" is 0; it must be a share in (0, 1/2)',
    ],
    [
      "NaN",
      () => columnsOf("simpo", [{ columns: { targetMargin: NaN } }]),
      'pair 1: the column "targetMargin" is NaN; it must be a number from 0',
    ],
    [
      "a negative weight",
      () => columnsOf("dpo", [{}, { columns: { weight: -1 } }]),
      'pair 2: the column "weight" is -1; it must be a number from 0',
    ],
    [
      "no weight in a step that is compared",
      () => columnsOf("aot", [{ columns: { weight: 0 } }]),
      'pair 1: the column "weight" is 0; the loss aot, which compares pairs, needs weights above 0',
    ],
    [
      "defaults that differ",
      () => columnsOf({ cdpo: 1, "exo-pair": 1 }, [{}, { columns: { labelSmoothing: 0.1 } }]),
      'pair 1 has no column "labelSmoothing", which the loss needs of every pair',
    ],
    [
      "too few token weights",
      () => columnsOf("dpo", [{ tokens: { chosen: { weight: [1] }, rejected: {} } }]),
      'pair 1: the token column "weight" of the chosen response has 1 numbers for 2 tokens',
    ],
    [
      "a token weight that is NaN",
      () => columnsOf("dpo", [{ tokens: { chosen: {}, rejected: { weight: [1, NaN] } } }]),
      'pair 1: the token column "weight" of the rejected response, token 2, is NaN; it must be a number from 0',
    ],
    [
      "a negative token weight",
      () => columnsOf("dpo", [{ tokens: { chosen: { weight: [1, -0.5] }, rejected: {} } }]),
      'pair 1: the token column "weight" of the chosen response, token 2, is -0.5; it must be a number from 0',
    ],
  ];
  for (const [what, given, message] of wrong)
    it(`are refused if they are invalid: ${what}`, () => assert.throws(given, { name: "InputError", message }));

  it("are required of every pair if a custom loss declares no default", () => {
    const needing: PreferenceLoss = { ...losses.dpo({ beta: 1 }), name: "irepo", columns: { target: {} } };
    assert.throws(() => columnsOf(needing, [{}]), {
      message: 'pair 1 has no column "target", which the loss needs of every pair',
    });
    assert.deepEqual(columnsOf(needing, [{ columns: { target: -2 } }]), []);
  });

  it("are checked for supervised fine-tuning too: the weight must not be NaN", () => {
    assert.throws(
      () =>
        supervised.columns([
          { ...sequence, weight: 1 },
          { ...sequence, weight: NaN },
        ]),
      { name: "InputError", message: "example 2: the weight is NaN; it must be a number from 0" },
    );
  });
});

const options: TrainingOptions = { batchSize: 6, epochs: 3, learningRate: 1e-3, adamW: { epsilon: 1e-4 } };
const columned = randomPairs(6, Random.seeded(4)).map(
  ({ prompt, chosen, rejected }, i): ReferencedPair => ({
    chosen: { prompt, response: chosen },
    rejected: { prompt, response: rejected },
    ...{ referenceChosen: -60 - i, referenceRejected: -70 + i },
    columns: { weight: [0, 0.5, 2, 1, 1.5, 1][i]!, labelSmoothing: 0.05 * i },
  }),
);
const objective = preference(losses.cdpo({ beta: 0.1 }));

async function train(
  examples: readonly ReferencedPair[],
  change: Partial<TrainingOptions> = {},
  stopAt?: number,
  of = objective,
) {
  const policy = await tinyPolicy(programs);
  let training = await Trainer.begin(policy, of, examples, { ...options, ...change }, Random.seeded(3));
  const records: StepRecord[] = [];
  for await (const record of training.steps()) if (records.push(record) === stopAt) break;
  if (stopAt !== undefined) {
    training = await Trainer.begin(policy, of, examples, { ...options, ...change }, Random.seeded(3), {
      from: await training.state(),
    });
    for await (const record of training.steps()) records.push(record);
  }
  await training.end();
  return { records, parameters: await policy.parameters() };
}

function assertSameTraining(
  found: Awaited<ReturnType<typeof train>>,
  expected: Awaited<ReturnType<typeof train>>,
): void {
  for (const [i, { loss, grad_norm }] of expected.records.entries()) {
    assertClose([found.records[i]!.loss, found.records[i]!.grad_norm], [loss, grad_norm], 2e-5, `step ${i + 1}`);
  }
  for (const [name, { data }] of expected.parameters)
    assert.ok(largestDifference(found.parameters.get(name)!.data, data) <= 5e-5, name);
}

/** cDPO's loss of each pair under the policy before training. */
async function lossesOf(pairs: readonly ReferencedPair[]): Promise<number[]> {
  const logProbs = await responseLogProbs(
    await tinyPolicy(programs),
    pairs.flatMap(({ chosen, rejected }) => [chosen, rejected]),
  );
  return pairs.map(({ referenceChosen, referenceRejected, columns }, i) => {
    const z = 0.1 * (logProbs[2 * i]! - referenceChosen! - logProbs[2 * i + 1]! + referenceRejected!);
    const epsilon = columns?.labelSmoothing ?? 0.1;
    return (1 - epsilon) * Math.log1p(Math.exp(-z)) + epsilon * Math.log1p(Math.exp(z));
  });
}

describe("training on pairs with columns", () => {
  it("has the loss Σ weight · loss / pairs, with each pair's own label smoothing", async () => {
    const { records } = await train(columned);
    const each = await lossesOf(columned);
    assertClose(
      [records[0]!.loss],
      [each.reduce((sum, loss, i) => sum + columned[i]!.columns!.weight! * loss, 0) / 6],
      1e-5,
    );
    // Pairs without the column use the loss's own label smoothing.
    const partly = columned.map(
      ({ columns, ...pair }, i): ReferencedPair => (i < 3 ? { ...pair, columns: columns! } : pair),
    );
    const expected =
      (await lossesOf(partly)).reduce((sum, loss, i) => sum + (partly[i]!.columns?.weight ?? 1) * loss, 0) / 6;
    assertClose([(await train(partly)).records[0]!.loss], [expected], 1e-5);
  });

  it("gives the same bytes as without columns if all weights are 1", async () => {
    const bare = columned.map(({ columns: _, ...pair }) => pair);
    const weighted = bare.map((pair) => ({ ...pair, columns: { weight: 1 } }));
    const [found, expected] = [await train(weighted), await train(bare)];
    assert.deepEqual(found.records, expected.records);
    assertSameTensors(found.parameters, expected.parameters);
  });

  it("changes no parameters if all weights are 0", async () => {
    const { parameters } = await train(columned.map((pair) => ({ ...pair, columns: { weight: 0 } })));
    assertSameTensors(parameters, await (await tinyPolicy(programs)).parameters());
  });

  it("does not depend on the order of the pairs, micro-batches or shared prompts", async () => {
    const expected = await train(columned, { sharePrompts: false });
    assertSameTraining(await train(columned.toReversed(), { sharePrompts: false }), expected);
    for (const microBatchSize of [1, 4]) assertSameTraining(await train(columned, { microBatchSize }), expected);
    assertSameTraining(await train(columned, { sharePrompts: true }), expected);
  });

  it("resumes with the same bytes", async () => {
    for (const change of [{}, { microBatchSize: 2 }]) {
      const settings = { ...change, batchSize: 4 };
      const [found, expected] = [await train(columned, settings, 3), await train(columned, settings)];
      assert.deepEqual(found.records, expected.records);
      assertSameTensors(found.parameters, expected.parameters);
    }
  });

  it("fits each pair's target under a custom regression loss (iREPO)", async () => {
    const irepo: PreferenceLoss = {
      ...{ name: "irepo", version: "1", beta: 0.1, reward: losses.dpo({ beta: 0.1 }).reward },
      columns: { target: {} },
      perPair({ policyChosen, policyRejected, referenceChosen, referenceRejected, columns }) {
        const error = sub(
          mul(sub(sub(policyChosen, referenceChosen), sub(policyRejected, referenceRejected)), 0.1),
          columns.target!,
        );
        return mul(error, error);
      },
    };
    const pairs = columned.map((pair, i) => ({ ...pair, columns: { target: i - 2 } }));
    const { records } = await train(
      pairs,
      { epochs: 40, learningRate: 1e-2, microBatchSize: 4 },
      undefined,
      preference(irepo),
    );
    assert.ok(records.at(-1)!.loss < 0.1 * records[0]!.loss, `${records[0]!.loss} ${records.at(-1)!.loss}`);
  });
});

describe("supervised fine-tuning on weighted sequences", () => {
  const sequences = randomSequences(6, Random.seeded(2)).map((own, i) => ({
    ...own,
    weight: [0, 1, 2, 0.5, 1, 1.5][i]!,
  }));

  async function tune(
    examples: Sequences,
    change: Partial<TrainingOptions> = {},
  ): Promise<{ records: StepRecord[]; parameters: Parameters }> {
    const policy = await tinyPolicy(programs);
    const training = await Trainer.begin(policy, supervised, examples, { ...options, ...change }, Random.seeded(3));
    const records: StepRecord[] = [];
    for await (const record of training.steps()) records.push(record);
    return { records, parameters: await policy.parameters() };
  }
  type Sequences = readonly (typeof sequences)[number][];

  it("weights the tokens of each sequence, with and without micro-batches", async () => {
    const logProbs = await responseLogProbs(await tinyPolicy(programs), sequences);
    const tokens = sequences.reduce((sum, { response }) => sum + response.length, 0);
    const expected = -sequences.reduce((sum, { weight }, i) => sum + weight * logProbs[i]!, 0) / tokens;
    const whole = await tune(sequences);
    assertClose([whole.records[0]!.loss], [expected], 1e-5);
    assertSameTraining(await tune(sequences, { microBatchSize: 4 }), whole);
  });
});
