import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, describe, it } from "node:test";
import * as ort from "onnxruntime-node";
import { defaultAdamW } from "../../../src/align/adamw.js";
import { dpo } from "../../../src/align/losses/dpo.js";
import { preference } from "../../../src/align/preference.js";
import { accumulateProgram, applyProgram, stepProgram } from "../../../src/align/training-program.js";
import { Random } from "../../../src/base/random.js";
import type { Program } from "../../../src/engine/engine.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { lower } from "../../../src/engine/onnx/lower.js";
import { tryEngine } from "../../../src/engine/trial.js";
import { ProgramCache } from "../../../src/engine/program-cache.js";
import type { OpName } from "../../../src/graph/attributes.js";
import { add, Graph, logSoftmax, mul, sum, tensor, type Tensor } from "../../../src/graph/index.js";
import { definitions } from "../../../src/graph/ops/index.js";
import { fillProgram, growProgram, shrinkProgram, decodeProgram } from "../../../src/model/generation/cache.js";
import type { ModelConfig } from "../../../src/model/config.js";
import { generate } from "../../../src/model/generation/generate.js";
import { allLinear, initialLora } from "../../../src/model/parameters/lora/lora.js";
import { initialParameters, type Parameters } from "../../../src/model/parameters/parameters.js";
import { Policy } from "../../../src/model/policy/policy.js";
import { responseLogProbs } from "../../../src/model/scoring/score.js";
import { buildCase } from "../../graph/cases/case.js";
import { compositions } from "../../graph/cases/compositions.js";
import { far } from "../../graph/cases/far.js";
import { cases } from "../../graph/cases/index.js";
import { assertClose, relativeError } from "../../support/compare.js";
import { byteTokenizer, gpt2Config, gptNeoXConfig, randomSequences, tinyConfig } from "../../support/tiny-model.js";
import { checkCase, outputsOf, runOn } from "../../support/check-case.js";
import { dpoSteps } from "../../support/dpo-steps.js";

/*
 * Runs on a device, or on a driver that emulates one on the CPU (see scripts/webgpu-test.mjs). Node's
 * test runner gives each file its own process, so a driver that crashes it affects no other file.
 */

const trial = await tryEngine({ provider: "webgpu" });
const skip = "reason" in trial && `WebGPU does not run here: ${trial.reason}`;

/** Largest relative difference from the CPU. */
const tolerance = 1e-4;

const engine = new OnnxEngine({ provider: "webgpu" });
const cpu = new OnnxEngine({ threads: 1 });
after(() => Promise.all([engine.close(), cpu.close()]));
const programs = new ProgramCache(engine);
const onCpu = new ProgramCache(cpu);

const configs: readonly (readonly [string, ModelConfig])[] = [
  ["llama", tinyConfig],
  ["gpt_neox", gptNeoXConfig],
  ["gpt2", gpt2Config],
];
const objective = preference(dpo({ beta: 0.1 }));

describe("a device matches the reference", { skip }, () => {
  const run = runOn(engine);
  for (const op of Object.keys(definitions) as OpName[]) {
    it(op, async () => {
      for (const found of cases[op]) await checkCase(found, run);
    });
  }
  for (const found of [...compositions, ...far]) it(found.title, () => checkCase(found, run));
});

