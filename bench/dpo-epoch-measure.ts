import { dpo } from "../src/align/losses/dpo.js";
import { preference } from "../src/align/preference.js";
import { Trainer } from "../src/align/trainer.js";
import { bytesIn } from "../src/base/byte-size.js";
import { Random } from "../src/base/random.js";
import { responseLogProbs } from "../src/model/scoring/score.js";
import { cachedPairLogProbs } from "../src/review/index.js";
import { pairSequences } from "../src/review/log-ratios.js";
import { peakBytes } from "./spent.js";
import { TrlTask } from "./trl-task.js";

/*
 * Measures an epoch of DPO in its own process, so that the memory is its own: scoring the pairs under the reference, then
 * every step.
 *
 * usage: node dist/bench/dpo-epoch-measure.js '{"folder": …}'
 */

export interface EpochWork {
  /** Folder of a {@link TrlTask}. */
  readonly folder: string;
  readonly batchSize: number;
  readonly beta: number;
  readonly learningRate: number;
  /** Default: if it is cheaper. */
  readonly sharePrompts?: boolean | undefined;
  /** Where the reference's log-probabilities are read from, or written to if missing. Default: they are computed. */
  readonly cache?: string | undefined;
  /** Default: three quarters of the free memory. */
  readonly memory?: string | undefined;
}

/** The cost of an epoch. */
export interface Epoch {
  readonly seconds: number;
  /** Over all cores; other work on the machine affects it less. */
  readonly processorSeconds: number;
  readonly peakBytes: number;
  /** Loss of the first step, before which the policy equals the reference: ln 2. */
  readonly firstLoss: number;
}

const { folder, batchSize, beta, learningRate, sharePrompts, cache, memory } = JSON.parse(
  process.argv[2]!,
) as EpochWork;
const task = await TrlTask.open(folder);
const { pairs } = task;
const { engine, policy } = await task.load(bytesIn(memory));
const [begin, before] = [performance.now(), process.cpuUsage()];
const sequences = pairSequences(pairs);
const reference =
  cache === undefined
    ? await responseLogProbs(policy, sequences, {}, sharePrompts)
    : (await cachedPairLogProbs(policy, JSON.stringify(await policy.fingerprint()), pairs, cache)).values;
const referenceOf = (i: number) =>
  "chosen" in reference ? [reference.chosen[i]!, reference.rejected[i]!] : [reference[2 * i]!, reference[2 * i + 1]!];
const examples = pairs.map((_, i) => {
  const [referenceChosen, referenceRejected] = referenceOf(i) as [number, number];
  return { chosen: sequences[2 * i]!, rejected: sequences[2 * i + 1]!, referenceChosen, referenceRejected };
});
const options = { batchSize, epochs: 1, learningRate, ...(sharePrompts !== undefined && { sharePrompts }) };
const training = await Trainer.begin(policy, preference(dpo({ beta })), examples, options, Random.seeded(1));
let firstLoss: number | undefined;
for await (const { loss } of training.steps()) firstLoss ??= loss;
const seconds = (performance.now() - begin) / 1000;
const { user, system } = process.cpuUsage(before);
await engine.close();
const found: Epoch = {
  seconds,
  processorSeconds: (user + system) / 1e6,
  peakBytes: peakBytes(),
  firstLoss: firstLoss!,
};
console.log(JSON.stringify(found));
