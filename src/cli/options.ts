import { InvalidArgumentError, type Command } from "commander";
import { bestMetrics } from "../align/best.js";
import { losses, type LossChoice, type LossName } from "../align/losses/index.js";
import { schedules } from "../align/schedule.js";
import { pairings } from "../bootstrap/index.js";
import { engineNames, type EngineName, type EngineOptions } from "../engine/create-engine.js";
import { providerChoices } from "../engine/onnx/providers.js";
import { backendNames } from "../engine/tfjs/backend-names.js";
import { selectionRules } from "../review/index.js";
import { references } from "../run/options.js";
import { defaultSera, labellers } from "../sera-options.js";

const { training, sft, generation } = defaultSera;

/** A number as typed; what range it may have is checked where it is used. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError(`found "${text}", expected a number.`);
  return value;
}

/** A whole number from `least`, as typed. */
export function whole(least: number): (text: string) => number {
  return (text) => {
    const value = number(text);
    if (!Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`found "${text}", expected a whole number from ${least}.`);
    }
    return value;
  };
}

/** A share in [0, 1], as typed. */
export function share(text: string): number {
  const value = number(text);
  if (value < 0 || value > 1) throw new InvalidArgumentError(`found "${text}", expected a share in [0, 1].`);
  return value;
}

function oneOf<T extends string>(...names: readonly T[]): (text: string) => T {
  return (text) => {
    if (!names.includes(text as T)) throw new InvalidArgumentError(`found "${text}", expected one of ${names.join(", ")}.`);
    return text as T;
  };
}

function penalty(text: string): number | "auto" {
  return text === "auto" ? text : number(text);
}

const names = <Name extends string>(table: Readonly<Record<Name, unknown>>) => Object.keys(table) as Name[];

const lossNames = Object.keys(losses);

/** A loss as typed: its name, or names with weights, `dpo=0.8,nll=0.2`. */
export function lossChoice(text: string): LossChoice {
  if (lossNames.includes(text)) return text;
  const terms = text.split(",").map((term) => term.split("="));
  const isGood = terms.every(([name, weight, ...more]) => lossNames.includes(name!) && weight !== undefined && more.length === 0);
  if (!isGood) throw new InvalidArgumentError(`found "${text}", expected one of ${lossNames.join(", ")}, or some with their weights as in dpo=0.8,nll=0.2.`);
  if (new Set(terms.map(([name]) => name)).size < terms.length) throw new InvalidArgumentError(`found a loss twice in "${text}", expected each once.`);
  return Object.fromEntries(terms.map(([name, weight]) => [name as LossName, number(weight!)]));
}

/** Options of every verb that runs a model. */
export interface EngineArguments extends EngineOptions {
  readonly engine: EngineName;
  readonly quiet: boolean;
}

export function engineOptions(command: Command): Command {
  return command
    .option("--engine <name>", `what runs the model: ${engineNames.join(", ")}`, oneOf(...engineNames), "onnx")
    .option("--provider <name>", `where onnx runs: ${providerChoices.join(", ")} (default: "cpu")`, oneOf(...providerChoices))
    .option("--threads <n>", "threads of one op of onnx; 0, the default, is one for each physical core, or for each that the process may use where those are fewer", whole(0))
    .option("--backend <name>", `where tfjs runs: ${backendNames.join(", ")} (default: the best that works)`, oneOf(...backendNames))
    .option("--quiet", "show no progress", false);
}

/** Options of every verb that reads examples. */
export interface DataArguments {
  readonly limit?: number;
  readonly skipBadRows: boolean;
  readonly truncatePrompts: boolean;
}

export function dataOptions(command: Command): Command {
  return command
    .option("--limit <n>", "use the first n rows only", whole(1))
    .option("--skip-bad-rows", "leave bad rows out, counted, instead of stopping at the first", false)
    .option("--truncate-prompts", "keep the ends of prompts that do not fit the context, counted, instead of stopping", false);
}

/** Options of the SFT start. */
export interface SftArguments {
  readonly sftEpochs: number;
  readonly sftLearningRate: number;
  readonly sftBatchSize: number;
}

export function sftOptions(command: Command): Command {
  return command
    .option("--sft-epochs <n>", "SFT: epochs", whole(1), sft.epochs)
    .option("--sft-learning-rate <rate>", "SFT: peak of the learning rate", number, sft.learningRate)
    .option("--sft-batch-size <n>", "SFT: examples of a step", whole(1), sft.batchSize);
}

