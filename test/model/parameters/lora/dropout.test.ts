import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { defaultAdamW } from "../../../../src/align/adamw.js";
import { dpo } from "../../../../src/align/losses/dpo.js";
import { preference } from "../../../../src/align/preference.js";
import { Trainer, type TrainerState } from "../../../../src/align/trainer.js";
import { stepProgram } from "../../../../src/align/training-program.js";
import { Random } from "../../../../src/base/random.js";
import { OnnxEngine } from "../../../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../../../src/engine/program-cache.js";
import { Graph, topologicalOrder } from "../../../../src/graph/index.js";
import type { LoraConfig, ModelConfig } from "../../../../src/model/config.js";
import { dropoutFeeds, loraDropout } from "../../../../src/model/parameters/lora/dropout.js";
import { initialLora, loraLayers, loraResult } from "../../../../src/model/parameters/lora/lora.js";
import { stateWeights } from "../../../../src/model/parameters/network.js";
import { initialParameters } from "../../../../src/model/parameters/parameters.js";
import { Policy } from "../../../../src/model/policy/policy.js";
import { responseLogProbs } from "../../../../src/model/scoring/score.js";
import { weighted } from "../../../graph/cases/case.js";
import { checkGradients } from "../../../graph/finite-differences.js";
import { assertSameTensors } from "../../../support/compare.js";
import { evaluate } from "../../../support/reference.js";
import { byteTokenizer, randomSequences, tinyConfig } from "../../../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

const lora: LoraConfig = { rank: 2, alpha: 4, targets: ["q_proj", "down_proj"], dropout: 0.3 };
const config: ModelConfig = { ...tinyConfig, adapter: lora };
const layers = loraLayers(config, lora);

/** Inputs of ones for all adapted layers, after dropout, in one graph. */
function droppedOnes(rows: number, seed: number, of = config) {
  const graph = new Graph();
  const dropout = loraDropout(graph, of, rows)!;
  const values = layers.map((layer) => dropout.drop(graph.full([rows, layer.inputs], 1), layer));
  return { values, scale: dropout.scale, feeds: dropoutFeeds(of, rows, Random.seeded(seed)) };
}

function masks(rows: number, seed: number, of = config): number[][] {
  const { values, feeds } = droppedOnes(rows, seed, of);
  return evaluate(values, Object.fromEntries(Object.entries(feeds).map(([name, data]) => [name, [...data]])));
}

const mean = (numbers: readonly number[]) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

