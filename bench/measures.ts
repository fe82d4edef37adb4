import { defaultAdamW, momentNames, stepSizes } from "../src/align/adamw.js";
import { supervised } from "../src/align/sft.js";
import { gradientName, stepProgram } from "../src/align/training-program.js";
import { Random } from "../src/base/random.js";
import type { Engine, Feeds, Program } from "../src/engine/engine.js";
import { ProgramCache } from "../src/engine/program-cache.js";
import { gradients, Graph, matmul, neg, sizeOf, sum, tensor, type Shape, type Value } from "../src/graph/index.js";
import type { ModelConfig } from "../src/model/config.js";
import { generate } from "../src/model/generation/generate.js";
import { stateWeights } from "../src/model/parameters/network.js";
import { initialParameters, parameterShapes } from "../src/model/parameters/parameters.js";
import { Policy } from "../src/model/policy/policy.js";
import { batchLeaves, weightedTokenLogProbs, type BatchShape } from "../src/model/scoring/log-probs.js";
import { responseLogProbs } from "../src/model/scoring/score.js";
import { trainTokenizer } from "../src/model/tokenizer/train-tokenizer.js";
import { sample, type Timing } from "./samples.js";
import type { BenchSize } from "./sizes.js";

/*
 * The same work as in bench/python/bench_torch.py, on one of our engines: all rows are full, and every
 * position has a target.
 */

/** The result of a measure; rates of matrix products are in GFLOPS. */
export type Measured =
  | (Timing & { readonly tokens: number })
  | { readonly square: number; readonly feedForward: number };

const decoding = { promptTokens: 32, newTokens: 64 };
const random = Random.seeded(1);

type Measure = (size: BenchSize, engine: Engine) => Promise<Measured>;

/** Each piece of work that can be measured, by the name that both sides use. */
export const measures: Readonly<Record<string, Measure>> = {
  matmul: matmulRates,
  forward: (size, engine) => timeProgram(size, engine, ({ loss }) => ({ outputs: { loss }, updates: new Map() })),
  "forward-backward": (size, engine) =>
    timeProgram(
      size,
      engine,
      ({ loss, parameters }) => {
        const slopes = gradients(loss, parameters);
        const names = parameters.map(({ attributes }) => gradientName(attributes.name));
        return { outputs: { loss }, updates: new Map(names.map((name, i) => [name, slopes[i]!])) };
      },
      gradientName,
    ),
  step,
  score,
  ...decodings("decode", 0),
  ...decodings("sample", 1),
};

function createPolicy(engine: Engine, config: ModelConfig): Promise<Policy> {
  return Policy.create(new ProgramCache(engine), {
    config,
    parameters: initialParameters(config, random),
    tokenizer: trainTokenizer([]),
  });
}

function randomTokens(count: number, { vocabSize }: ModelConfig): Int32Array {
  return Int32Array.from({ length: count }, () => random.integer(vocabSize));
}

function fullShape({ batch, length }: BenchSize): BatchShape {
  return { rows: batch, length, responses: batch, completions: batch * length, sharesPrompts: false };
}

/** Rows in which every token has a target. */
function fullBatch({ config, batch, length }: BenchSize): Feeds {
  const tokens = randomTokens(batch * length, config);
  return {
    tokens,
    position: Int32Array.from(tokens.keys()),
    target: randomTokens(batch * length, config),
    response: Int32Array.from(tokens.keys(), (i) => Math.floor(i / length)),
    weight: new Float32Array(batch * length).fill(1 / (batch * length)),
  };
}

/** State besides the parameters: zeros of each parameter's shape under other names. */
function zeros(config: ModelConfig, ...names: readonly ((parameter: string) => string)[]) {
  return [...parameterShapes(config)].flatMap(([name, shape]) =>
    names.map((nameOf) => [nameOf(name), tensor(shape, new Float32Array(sizeOf(shape)))] as const),
  );
}

