import { readFileSync } from "node:fs";
import {
  lossNamed,
  losses,
  type LossChoice,
  type LossName,
  type LossSettings,
  type PairLogProbs,
  type PreferenceLoss,
} from "../../src/align/losses/index.js";
import { logRatio, meanLogProb, type ImplicitReward } from "../../src/align/losses/reward.js";
import type { Metrics } from "../../src/align/objective.js";
import { builtColumns } from "../../src/align/pair-columns.js";
import { preference } from "../../src/align/preference.js";
import type { Engine } from "../../src/engine/engine.js";
import { gradients, Graph, mul, sum, tensor, type Value } from "../../src/graph/index.js";
import { sizeOf } from "../../src/graph/tensor.js";
import { evaluate } from "./reference.js";

/** The numbers of some pairs, one per pair. Lengths default to 1. */
export interface PairNumbers {
  readonly policyChosen: readonly number[];
  readonly policyRejected: readonly number[];
  readonly referenceChosen: readonly number[];
  readonly referenceRejected: readonly number[];
  readonly chosenLength?: readonly number[];
  readonly rejectedLength?: readonly number[];
  /** Weight of each pair before the mean over the step. Default: 1. */
  readonly weight?: readonly number[];
  /** Columns that the loss reads, by name. */
  readonly columns?: Readonly<Record<string, readonly number[]>>;
}

/** The mean loss of a step, and its gradient with respect to each pair's log-probabilities under the policy. */
export interface LossAndSlopes {
  readonly loss: number;
  readonly gradientChosen: readonly number[];
  readonly gradientRejected: readonly number[];
}

const columns = [
  "policyChosen",
  "policyRejected",
  "referenceChosen",
  "referenceRejected",
  "chosenLength",
  "rejectedLength",
  "pairWeight",
] as const;

/** A loss as a graph: its leaves are named as in {@link PairLogProbs}. */
function lossGraph(loss: PreferenceLoss, slots: number, given: readonly string[]) {
  const graph = new Graph();
  const leaf = (name: string) => graph.input(name, "float32", [slots]);
  const leaves = Object.fromEntries(columns.map((name) => [name, leaf(name)])) as Record<
    (typeof columns)[number],
    Value
  >;
  const logProbs: PairLogProbs = {
    ...leaves,
    meanChosenLength: graph.input("meanChosenLength", "float32", []),
    columns: Object.fromEntries(builtColumns(loss, given).map((name) => [name, leaf(name)])),
    get tokens(): never {
      throw new Error("a loss of single tokens cannot be had from sums");
    },
  };
  const total = sum(mul(loss.perPair(logProbs), logProbs.pairWeight));
  const [gradientChosen, gradientRejected] = gradients(total, [logProbs.policyChosen, logProbs.policyRejected]) as [
    Value,
    Value,
  ];
  return {
    outputs: { loss: total, gradientChosen, gradientRejected },
    running: loss.running?.update(logProbs) ?? new Map<string, Value>(),
  };
}

function lossFeeds(numbers: PairNumbers, slots: number, step: number): Record<string, number[]> {
  const pairs = numbers.policyChosen.length;
  const ones = numbers.policyChosen.map(() => 1);
  const { chosenLength = ones, rejectedLength = ones, weight = ones, columns: given = {} } = numbers;
  const padded = (values: readonly number[], padding: number) => [
    ...values,
    ...new Array<number>(slots - pairs).fill(padding),
  ];
  return {
    policyChosen: padded(numbers.policyChosen, 0),
    policyRejected: padded(numbers.policyRejected, 0),
    referenceChosen: padded(numbers.referenceChosen, 0),
    referenceRejected: padded(numbers.referenceRejected, 0),
    chosenLength: padded(chosenLength, 1),
    rejectedLength: padded(rejectedLength, 1),
    pairWeight: padded(
      weight.map((value) => value / step),
      0,
    ),
    ...Object.fromEntries(Object.entries(given).map(([name, values]) => [name, padded(values, values[0]!)])),
    meanChosenLength: [chosenLength.reduce((a, b) => a + b) / pairs],
  };
}

/**
 * Computes a loss on an engine, in float32, for the first step of a training.
 *
 * @param padding number of slots without a pair
 * @param step number of pairs in the step, if these are only some of them. Default: all of these
 */
export async function lossOn(
  engine: Engine,
  loss: PreferenceLoss,
  numbers: PairNumbers,
  padding = 0,
  step = numbers.policyChosen.length,
): Promise<LossAndSlopes> {
  const [found] = await lossOverSteps(engine, loss, [numbers], numbers.policyChosen.length + padding, step);
  return found!;
}

/**
 * Computes a loss on an engine, in float32, for the first steps of a training, with the state it keeps between steps.
 *
 * @param slots number of slots of each step, for its pairs and padding
 * @param size number of pairs in a step, if these are only some of them. Default: all of these
 */