describe("dropout of an adapter's inputs", () => {
  it("zeroes the requested share of elements and keeps the others", () => {
    for (const share of [0.05, 0.3, 0.9]) {
      const of = { ...config, adapter: { ...lora, dropout: share } };
      const found = masks(300, 1, of).flat();
      assert.ok(found.every((x) => x === 0 || x === 1));
      // Four standard deviations of that many independent draws.
      assert.ok(
        Math.abs(1 - mean(found) - share) < 4 * Math.sqrt((share * (1 - share)) / found.length),
        `${share}: ${1 - mean(found)}`,
      );
    }
  });

  it("preserves the expectation", () => {
    const { scale } = droppedOnes(1, 1);
    const kept = 1 - Math.round(0.3 * 2039) / 2039;
    assert.equal(scale, 1 / kept);
    const seeds = Array.from({ length: 200 }, (_, seed) => masks(1, seed).flat());
    seeds[0]!.forEach((_, at) => {
      const found = mean(seeds.map((mask) => scale * mask[at]!));
      assert.ok(Math.abs(found - 1) < 5 * Math.sqrt((1 - kept) / kept / seeds.length), `element ${at}: ${found}`);
    });
  });

  it("drops elements without correlation along rows and columns, across layers and at corners of rectangles", () => {
    const rows = 40;
    const [first, second] = masks(rows, 3) as [number[], number[]];
    const width = first.length / rows;
    const centred = (mask: readonly number[]) => mask.map((x) => (x - 0.7) / Math.sqrt(0.3 * 0.7));
    const [x, y] = [centred(first), centred(second)];
    const at = (i: number, j: number) => x[i * width + j]!;
    const products: Record<string, number[]> = {
      rows: [],
      columns: [],
      corners: [],
      layers: x.map((value, i) => value * y[Math.floor(i / width) * (y.length / rows) + (i % width)]!),
    };
    for (let i = 0; i + 1 < rows; i++) {
      for (let j = 0; j + 1 < width; j++) {
        products.rows!.push(at(i, j) * at(i, j + 1));
        products.columns!.push(at(i, j) * at(i + 1, j));
        products.corners!.push(at(i, j) * at(i, j + 1) * at(i + 1, j) * at(i + 1, j + 1));
      }
    }
    for (const [what, of] of Object.entries(products))
      assert.ok(Math.abs(mean(of)) < 4 / Math.sqrt(of.length), `${what}: ${mean(of)}`);
  });

  it("computes the same masks in the engine", async () => {
    const { values, feeds } = droppedOnes(37, 5);
    const executable = await engine.prepare({
      outputs: Object.fromEntries(values.map((value, i) => [`${i}`, value])),
      updates: new Map(),
    });
    const found = await executable.run(feeds);
    masks(37, 5).forEach((mask, i) => assert.deepEqual([...found[`${i}`]!.data], mask));
  });

  it("gives the adapter output computed by hand, and gradients that match finite differences", () => {
    const graph = new Graph();
    const layer = layers[0]!;
    const dropout = loraDropout(graph, config, 5)!;
    const x = graph.input("x", "float32", [5, layer.inputs]);
    const result = loraResult(graph, dropout.drop(x, layer), layer, lora, 2 * dropout.scale);
    const random = Random.seeded(4);
    const numbers = (count: number) => Array.from({ length: count }, () => random.normal());
    const [a, b] = [
      graph.state(`${layer.name}.lora_A.weight`, "float32", [2, layer.inputs]),
      graph.state(`${layer.name}.lora_B.weight`, "float32", [layer.outputs, 2]),
    ];
    const keys = Object.fromEntries(
      Object.entries(dropoutFeeds(config, 5, Random.seeded(6))).map(([name, data]) => [name, [...data]]),
    );
    const given = {
      x: numbers(5 * layer.inputs),
      [a.attributes.name]: numbers(2 * layer.inputs),
      [b.attributes.name]: numbers(2 * layer.outputs),
      ...keys,
    };

    const mask = masks(5, 6)[0]!;
    assert.ok(mask.includes(0));
    const [found] = evaluate([result], given);
    const read = given.x.map((value, i) => value * mask[i]! * dropout.scale);
    found!.forEach((value, at) => {
      const [row, out] = [Math.floor(at / layer.outputs), at % layer.outputs];
      const down = [0, 1].map((r) =>
        read
          .slice(row * layer.inputs, (row + 1) * layer.inputs)
          .reduce((sum, xj, j) => sum + xj * given[a.attributes.name]![r * layer.inputs + j]!, 0),
      );
      const expected =
        (lora.alpha / lora.rank) *
        down.reduce((sum, value, r) => sum + value * given[b.attributes.name]![out * 2 + r]!, 0);
      assert.ok(Math.abs(value - expected) <= 1e-6 * (1 + Math.abs(expected)));
    });
    checkGradients(weighted([result], "slopes"), [x, a, b], given);
  });

  it("adds nothing to the program of an adapter without dropout", () => {
    const undropped = { ...config, adapter: { ...lora, dropout: 0 } };
    const graph = new Graph();
    assert.equal(loraDropout(graph, undropped, 4), undefined);
    assert.equal(loraDropout(graph, tinyConfig, 4), undefined);
    assert.deepEqual(dropoutFeeds(undropped, 4, Random.seeded(1)), {});
    const x = graph.input("x", "float32", [4, layers[0]!.inputs]);
    const linear = (dropout?: ReturnType<typeof loraDropout>) =>
      stateWeights(graph, undropped, dropout).linear(x, layers[0]!.name);
    assert.equal(linear(loraDropout(graph, undropped, 4)), linear());
  });
});

