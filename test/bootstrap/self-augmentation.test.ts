import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { join } from "node:path";
import type { ExampleSourceOf } from "../../src/align/example-source.js";
import { dpo } from "../../src/align/losses/dpo.js";
import { preference, type ReferencedPair } from "../../src/align/preference.js";
import type { ReferenceUpdate } from "../../src/align/moving-reference.js";
import { Trainer, type StepRecord, type TrainerState, type TrainingOptions } from "../../src/align/trainer.js";
import { readCheckpoint, writeCheckpoint } from "../../src/align/trainer-checkpoint.js";
import { Random } from "../../src/base/random.js";
import { longestRewritten, selfAugmentation, type SelfAugmentationSettings } from "../../src/bootstrap/index.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { generate } from "../../src/model/generation/generate.js";
import type { Parameters } from "../../src/model/parameters/parameters.js";
import type { Policy } from "../../src/model/policy/policy.js";
import { responseLogProbs } from "../../src/model/scoring/score.js";
import { assertClose, assertSameTensors } from "../support/compare.js";
import { emptyFolder } from "../support/folder.js";
import { randomTokens, tinyPolicy } from "../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

const beta = 0.4;
const settings: SelfAugmentationSettings = {
  ...{
    segment: 4,
    whole: false,
    bufferSize: 12,
    averageDecay: 0.75,
    averageEvery: 1,
    referenceFollows: "average",
    samplingBatchSize: 8,
  },
  sampling: { temperature: 1, topK: 0, topP: 1 },
};
const training: TrainingOptions = {
  batchSize: 4,
  epochs: 2,
  learningRate: 1e-2,
  schedule: "constant",
  referenceUpdate: { everySteps: 2 },
};

/** Chosen responses of 9 to 14 tokens, with stand-ins as long as the longest rewritten response. */
function standIns(own: SelfAugmentationSettings, count = 8): ReferencedPair[] {
  const random = Random.seeded(4);
  return Array.from({ length: count }, (_, i) => {
    const [prompt, response] = [randomTokens(3 + (i % 4), random), randomTokens(9 + (i % 6), random)];
    return {
      chosen: { prompt, response },
      rejected: { prompt, response: new Int32Array(longestRewritten(response.length, own)) },
    };
  });
}

/** Begins a training and records the pairs of each step. */
async function begin(
  changed: Partial<SelfAugmentationSettings> = {},
  options: Partial<TrainingOptions> = {},
  { from, parameters, afterNext }: Resumed = {},
) {
  const own = { ...settings, ...changed };
  const policy = await tinyPolicy(programs);
  if (parameters) await policy.replace(parameters);
  const given: (readonly ReferencedPair[])[] = [];
  const source: ExampleSourceOf<ReferencedPair> = async (...args) => {
    const made = await selfAugmentation(own)(...args);
    const next = made.next.bind(made);
    made.next = async (step, ...rest) => {
      const pairs = await next(step, ...rest);
      given.push(pairs);
      afterNext?.(step);
      return pairs;
    };
    return made;
  };
  const trainer = await Trainer.begin(
    policy,
    preference(dpo({ beta })),
    standIns(own),
    { ...training, ...options },
    Random.seeded(5),
    { from, source },
  );
  return { policy, trainer, given };
}

interface Resumed {
  readonly from?: TrainerState;
  readonly parameters?: Parameters;
  /** Called when the pairs of a step have been generated. */
  readonly afterNext?: (step: number) => void;
}

async function taken(trainer: Trainer<ReferencedPair>, signal?: AbortSignal): Promise<StepRecord[]> {
  const records: StepRecord[] = [];
  for await (const record of trainer.steps(signal)) records.push(record);
  return records;
}

const average = ({ source }: { readonly source?: Parameters | undefined }) =>
  new Map(
    [...source!].filter(([name]) => name.startsWith("average/")).map(([name, values]) => [name.slice(8), values]),
  );
const sorted = (parameters: Parameters) => new Map([...parameters].sort(([a], [b]) => (a < b ? -1 : 1)));
const numbers = (parameters: Parameters) => [...sorted(parameters)].flatMap(([, { data }]) => [...data]);

/** Computes the loss of pairs by the definition of DPO. */
async function byHand(pairs: readonly ReferencedPair[], policy: Policy, reference: Parameters) {
  const sequences = pairs.flatMap(({ chosen, rejected }) => [chosen, rejected]);
  const own = await responseLogProbs(policy, sequences);
  const under = await policy.withParameters(reference);
  const ref = await responseLogProbs(under, sequences);
  await under.free();
  const losses = pairs.map((_, i) =>
    Math.log1p(Math.exp(-beta * (own[2 * i]! - ref[2 * i]! - own[2 * i + 1]! + ref[2 * i + 1]!))),
  );
  return losses.reduce((a, b) => a + b, 0) / losses.length;
}

