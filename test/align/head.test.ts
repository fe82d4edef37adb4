import assert from "node:assert/strict";
import { after, describe, it, type TestContext } from "node:test";
import { meanHidden, responseMeanFeed } from "../../src/align/head.js";
import { dpo } from "../../src/align/losses/dpo.js";
import { aot } from "../../src/align/losses/aot.js";
import type { Objective } from "../../src/align/objective.js";
import { preference, type ReferencedPair } from "../../src/align/preference.js";
import { readCheckpoint, writeCheckpoint } from "../../src/align/trainer-checkpoint.js";
import { Trainer, type StepRecord, type TrainingOptions } from "../../src/align/trainer.js";
import { Random } from "../../src/base/random.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { TfjsEngine } from "../../src/engine/tfjs/engine.js";
import { add, Graph, matmul, mul, neg, reshape, slice, softplus, sum, tensor } from "../../src/graph/index.js";
import { layOut, ownPositions, exactShape, rowsOf } from "../../src/model/scoring/batch.js";
import { batchLeaves, hiddenStates, responseStates } from "../../src/model/scoring/log-probs.js";
import { stateWeights } from "../../src/model/parameters/network.js";
import { initialParameters, type Parameters } from "../../src/model/parameters/parameters.js";
import { checkGradients } from "../graph/finite-differences.js";
import { assertClose, assertSameTensors, largestDifference } from "../support/compare.js";
import { emptyFolder } from "../support/folder.js";
import { lossAndGradients } from "../support/loss-and-gradients.js";
import { objectiveCase } from "../support/objective-case.js";
import { evaluate } from "../support/reference.js";
import { randomPairs, tinyConfig, tinyPolicy } from "../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
const tfjs = new TfjsEngine({ backend: "wasm" });
after(() => Promise.all([engine.close(), tfjs.close()]));

/** A preference loss plus a logistic head that learns to tell chosen from rejected by their mean hidden states. */
function withClassifier(base: Objective<ReferencedPair>, share = 0.5): Objective<ReferencedPair> {
  return {
    ...base,
    name: `${base.name} with a classifier`,
    version: "1",
    head: { shapes: (hiddenSize) => ({ weight: [hiddenSize, 1], bias: [] }) },
    build(batch) {
      const built = base.build(batch);
      const logits = reshape(add(matmul(meanHidden(batch), batch.head("weight")), batch.head("bias")), [
        batch.slots,
        2,
      ]);
      const column = (at: number) => reshape(slice(logits, 1, at, at + 1), [batch.slots]);
      const crossEntropy = mul(add(softplus(neg(column(0))), softplus(column(1))), 1 / 2);
      const weight = batch.tokenLogProbs.graph.input("pairWeight", "float32", [batch.slots]);
      return {
        ...built,
        loss: add(built.loss, mul(sum(mul(crossEntropy, weight)), share)),
        perExample: { ...built.perExample, crossEntropy },
      };
    },
    feed(pairs, sizes) {
      const { tokenWeight, feeds } = base.feed(pairs, sizes);
      return {
        tokenWeight,
        feeds: {
          ...feeds,
          ...responseMeanFeed(
            pairs.flatMap((pair) => base.sequences(pair)),
            sizes.tokens,
          ),
        },
      };
    },
    metrics: (pairs, fetched) => ({
      ...base.metrics(pairs, fetched),
      "head/loss": fetched.crossEntropy!.reduce((a, b) => a + b, 0) / pairs.length,
    }),
  };
}

const objective = withClassifier(preference(dpo({ beta: 0.1 })));
const pairs = randomPairs(6, Random.seeded(4)).map(
  ({ prompt, chosen, rejected }, i): ReferencedPair => ({
    chosen: { prompt, response: chosen },
    rejected: { prompt, response: rejected },
    ...{ referenceChosen: -60 - i, referenceRejected: -70 + i },
  }),
);
const options: TrainingOptions = { batchSize: 6, epochs: 3, learningRate: 1e-3, adamW: { epsilon: 1e-4 } };