describe("training with dropout", () => {
  const parameters = initialParameters(tinyConfig, Random.seeded(1));
  const pairs = randomSequences(6, Random.seeded(2)).map((chosen) => ({
    chosen,
    rejected: { ...chosen, response: chosen.response.toReversed() },
    referenceChosen: -40,
    referenceRejected: -41,
  }));
  const settings = { batchSize: 3, microBatchSize: 2, epochs: 2, learningRate: 1e-2 };

  async function trained(seed: number, dropout: number, { stopAt = Infinity, recompute = false } = {}) {
    const adapter = { ...lora, dropout };
    const model = await Policy.create(programs, { config: tinyConfig, parameters, tokenizer: byteTokenizer });
    let policy = await model.withAdapter(adapter, initialLora(tinyConfig, adapter, Random.seeded(3)));
    const begin = (from?: TrainerState) =>
      Trainer.begin(policy, preference(dpo({ beta: 0.1 })), pairs, { ...settings, recompute }, Random.seeded(seed), {
        from,
      });
    let training = await begin();
    const losses: number[] = [];
    for (;;) {
      for await (const { step, loss } of training.steps()) {
        losses.push(loss);
        if (step === stopAt) break;
      }
      if (losses.length === training.total) return { policy, losses, parameters: await policy.parameters() };
      policy = await model.withAdapter(adapter, await policy.parameters());
      training = await begin(await training.state());
    }
  }

  it("gives the same bytes with the same seed, also after resuming, and different bytes with another", async () => {
    const once = await trained(1, 0.3);
    for (const again of [await trained(1, 0.3), await trained(1, 0.3, { stopAt: 2 })]) {
      assert.deepEqual(again.losses, once.losses);
      assertSameTensors(again.parameters, once.parameters);
    }
    for (const other of [await trained(2, 0.3), await trained(1, 0)]) {
      assert.throws(() => assertSameTensors(other.parameters, once.parameters));
    }
  });

  it("drops the same elements if activations are recomputed", async () => {
    const [kept, recomputed] = [await trained(1, 0.3), await trained(1, 0.3, { recompute: true })];
    assert.deepEqual(recomputed.losses, kept.losses);
    assertSameTensors(recomputed.parameters, kept.parameters);
  });

  it("recomputes masks instead of keeping them if activations are recomputed", () => {
    const shape = { rows: 2, length: 8, responses: 2, completions: 6, sharesPrompts: false };
    const masksOf = (recompute: boolean) => {
      const { updates } = stepProgram(
        { config, objective: preference(dpo({ beta: 0.1 })), shape, slots: 1, recompute },
        defaultAdamW,
      );
      return topologicalOrder(updates.values()).filter(({ op, inputs }) => op === "less" && inputs[0]!.op === "sub")
        .length;
    };
    assert.equal(masksOf(false), layers.length);
    // The last layer's masks are used at once.
    assert.equal(masksOf(true), layers.length + (layers.length / tinyConfig.layers) * (tinyConfig.layers - 1));
  });

  it("drops different elements at each step, and none in evaluation and scoring", async () => {
    const { policy, parameters: matrices } = await trained(1, 0.3);
    const objective = preference(dpo({ beta: 0.1 }));
    const [pair] = pairs as [(typeof pairs)[number]];
    // The same pair at each step, with a negligible learning rate.
    const options = { batchSize: 1, epochs: 3, learningRate: 1e-30, evaluateEvery: 1 };
    const training = await Trainer.begin(policy, objective, [pair], options, Random.seeded(1), { validation: [pair] });
    const [losses, evaluated] = [new Set<number>(), new Set<number>()];
    for await (const { loss, eval_loss } of training.steps()) {
      losses.add(loss);
      evaluated.add(eval_loss!);
    }
    assert.deepEqual([losses.size, evaluated.size], [3, 1]);

    const scored = await responseLogProbs(policy, [pair.chosen]);
    const model = await Policy.create(programs, { config: tinyConfig, parameters, tokenizer: byteTokenizer });
    assert.deepEqual(
      scored,
      await responseLogProbs(await model.withAdapter({ ...lora, dropout: 0 }, matrices), [pair.chosen]),
    );
  });
});