export function alignOptions(command: Command): Command {
  return command
    .option("--loss <name>", `direct alignment loss, or several with their weights, dpo=0.8,nll=0.2: ${lossNames.join(", ")}`, lossChoice, defaultSera.loss)
    .option("--beta <β>", "how strongly the policy is held to the reference; scale of the implicit reward, and λ of orpo", number, defaultSera.beta)
    .option("--label-smoothing <ε>", "cdpo, rdpo: share of wrong labels (default: 0.1); exo-pair (default: 0.001)", number)
    .option("--target-margin <γ>", "simpo: margin of rewards that is asked for (default: 0.5)", number)
    .option("--tau <τ>", "discopop: width of the modulation (default: 0.05)", number)
    .option("--length-normalized", "dpo, ipo: means over tokens instead of sums (ipo's default)")
    .option("--no-length-normalized", "dpo, ipo: sums over tokens (dpo's default)")
    .option("--nll <weight>", "adds the negative log-likelihood of the chosen responses to the loss, so weighted", number)
    .option("--reference <which>", `the model that the policy is held to: ${references.join(", ")} (of each iteration)`, oneOf(...references), defaultSera.reference)
    .option("--iterations <T>", "trainings; 1 is the loss alone, without SeRA", whole(1), defaultSera.iterations)
    .option("--select <share>", "K/N: pairs kept by their margin from iteration 2 on", share, defaultSera.select)
    .option("--select-by <rule>", `which pairs review keeps: ${names(selectionRules).join(", ")}`, oneOf(...names(selectionRules)), defaultSera.selectBy)
    .option("--per-prompt <n>", "pairs of one prompt that review keeps at most", whole(1))
    .option("--bootstrap <share>", "K̃/N: pairs that the policy makes, as a share of the data's", share, defaultSera.bootstrap)
    .option("--responses <R>", "responses sampled for each prompt", whole(2), defaultSera.responses)
    .option("--label-by <whom>", "implicit: the policy's own reward; judge: the gold reward, where the prompts are the synthetic world's", oneOf(...labellers), defaultSera.labelBy)
    .option("--pair-by <rule>", `how pairs are made of a prompt's responses: ${names(pairings).join(", ")}`, oneOf(...names(pairings)), defaultSera.pairBy)
    .option("--length-penalty <α>", "nats that each token costs a response's reward; auto balances the lengths", penalty, defaultSera.lengthPenalty)
    .option("--gamma <γ>", "weight of the policy before the last in the ensemble", share, defaultSera.gamma)
    .option("--seed <n>", "the same seed gives the same bytes", whole(0), defaultSera.seed)
    .option("--epochs <n>", "epochs of each iteration", whole(1), training.epochs)
    .option("--learning-rate <rate>", "peak of the learning rate", number, training.learningRate)
    .option("--schedule <name>", `after the warm-up: ${schedules.join(", ")}`, oneOf(...schedules), training.schedule)
    .option("--warmup <share>", "share of the steps in which the learning rate goes up", share, training.warmup)
    .option("--batch-size <n>", "pairs of a step", whole(1), training.batchSize)
    .option("--micro-batch-size <n>", "pairs that go through the model at once; gradients are accumulated", whole(1))
    .option("--recompute", "compute activations again for the gradient instead of keeping them: slower, for far less memory")
    .option("--weight-decay <rate>", "AdamW's decay of matrices", number, training.adamW.weightDecay)
    .option("--max-steps <n>", "steps of each iteration, whatever --epochs says", whole(1))
    .option("--evaluate-every <n>", "steps between evaluations on --eval-data during training", whole(1))
    .option("--keep-best-by <metric>", `keep the parameters of the best evaluation by: ${names(bestMetrics).join(", ")}`, oneOf(...names(bestMetrics)))
    .option("--patience <n>", "evaluations without a better one after which a training ends", whole(1))
    .option("--ema-decay <decay>", "evaluate and keep a moving average of the parameters", number)
    .option("--reference-every <n>", "the reference follows the policy every n steps (TR-DPO)", whole(1))
    .option("--reference-ema <share>", "how far of the way to the policy it comes then; alone: after each step", number)
    .option("--max-new-tokens <n>", "longest sampled response", whole(1), generation.maxNewTokens)
    .option("--temperature <t>", "of sampling; 0 takes the most likely token", number, generation.temperature)
    .option("--top-k <k>", "sample among the k most likely tokens; 0 is no limit", whole(0), generation.topK)
    .option("--top-p <p>", "sample among the fewest tokens with this share of the probability", number, generation.topP);
}