interface Trained {
  readonly records: StepRecord[];
  readonly parameters: Parameters;
  readonly head: Parameters;
}

async function train(
  change: Partial<TrainingOptions> = {},
  examples = pairs,
  seed = 3,
  of = objective,
  head?: Parameters,
  where = programs,
): Promise<Trained> {
  const policy = await tinyPolicy(where);
  const training = await Trainer.begin(policy, of, examples, { ...options, ...change }, Random.seeded(seed), {
    validation: pairs,
    head,
  });
  const records: StepRecord[] = [];
  for await (const record of training.steps()) records.push(record);
  const trained = { records, parameters: await policy.parameters(), head: await training.head() };
  await training.end();
  return trained;
}

function assertSameTraining(found: Trained, expected: Trained): void {
  for (const [i, record] of expected.records.entries()) {
    for (const name of ["loss", "grad_norm", "head/loss"])
      assertClose([found.records[i]![name]!], [record[name]!], 2e-5, `step ${i + 1}, ${name}`);
  }
  for (const [kind, of] of [
    ["parameters", expected.parameters],
    ["head", expected.head],
  ] as const) {
    for (const [name, { data }] of of) assert.ok(largestDifference(found[kind].get(name)!.data, data) <= 5e-5, name);
  }
}

describe("hidden states of response tokens", () => {
  it("are taken at the tokens' own positions, with shared prompts or without", async () => {
    const sequences = pairs.slice(0, 3).flatMap(({ chosen, rejected }) => [chosen, rejected]);
    const found = await Promise.all(
      [true, false].map(async (sharePrompts) => {
        const rows = rowsOf(sequences, sharePrompts);
        const shape = exactShape(rows);
        const graph = new Graph();
        const leaves = batchLeaves(graph, shape);
        const states = hiddenStates(tinyConfig, stateWeights(graph, tinyConfig), leaves);
        const executable = await engine.prepare({
          outputs: { own: responseStates(states, leaves), all: states },
          updates: new Map(),
        });
        const state = await engine.createState(initialParameters(tinyConfig, Random.seeded(1)));
        const { own, all } = await executable.run(
          { ...layOut(rows, shape, 0), ownPosition: ownPositions(rows, shape) },
          [state],
        );
        await state.free();
        if (!sharePrompts) {
          const at = sequences.flatMap(({ prompt, response }, i) =>
            [...response.keys()].map((t) => i * shape.length + prompt.length + t),
          );
          const expected = at.flatMap((row) => [
            ...all!.data.subarray(row * tinyConfig.hiddenSize, (row + 1) * tinyConfig.hiddenSize),
          ]);
          assert.deepEqual([...own!.data], expected);
        }
        return [...own!.data];
      }),
    );
    assertClose(found[0]!, found[1]!, 1e-5);
  });
});