describe("every node has a kernel on the device", { skip }, () => {
  /** Fails if a node has no kernel there and would run on the CPU. */
  async function place(model: Uint8Array): Promise<void> {
    const onlyThere = { session: { disable_cpu_ep_fallback: "1" } };
    await (
      await ort.InferenceSession.create(model, {
        executionProviders: ["webgpu"],
        logSeverityLevel: 4,
        extra: onlyThere,
      })
    ).release();
  }

  it("unless the program is lowered for the CPU", async () => {
    const program = { outputs: { y: logSoftmax(new Graph().input("x", "float32", [2, 3])) }, updates: new Map() };
    await assert.rejects(place(lower(program, "cpu").model), /CPU/);
    await place(lower(program, "webgpu").model);
  });

  it("in the gradients of every op, except those on quantized weights, which run only on the CPU", async () => {
    const onCpuAlone: readonly string[] = ["matmulQuantized", "dequantize"] satisfies OpName[];
    const elsewhere = Object.entries(cases).filter(([op]) => !onCpuAlone.includes(op));
    for (const found of [...elsewhere.flatMap(([, of]) => of), ...compositions]) {
      const built = buildCase(found);
      if (built.differentiated.length === 0) continue;
      const [, ...slopes] = outputsOf(built);
      const program = { outputs: Object.fromEntries(slopes.map((value, i) => [`${i}`, value])), updates: new Map() };
      await assert.doesNotReject(place(lower(program, "webgpu").model), found.title);
    }
  });

  for (const [name, config] of configs) {
    const batch = { rows: 4, length: 12, responses: 4, completions: 20, sharesPrompts: false };
    const shared = { ...batch, rows: 2, sharesPrompts: true };
    const [larger, smaller] = [
      { rows: 4, capacity: 12 },
      { rows: 2, capacity: 12 },
    ];
    const all: Readonly<Record<string, () => Program>> = {
      "a training step": () => stepProgram({ config, objective, shape: batch, slots: 2 }, defaultAdamW),
      "a training step on shared prompts": () =>
        stepProgram({ config, objective, shape: shared, slots: 2 }, defaultAdamW),
      "a micro-batch": () => accumulateProgram({ config, objective, shape: batch, slots: 2 }),
      "the end of a step": () => applyProgram(config, defaultAdamW),
      "reading prompts": () => fillProgram(config, { ...larger, prompts: 2, promptLength: 5 }, "probabilities"),
      "writing a token": () => decodeProgram(config, larger, larger.capacity, "probabilities"),
      "growing the cache": () => growProgram(config, larger, { ...larger, capacity: 16 }),
      "dropping rows": () => shrinkProgram(config, larger, smaller),
    };
    for (const [what, program] of Object.entries(all))
      it(`in ${what} (${name})`, () => place(lower(program(), "webgpu").model));
  }
});

describe("a model on a device", { skip }, () => {
  const parametersOf = (config: ModelConfig) => initialParameters(config, Random.seeded(1));

  async function policyOn(where: ProgramCache, config: ModelConfig, rank?: number): Promise<Policy> {
    const base = await Policy.create(where, { config, parameters: parametersOf(config), tokenizer: byteTokenizer });
    if (rank === undefined) return base;
    const adapter = { rank, alpha: 2 * rank, targets: allLinear };
    return base.withAdapter(adapter, initialLora(config, adapter, Random.seeded(2)));
  }

  /** Runs DPO steps on some pairs and returns their records and the resulting parameters. */
  async function train(where: ProgramCache, config: ModelConfig, rank?: number, microBatchSize = 4) {
    const policy = await policyOn(where, config, rank);
    // A key bias does not change attention: its gradient is noise, which a smaller ε would turn into a full step.
    return dpoSteps(policy, 8, { microBatchSize, learningRate: 1e-3, adamW: { epsilon: 1e-3 } });
  }

  function assertCloseParameters(found: Parameters, expected: Parameters): void {
    assert.deepEqual([...found.keys()], [...expected.keys()]);
    for (const [name, { data }] of expected) {
      const error = relativeError(found.get(name)!.data, data);
      assert.ok(error <= tolerance, `${name}: ${error}`);
    }
  }

  for (const [name, config, rank, microBatchSize] of [
    ...configs.map(([name, config]) => [name, config] as const),
    ["llama with an adapter", tinyConfig, 2] as const,
    ["llama in micro-batches", tinyConfig, undefined, 2] as const,
  ]) {
    it(`is trained as on the CPU (${name})`, async () => {
      const [found, expected] = [
        await train(programs, config, rank, microBatchSize),
        await train(onCpu, config, rank, microBatchSize),
      ];
      for (const key of ["loss", "grad_norm", "logps/chosen", "rewards/margins"]) {
        const values = ({ records }: typeof found) => records.map((record) => record[key]!);
        assertClose(values(found), values(expected), tolerance, key);
      }
      assertCloseParameters(found.parameters, expected.parameters);
    });
  }

  it("is trained to the same bytes each time", async () => {
    const [first, second] = [await train(programs, tinyConfig), await train(programs, tinyConfig)];
    assert.deepEqual(second, first);
  });

  for (const [name, config] of configs) {
    it(`scores and generates as on the CPU (${name})`, async () => {
      const sequences = randomSequences(6, Random.seeded(5));
      const requests = sequences.map(({ prompt }, i) => ({ key: `${i}`, prompt, responses: 1 }));
      async function use(where: ProgramCache) {
        const policy = await policyOn(where, config);
        const tokens: number[][] = [];
        const options = { temperature: 0, maxNewTokens: 6, stopTokens: [], batchSize: 3 };
        for await (const batch of generate(policy, requests, Random.seeded(6), options))
          tokens.push(...batch.map(({ tokens }) => [...tokens]));
        return { scores: await responseLogProbs(policy, sequences), tokens };
      }
      const [found, expected] = [await use(programs), await use(onCpu)];
      assertClose(found.scores, expected.scores, tolerance, "log-probability");
      assert.deepEqual(found.tokens, expected.tokens);
    });
  }
});

