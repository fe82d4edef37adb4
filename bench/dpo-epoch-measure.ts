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
 * An epoch of DPO in a process of its own, so that its memory is its own: what the reference says of the pairs, and then every step.
 *
 * usage: node dist/bench/dpo-epoch-measure.js '{"folder": …}'
 */

export interface EpochWork {
  /** Of a {@link TrlTask}. */
  readonly folder: string;
  readonly batchSize: number;
  readonly beta: number;
  readonly learningRate: number;
  /** Default: where it is cheaper. */
  readonly sharePrompts?: boolean | undefined;
  /** Where the reference's log-probabilities are read, and written if they are not there. Default: they are computed. */
  readonly cache?: string | undefined;
  /** Default: three quarters of what is free. */
  readonly memory?: string | undefined;
}

/** What an epoch took. */
export interface Epoch {
  readonly seconds: number;
  /** Of all cores, which other work on the machine disturbs less. */
  readonly processorSeconds: number;
  readonly peakBytes: number;
  /** Of the first step, before which the policy is the reference: ln 2. */
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