describe("a head", () => {
  it("matches the loss computed by hand and finite-difference gradients, with and without padding", () => {
    const two = pairs.slice(0, 2).map((pair) => ({
      ...pair,
      chosen: { ...pair.chosen, response: new Int32Array(2) },
      rejected: { ...pair.rejected, response: new Int32Array(1) },
    }));
    for (const padding of [
      { slots: 0, tokens: 0 },
      { slots: 1, tokens: 2 },
    ]) {
      const { loss, tokenLogProbs, hidden, tokens, feeds } = objectiveCase(objective, two, { padding });
      const random = Random.seeded(5);
      const numbers = (count: number) => Array.from({ length: count }, () => random.normal());
      const given = {
        ...feeds,
        tokenLogProbs: [...[-1, -2, -3, -1, -4, -2], ...new Array<number>(padding.tokens).fill(0)],
        hidden: numbers(3 * tokens),
        "head.weight": [0.5, -1, 2],
        "head.bias": [0.3],
      };
      const { graph } = loss;
      checkGradients(
        loss,
        [tokenLogProbs, hidden, graph.state("head.weight", "float32", [3, 1]), graph.state("head.bias", "float32", [])],
        given,
      );

      const mean = (...rows: number[]) =>
        [0, 1, 2].map((k) => rows.reduce((total, row) => total + given.hidden[3 * row + k]!, 0) / rows.length);
      const logit = (state: number[]) => 0.5 * state[0]! - state[1]! + 2 * state[2]! + 0.3;
      const cross = [
        [mean(0, 1), mean(2)],
        [mean(3, 4), mean(5)],
      ].map(([w, l]) => (Math.log1p(Math.exp(-logit(w!))) + Math.log1p(Math.exp(logit(l!)))) / 2);
      const align = [-3 + 3, -5 + 2].map((policy, i) =>
        Math.log1p(Math.exp(-0.1 * (policy - two[i]!.referenceChosen! + two[i]!.referenceRejected!))),
      );
      const expected = (align[0]! + align[1]! + 0.5 * (cross[0]! + cross[1]!)) / 2;
      assertClose(evaluate([loss], given)[0]!, [expected], 1e-6);
    }
  });

  it("passes gradients into the policy, which match finite differences on an engine", async () => {
    const parameters = initialParameters(tinyConfig, Random.seeded(1));
    const weight = tensor(
      [16, 1],
      Float32Array.from({ length: 16 }, (_, i) => Math.sin(i)),
    );
    const head = [
      ["head.weight", weight],
      ["head.bias", tensor([], Float32Array.of(0.2))],
    ] as const;
    const of = (changed: Parameters) =>
      lossAndGradients(
        engine,
        { config: tinyConfig, parameters: changed },
        withClassifier(preference(dpo({ beta: 0 })), 1),
        pairs,
        {},
        true,
        head,
      );
    const { gradients } = await of(parameters);
    const name = "model.layers.0.mlp.up_proj.weight";
    const direction = gradients.get(name)!.data as Float32Array;
    const norm = Math.sqrt(direction.reduce((total, slope) => total + slope * slope, 0));
    assert.ok(norm > 1e-3, `${norm}`);
    const moved = async (by: number) => {
      const { shape, data } = parameters.get(name)!;
      const other = new Map([
        ...parameters,
        [
          name,
          tensor(
            shape,
            data.map((value, i) => value + (by * direction[i]!) / norm),
          ),
        ],
      ]);
      return (await of(other)).loss;
    };
    // Along the gradient the loss rises by the gradient's norm.
    assertClose([((await moved(0.01)) - (await moved(-0.01))) / 0.02 / norm], [1], 5e-3);
  });

  it("learns together with the policy and is returned by head()", async () => {
    const { records, head } = await train({ epochs: 30, learningRate: 1e-2 });
    assert.deepEqual([...head.keys()], ["weight", "bias"]);
    const { head: fresh } = await train({ epochs: 1, learningRate: 1e-30 });
    for (const [name, { data }] of fresh) assert.ok(largestDifference(head.get(name)!.data, data) > 1e-2, name);
    assert.deepEqual(head.get("weight")!.shape, [tinyConfig.hiddenSize, 1]);
    assert.ok(
      records.at(-1)!["head/loss"]! < 0.5 * records[0]!["head/loss"]!,
      `${records[0]!["head/loss"]} ${records.at(-1)!["head/loss"]}`,
    );
  });

  it("starts from the seed, or from given parameters", async () => {
    const still = { epochs: 1, learningRate: 1e-30 };
    const [a, again, b] = [await train(still), await train(still), await train(still, pairs, 4)];
    assertSameTensors(again.head, a.head);
    assert.notDeepEqual(b.head.get("weight")!.data, a.head.get("weight")!.data);
    assertClose(a.head.get("bias")!.data, [0], 1e-20);
    const given = new Map([...a.head, ["bias", tensor([], Float32Array.of(7))]]);
    const told = (await train(still, pairs, 4, objective, given)).head;
    for (const [name, { data }] of given) assertClose(told.get(name)!.data, data, 1e-20, name);
  });

  it("does not depend on the order of the pairs, micro-batches, shared prompts or recomputation", async () => {
    const expected = await train({ sharePrompts: false });
    for (const change of [{ sharePrompts: true }, { microBatchSize: 1 }, { microBatchSize: 4 }, { recompute: true }]) {
      assertSameTraining(await train(change), expected);
    }
    assertSameTraining(await train({}, pairs.toReversed()), expected);
  });

  it("trains the same on another engine", async () => {
    const expected = await train();
    const found = await train({}, pairs, 3, objective, undefined, new ProgramCache(tfjs));
    assertSameTraining(found, expected);
  });

  it("is saved in the checkpoint of a training, which resumes with the same bytes", async (test: TestContext) => {
    const settings = {
      ...options,
      batchSize: 4,
      microBatchSize: 2,
      evaluateEvery: 2,
      keepBestBy: "eval_loss" as const,
    };
    const expected = await train(settings);
    const policy = await tinyPolicy(programs);
    const first = await Trainer.begin(policy, objective, pairs, settings, Random.seeded(3), { validation: pairs });
    const records: StepRecord[] = [];
    for await (const record of first.steps()) if (records.push(record) === 3) break;
    const file = `${emptyFolder(test)}/checkpoint.safetensors`;
    await writeCheckpoint(file, policy, await first.state());
    const { state, parameters } = await readCheckpoint(file);
    const resumed = await tinyPolicy(programs, 9);
    await resumed.replace(parameters);
    const second = await Trainer.begin(resumed, objective, pairs, settings, Random.seeded(3), {
      validation: pairs,
      from: state,
    });
    for await (const record of second.steps()) records.push(record);
    assert.deepEqual(records, expected.records);
    assertSameTensors(await second.head(), expected.head);
    const byName = (all: Parameters) => new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
    assertSameTensors(byName(await resumed.parameters()), byName(expected.parameters));
  });

  it("is kept from the step with the best evaluation", async () => {
    const settings = { learningRate: 0.6, epochs: 3, batchSize: 4 };
    const best = await train({ ...settings, evaluateEvery: 1, keepBestBy: "eval_rewards/chosen" });
    const values = best.records.map((record) => record["eval_rewards/chosen"]!);
    const step = 1 + values.indexOf(Math.max(...values));
    assert.ok(step < values.length, `best after step ${step} of ${values.length}`);
    const policy = await tinyPolicy(programs);
    const training = await Trainer.begin(policy, objective, pairs, { ...options, ...settings }, Random.seeded(3));
    for await (const record of training.steps()) if (record.step === step) break;
    assertSameTensors(best.head, await training.head());
    assertSameTensors(best.parameters, await policy.parameters());
  });

  it("is also evaluated under a loss that compares all pairs (AOT), whatever the batch size", async () => {
    const whole = withClassifier(preference(aot({ beta: 0.1 })));
    const evaluated = async (batchSize: number) =>
      (await train({ epochs: 1, batchSize, learningRate: 1e-12, evaluateEvery: 1 }, pairs, 3, whole)).records[0]!;
    const [six, two] = [await evaluated(6), await evaluated(2)];
    for (const name of ["eval_loss", "eval_head/loss", "eval_rewards/margins"])
      assertClose([two[name]!], [six[name]!], 2e-5, name);
    assertClose([six.eval_loss!], [six.loss], 2e-5);
  });

  it("must be declared by an objective that reads hidden states, with the parameters that it uses", async () => {
    const { head: _, ...silent } = objective;
    await assert.rejects(
      train({}, pairs, 3, silent),
      /the objective dpo with a classifier reads hidden states; declare the `head` that reads them/,
    );
    const misnamed = { ...objective, head: { shapes: () => ({ other: [] }) } };
    await assert.rejects(
      train({}, pairs, 3, misnamed),
      /the head of the objective dpo with a classifier has no parameter weight/,
    );
  });

  it("has no parameters or moments if the objective declares none", async () => {
    const policy = await tinyPolicy(programs);
    const training = await Trainer.begin(policy, preference(dpo({ beta: 0.1 })), pairs, options, Random.seeded(1));
    assert.equal((await training.head()).size, 0);
    assert.ok([...(await training.state()).moments.keys()].every((name) => !name.includes("head")));
    await training.end();
  });
});