async function timeProgram(
  size: BenchSize,
  engine: Engine,
  build: (parts: { loss: Value; parameters: Value<"state">[] }) => Program,
  ...kept: readonly ((parameter: string) => string)[]
): Promise<Measured> {
  const { config } = size;
  const policy = await createPolicy(engine, config);
  const graph = new Graph();
  const loss = neg(
    sum(weightedTokenLogProbs(config, stateWeights(graph, config), batchLeaves(graph, fullShape(size)))),
  );
  const parameters = [...parameterShapes(config)].map(([name, shape]) => graph.state(name, "float32", shape));
  const executable = await engine.prepare(build({ loss, parameters }));
  const states = [...policy.states, await engine.createState(zeros(config, ...kept))];
  const feeds = fullBatch(size);
  return { ...(await sample(() => executable.run(feeds, states))), tokens: size.batch * size.length };
}

async function step(size: BenchSize, engine: Engine): Promise<Measured> {
  const { config, batch, length } = size;
  const policy = await createPolicy(engine, config);
  const adamW = { ...defaultAdamW, weightDecay: 0.01 };
  const executable = await engine.prepare(
    stepProgram({ config, objective: supervised, shape: fullShape(size), slots: batch }, adamW),
  );
  const moments = zeros(
    config,
    (name) => momentNames(name).mean,
    (name) => momentNames(name).square,
  );
  const states = [...policy.states, await engine.createState(moments)];
  const feeds = fullBatch(size);
  let steps = 0;
  const timing = await sample(() => executable.run({ ...feeds, ...stepSizes(adamW, 1e-5, ++steps) }, states));
  return { ...timing, tokens: batch * length };
}

async function score({ config, batch, length }: BenchSize, engine: Engine): Promise<Measured> {
  const policy = await createPolicy(engine, config);
  const sequences = Array.from({ length: batch }, () => ({
    prompt: randomTokens(1, config),
    response: randomTokens(length, config),
  }));
  return { ...(await sample(() => responseLogProbs(policy, sequences))), tokens: batch * length };
}

function decodings(name: string, temperature: number): Record<string, Measure> {
  return Object.fromEntries(
    [1, 16, 64].map((rows) => [`${name}-${rows}`, (size, engine) => decode(size, engine, rows, temperature)]),
  );
}

async function decode({ config }: BenchSize, engine: Engine, rows: number, temperature: number): Promise<Measured> {
  const { promptTokens, newTokens } = decoding;
  const policy = await createPolicy(engine, config);
  const requests = Array.from({ length: rows }, (_, i) => ({
    key: `${i}`,
    prompt: randomTokens(promptTokens, config),
    responses: 1,
  }));
  const options = { temperature, maxNewTokens: newTokens, stopTokens: [] };
  const work = async () => {
    for await (const batch of generate(policy, requests, random, options)) {
      if (batch.some(({ tokens }) => tokens.length !== newTokens))
        throw new Error("a response is shorter than asked for");
    }
  };
  return { ...(await sample(work)), tokens: rows * newTokens };
}

/** The machine's rate: 1024 × 1024 × 1024, and the feed-forward's products at this size. */
async function matmulRates({ config, batch, length }: BenchSize, engine: Engine): Promise<Measured> {
  return {
    square: await matmulRate(engine, 1024, 1024, 1024),
    feedForward: await matmulRate(engine, batch * length, config.hiddenSize, config.intermediateSize),
  };
}

/** GFLOPS of [m, k] × [k, n] and [m, n] × [n, k] in turn, so that nothing else is computed in between. */
async function matmulRate(engine: Engine, m: number, k: number, n: number): Promise<number> {
  const rounds = 4;
  const graph = new Graph();
  const shapes: Readonly<Record<string, Shape>> = { x: [m, k], up: [k, n], down: [n, k] };
  const [x, up, down] = Object.entries(shapes).map(([name, shape]) => graph.state(name, "float32", shape));
  let y: Value = x!;
  for (let i = 0; i < rounds; i++) y = matmul(matmul(y, up!), down!);
  const executable = await engine.prepare({ outputs: { y: sum(y) }, updates: new Map() });
  const state = await engine.createState(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      tensor(
        shape,
        Float32Array.from({ length: sizeOf(shape) }, () => 0.03 * random.normal()),
      ),
    ]),
  );
  const { milliseconds } = await sample(() => executable.run({}, [state]), 1.5);
  return (rounds * 4 * m * k * n) / milliseconds / 1e6;
}