describe("state on a device", { skip }, () => {
  const numbers = (...data: number[]) => tensor([data.length], Float32Array.from(data));
  const leaf = (graph: Graph, name: string, size: number) => graph.state(name, "float32", [size]);

  it("is read back unchanged for every type and shape", async () => {
    const tensors = new Map<string, Tensor>([
      ["floats", numbers(1.5, -2, 3)],
      ["scalar", tensor([], Float32Array.of(7))],
      ["empty", tensor([0, 2], new Float32Array(0))],
      ["integers", { dtype: "int32", shape: [1, 2], data: Int32Array.of(-1, 2 ** 31 - 1) }],
      ["flags", { dtype: "bool", shape: [5], data: Uint8Array.of(1, 0, 1, 1, 0) }],
    ]);
    const state = await engine.createState(tensors);
    assert.deepEqual(await state.read(), tensors);
    await state.free();
    await assert.rejects(state.read(), /this state has been freed/);
  });

  it("is read as it was before the run, even if two tensors are swapped", async () => {
    const graph = new Graph();
    const [a, b, c] = [leaf(graph, "a", 2), leaf(graph, "b", 2), leaf(graph, "c", 2)];
    const executable = await engine.prepare({
      outputs: { a },
      updates: new Map([
        ["a", b],
        ["b", a],
        ["c", add(mul(a, 10), c)],
      ]),
    });
    const state = await engine.createState([
      ["a", numbers(1, 2)],
      ["b", numbers(3, 4)],
      ["c", numbers(5, 6)],
    ]);
    assert.deepEqual((await executable.run({}, [state])).a, numbers(1, 2));
    assert.deepEqual(
      await state.read(),
      new Map([
        ["a", numbers(3, 4)],
        ["b", numbers(1, 2)],
        ["c", numbers(15, 26)],
      ]),
    );
    // What a program has written outlives the program.
    await executable.release();
    assert.deepEqual(await state.read(["c"]), new Map([["c", numbers(15, 26)]]));
  });

  it("is released when it is replaced, so that memory does not grow over 100 runs", async () => {
    const size = 1 << 20;
    const graph = new Graph();
    const w = leaf(graph, "w", size);
    const executable = await engine.prepare({ outputs: { total: sum(w) }, updates: new Map([["w", add(w, 1)]]) });
    const state = await engine.createState([["w", tensor([size], new Float32Array(size))]]);
    const runs = async (count: number) => {
      for (let i = 0; i < count; i++) await executable.run({}, [state]);
      return process.memoryUsage.rss();
    };
    // A driver on the CPU keeps its buffers in this process; for a device, only its bookkeeping is visible.
    const before = await runs(20);
    const grown = (await runs(100)) - before;
    assert.ok(
      grown < 25 * 4 * size,
      `${(grown / 2 ** 20).toFixed(0)} MiB more after 100 runs of ${(4 * size) / 2 ** 20} MiB`,
    );
    assert.equal((await state.read()).get("w")!.data[0], 120);
    await state.free();
  });
});

describe("a process with a device", { skip }, () => {
  const url = new URL("../../../src/", import.meta.url).href;
  const source = (then: string) => `
    import { OnnxEngine } from "${url}engine/onnx/engine.js";
    import { Graph, matmul, sum } from "${url}graph/index.js";
    const x = new Graph().input("x", "float32", [300, 300]);
    const { run } = await new OnnxEngine({ provider: "webgpu" }).prepare({ outputs: { y: sum(matmul(matmul(x, x), x)) }, updates: new Map() });
    run({ x: new Float32Array(300 * 300) }).then(({ y }) => console.log(y.data[0]));
    ${then}`;
  const child = (then: string) =>
    new Promise<{ code: unknown; stdout: string }>((resolve) => {
      execFile(
        process.execPath,
        ["--input-type=module", "--eval", source(then)],
        { timeout: 60_000 },
        (error, stdout) => resolve({ code: error?.code ?? 0, stdout }),
      );
    });

  it("ends when it is done, or on process.exit during a run", async () => {
    assert.deepEqual(await child(""), { code: 0, stdout: "0\n" });
    assert.equal((await child("setTimeout(() => process.exit(3), 30)")).code, 3);
  });
});