export async function lossOverSteps(
  engine: Engine,
  loss: PreferenceLoss,
  steps: readonly PairNumbers[],
  slots: number,
  size?: number,
): Promise<LossAndSlopes[]> {
  const { outputs, running } = lossGraph(loss, slots, Object.keys(steps[0]!.columns ?? {}));
  const state = await engine.createState(runningZeros(loss));
  const executable = await engine.prepare({ outputs, updates: running });
  const all: LossAndSlopes[] = [];
  for (const numbers of steps) {
    const pairs = numbers.policyChosen.length;
    const feeds = Object.entries(lossFeeds(numbers, slots, size ?? pairs)).map(([name, values]) => [
      name,
      Float32Array.from(values),
    ]);
    const found = await executable.run(Object.fromEntries(feeds), [state]);
    const column = (name: keyof typeof outputs) => [...found[name]!.data.subarray(0, pairs)];
    all.push({
      loss: found.loss!.data[0]!,
      gradientChosen: column("gradientChosen"),
      gradientRejected: column("gradientRejected"),
    });
  }
  await executable.release();
  await state.free();
  return all;
}

/** The initial values of the state that a loss keeps between steps. */
export function runningZeros({ running }: PreferenceLoss) {
  return (running?.names ?? []).map((name) => {
    const shape = running?.shapes?.[name] ?? [];
    return [name, tensor(shape, new Float32Array(sizeOf(shape)))] as const;
  });
}

/** Computes a loss in float64, by the reference, for the first step of a training. */
export function lossByMeaning(loss: PreferenceLoss, numbers: PairNumbers): LossAndSlopes {
  const { outputs } = lossGraph(loss, numbers.policyChosen.length, Object.keys(numbers.columns ?? {}));
  const states = Object.fromEntries(runningZeros(loss).map(([name, { data }]) => [name, [...data]]));
  const pairs = numbers.policyChosen.length;
  const feeds = { ...lossFeeds(numbers, pairs, pairs), ...states };
  const [[total], gradientChosen, gradientRejected] = evaluate(Object.values(outputs), feeds) as [
    [number],
    number[],
    number[],
  ];
  return { loss: total, gradientChosen, gradientRejected };
}

/** A step of a loss as Python computed it; null if its formula overflows. See `test/fixtures/losses/make.py`. */
export interface LossFixture {
  readonly loss: LossChoice;
  readonly settings: LossSettings;
  /** The project that the formula's code is from. */
  readonly source: string;
  readonly numbers: PairNumbers & {
    readonly chosenLength: readonly number[];
    readonly rejectedLength: readonly number[];
  };
  readonly extreme: boolean;
  readonly value: number | null;
  readonly gradientChosen: readonly (number | null)[];
  readonly gradientRejected: readonly (number | null)[];
  /** TRL's metrics by name. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** Every step that Python computed. */
export function lossFixtures(): readonly LossFixture[] {
  return (JSON.parse(readFileSync("test/fixtures/losses/losses.json", "utf8")) as { cases: LossFixture[] }).cases;
}

/** What TRL logs as rewards, divided by β: the log-ratio for all losses of its DPOTrainer, l̄ for those without a reference. */
export const trlReward = ({ loss }: LossFixture): ImplicitReward =>
  loss === "simpo" || loss === "orpo" ? meanLogProb : logRatio;

/** Our metrics of a fixture, if its loss had the reward that TRL logs. */
export function metricsWithTrlReward(fixture: LossFixture): Metrics {
  const { numbers } = fixture;
  const response = (length: number) => ({ prompt: new Int32Array(1), response: new Int32Array(length) });
  const pairs = numbers.chosenLength.map((length, i) => ({
    chosen: response(length),
    rejected: response(numbers.rejectedLength[i]!),
    referenceChosen: numbers.referenceChosen[i]!,
    referenceRejected: numbers.referenceRejected[i]!,
  }));
  const fetched = {
    policyChosen: Float64Array.from(numbers.policyChosen),
    policyRejected: Float64Array.from(numbers.policyRejected),
  };
  return preference({ ...lossOf(fixture), reward: trlReward(fixture) }).metrics(pairs, fetched);
}

/** The loss of a fixture. */
export const lossOf = ({ loss, settings }: LossFixture): PreferenceLoss => lossNamed(loss, settings);

/** The losses that read only the log-probabilities and lengths of pairs. */
export const plainLossNames = (Object.keys(losses) as LossName[]).filter((name) => {
  const { columns = {}, tokens = {} } = losses[name]({ beta: 1 });
  return ![columns, tokens.columns ?? {}]
    .flatMap((read) => Object.values(read))
    .some((column) => column.default === undefined && !column.optional);
});