describe("selfAugmentation", () => {
  for (const [follows, update] of [
    ["average", { everySteps: 2 }],
    ["policy", { everySteps: 2 }],
    ["average", "fixed"],
  ] as readonly (readonly ["average" | "policy", ReferenceUpdate])[]) {
    it(`trains by DPO on what it generates, under a reference that ${update === "fixed" ? "stays" : `becomes the ${follows}`}, and keeps the average as defined`, async () => {
      const { policy, trainer, given } = await begin({ referenceFollows: follows }, { referenceUpdate: update });
      const begun = numbers(await policy.parameters());
      let reference = await policy.parameters();
      let expected = begun;
      let loss = 0;
      const steps = trainer.steps();
      for (let step = 1; step <= 4; step++) {
        const before = await policy.withParameters(await policy.parameters());
        const { loss: found } = (await steps.next()).value as StepRecord;
        loss = await byHand(given[step - 1]!, before, reference);
        assertClose([found], [loss], 1e-5, `loss of step ${step}`);
        await before.free();
        const now = numbers(await policy.parameters());
        expected = expected.map((value, i) => 0.75 * value + 0.25 * now[i]!);
        const state = await trainer.state();
        assertClose(numbers(average(state)), expected, 1e-6, `average after step ${step}`);
        if (update !== "fixed" && step % 2 === 0)
          reference = follows === "average" ? average(state) : await policy.parameters();
      }
      assert.ok(Math.abs(loss - Math.log(2)) > 1e-3);
      await trainer.end();
    });
  }

  it("rewrites segments of the chosen responses for the first step's rejected responses", async () => {
    const { trainer, given } = await begin();
    const [record] = await taken(trainer);
    const data = standIns(settings);
    for (const { chosen, rejected } of given[0]!) {
      const own = data.find(({ chosen: { response } }) => response.join() === chosen.response.join());
      assert.ok(own && own.chosen.prompt.join() === rejected.prompt.join());
      const [a, b] = [chosen.response, rejected.response];
      assert.notEqual(a.join(), b.join());
      const differing = [...a.keys()].filter((i) => i < b.length && a[i] !== b[i]);
      assert.ok(differing.at(-1)! - differing[0]! < 4, "within four tokens");
      if (b.length === a.length) assert.equal(a.subarray(-3).join(), b.subarray(-3).join());
    }
    assert.equal(record!["augmentation/new"]! + record!["augmentation/unchanged"]!, 4);
    assert.equal(record!["augmentation/buffer"], record!["augmentation/new"]);
    await trainer.end();
  });

  it("generates the same responses for any sampling batch size", async () => {
    const made = async (samplingBatchSize: number) => {
      const { trainer, given } = await begin({ samplingBatchSize });
      await taken(trainer);
      await trainer.end();
      return given.flat().map(({ rejected }) => rejected.response.join());
    };
    assert.deepEqual(await made(1), await made(8));
  });

  it("resumes from a checkpoint between two steps, or within one, with the same bytes", async (test) => {
    const options = { microBatchSize: 2 };
    const whole = await begin({}, options);
    const records = await taken(whole.trainer);
    for (const within of [false, true]) {
      const abort = new AbortController();
      const stop = () => abort.abort(new Error("stopped"));
      const first = await begin({}, options, { afterNext: (step) => void (within && step === 3 && stop()) });
      const before: StepRecord[] = [];
      const run = async () => {
        for await (const record of first.trainer.steps(abort.signal)) if (before.push(record) === 2 && !within) stop();
      };
      await assert.rejects(run(), { message: "stopped" });
      assert.equal(first.given.length, within ? 3 : 2);
      const file = join(emptyFolder(test), "checkpoint.safetensors");
      await writeCheckpoint(file, first.policy, await first.trainer.state());
      const { state, parameters } = await readCheckpoint(file);
      const again = await begin({}, options, { from: state, parameters });
      assert.deepEqual([...before, ...(await taken(again.trainer))], records);
      assertSameTensors(sorted(await again.policy.parameters()), sorted(await whole.policy.parameters()));
      assertSameTensors(sorted((await again.trainer.state()).source!), sorted((await whole.trainer.state()).source!));
      for (const each of [first, again]) await each.trainer.end();
    }
    await whole.trainer.end();
  });

  it("refuses token columns, and throws an InputError if every response is rewritten unchanged", async () => {
    const policy = await tinyPolicy(programs);
    const weighed = standIns(settings).map((pair) => ({ ...pair, tokens: { chosen: {}, rejected: {} } }));
    const source = selfAugmentation(settings);
    const random = Random.seeded(5);
    await assert.rejects(Trainer.begin(policy, preference(dpo({ beta })), weighed, training, random, { source }), {
      name: "InputError",
      message: /^columns: numbers of single tokens/,
    });

    // Chosen responses that the model itself would write.
    const sampling = { temperature: 0, topK: 0, topP: 1 };
    const data = standIns(settings, 4);
    const written: ReferencedPair[] = [];
    for await (const batch of generate(
      policy,
      data.map(({ chosen: { prompt } }, i) => ({ key: `${i}`, prompt, responses: 1 })),
      random,
      { ...sampling, maxNewTokens: 6 },
    )) {
      for (const { request, tokens: response } of batch)
        written.push({
          chosen: { ...data[request]!.chosen, response },
          rejected: { ...data[request]!.chosen, response: new Int32Array(6) },
        });
    }
    const same = selfAugmentation({ ...settings, segment: 6, whole: true, sampling });
    const trainer = await Trainer.begin(policy, preference(dpo({ beta })), written, training, random, { source: same });
    await assert.rejects(trainer.steps().next(), {
      name: "InputError",
      message: /^step 1: each of the 4 responses was rewritten as it was/,
    });
    await trainer.end();
  });
});
