import { bestMetrics } from "../../align/best.js";
import { defaultAdamW } from "../../align/adamw.js";
import { schedules } from "../../align/schedule.js";
import { editWays, type Editor } from "../../data/bridge.js";
import { goalPlaces, tieRules } from "../../data/goals.js";
import { pairings } from "../../bootstrap/index.js";
import { selectionRules } from "../../review/index.js";
import type { OptionTable } from "../../base/option.js";
import {
  byteSize,
  flag,
  nameOrPart,
  notNegative,
  oneOf,
  parts,
  penalty,
  positive,
  positiveShare,
  share,
  shareBelow,
  aboveUpTo,
  whole,
  wholeOr,
  wholeWithin,
  within,
} from "../../base/option-kinds.js";
import { lossSettingsTable } from "../../align/losses/settings.js";
import { lossKind } from "./loss-kind.js";
import { leastPseudoCounts } from "../../stats/zermelo.js";
import { degradations, keyContents } from "../degraded-responses.js";
import { stopWordLists } from "../token-difference.js";
import {
  budgetUses,
  evaluators,
  editorNames,
  gradedSources,
  labellers,
  laterReferences,
  proxyChoices,
  references,
  rewardReferences,
  type AlignmentOptions,
  type AugmentationOptions,
  type BmcOptions,
  type DegreeOptions,
  type GoalConditioningOptions,
  type JointOptions,
  type LoopOptions,
  type LossOptions,
  type ProxyOptions,
  type RecipeOptions,
  type RewardOptions,
  type SamplingOptions,
  type SelfPlayOptions,
  type SftOptions,
  type SharedOptions,
  type SpreadOptions,
  type TrainingBudget,
  type VoteOptions,
} from "./method-options.js";
import type { Labeller, PairingRule, SelectionRule } from "./parts.js";

const names = <Name extends string>(table: Readonly<Record<Name, unknown>>) => Object.keys(table) as Name[];

const { beta1, beta2, epsilon, maxGradNorm } = defaultAdamW;

export const lossTable: OptionTable<LossOptions> = {
  loss: { ...lossKind, help: "direct alignment loss", default: "dpo" },
  ...lossSettingsTable,
};

/** Defaults that worked for small models. */
export const alignmentTable: OptionTable<AlignmentOptions> = {
  batchSize: { ...whole(1), help: "pairs per optimizer step", default: 32 },
  microBatchSize: {
    ...whole(1),
    help: "pairs per forward pass; gradients are accumulated up to the batch size",
    otherwise: "the batch size, or fewer if memory is short",
  },
  recompute: {
    ...flag(),
    help: "recompute activations in the backward pass instead of keeping them: slower, far less memory, the same numbers",
    otherwise: "only if nothing else fits into memory",
  },
  maxSteps: {
    ...whole(1),
    help: "optimizer steps of each iteration, regardless of the epochs",
    otherwise: "as many as the epochs take",
  },
  learningRate: { ...positive("rate"), help: "peak learning rate", default: 1e-4 },
  schedule: { ...oneOf(schedules, "name"), help: "shape of the learning rate after the warm-up", default: "linear" },
  warmup: { ...share("share"), help: "share of the steps spent warming up the learning rate", default: 0.1 },
  beta1: { ...shareBelow(1)("decay"), help: "AdamW: decay of the mean of gradients", default: beta1 },
  beta2: { ...shareBelow(1)("decay"), help: "AdamW: decay of the mean of squared gradients", default: beta2 },
  epsilon: { ...positive("ε"), help: "AdamW: added to the denominator", default: epsilon },
  weightDecay: { ...notNegative("rate"), help: "AdamW: weight decay of matrices", default: 0 },
  maxGradNorm: { ...positive("norm"), help: "gradients are clipped to this norm", default: maxGradNorm },
  evaluateEvery: {
    ...whole(1),
    help: "steps between evaluations on the validation pairs, or on the held-out pairs if there are none; the last step is always evaluated",
    otherwise: "no evaluation",
  },
  keepBestBy: {
    ...oneOf(names(bestMetrics), "metric"),
    help: "keep the parameters of the evaluation that is best by this metric",
    otherwise: "those of the last step",
  },
  patience: {
    ...whole(1),
    help: "stop training after this many evaluations in a row without improvement",
    otherwise: "never",
  },
  emaDecay: {
    ...shareBelow(1)("decay"),
    help: "evaluate and keep an exponential moving average of the parameters with this decay",
    otherwise: "no average",
  },
  referenceEvery: {
    ...whole(1),
    help: "steps between updates of the reference towards the policy (TR-DPO, arXiv 2404.09656)",
    otherwise: "never; for sapo once an epoch; 1 if only `referenceEma` is given",
  },
  referenceEma: {
    ...positiveShare("share"),
    help: "how far the reference moves towards the policy in each update, as a share of the distance (TR-DPO)",
    otherwise: "1 if `referenceEvery` is given",
  },
};

export const samplingTable: OptionTable<SamplingOptions> = {
  maxNewTokens: { ...whole(1), help: "length limit of a sampled response, in tokens", default: 128 },
  temperature: { ...notNegative("t"), help: "sampling temperature; 0 takes the most likely token", default: 0.7 },
  topK: { ...whole(0, "k"), help: "sample among the k most likely tokens; 0 is no limit", default: 0 },
  topP: {
    ...positiveShare("p"),
    help: "sample among the fewest tokens whose probabilities add up to this share",
    default: 1,
  },
  minP: {
    ...share("p"),
    help: "sample only among tokens at least this fraction as likely as the most likely one; 0 is no limit",
    default: 0,
  },
  repetitionPenalty: {
    ...positive("r"),
    help: "penalty on tokens that have already occurred; above 1 discourages repetition",
    default: 1,
  },
  samplingBatchSize: { ...whole(1), help: "responses sampled at the same time", default: 128 },
};

export const sftTable: OptionTable<SftOptions> = {
  sftEpochs: { ...whole(1), help: "SFT on demonstrations: epochs", default: 3 },
  sftLearningRate: { ...positive("rate"), help: "SFT on demonstrations: peak learning rate", default: 1e-3 },
  sftBatchSize: { ...whole(1), help: "SFT on demonstrations: examples per optimizer step", default: 32 },
};

export const seedTable: OptionTable<Pick<SharedOptions, "seed">> = {
  seed: {
    ...whole(0),
    help: "seed of everything random: the same seed, data and machine give the same bytes",
    default: 0,
  },
};

export const memoryTable: OptionTable<Pick<SharedOptions, "memory">> = {
  memory: {
    ...byteSize("size"),
    help: "memory for the model and everything computed with it, such as 8GB; decides how many pairs and responses go through the model at once, and whether activations are recomputed, unless other options do",
    otherwise: "three quarters of what is free when the run begins",
  },
};

export const sharedTable: OptionTable<SharedOptions> = {
  ...lossTable,
  ...alignmentTable,
  ...samplingTable,
  ...sftTable,
  ...memoryTable,
  ...seedTable,
};

export const budgetTable: OptionTable<TrainingBudget> = {
  iterations: { ...whole(1, "T"), help: "T: number of training iterations", default: 3 },
  epochs: { ...whole(1), help: "epochs of each iteration", default: 1 },
  reference: {
    ...oneOf(references, "model"),
    help: "reference of the loss: the start of the run, or the previous iteration's policy",
    default: "start",
  },
};

export const rewardTable: OptionTable<RewardOptions> = {
  rewardAgainst: {
    ...oneOf(rewardReferences, "model"),
    help: "for implicit labels only, the reference of the implicit reward: the start of the run, or what the policy was trained against in its round",
    default: "start",
  },
};

/** Defaults of the paper (arXiv 2410.09362), if reported. */
export const loopTable: OptionTable<LoopOptions> = {
  ...rewardTable,
  select: { ...share("share"), help: "K/N: share of the pairs that review keeps from iteration 2 on", default: 0.7 },
  selectBy: {
    ...nameOrPart<keyof typeof selectionRules, SelectionRule>(names(selectionRules), "a selection rule", "rule"),
    help: "which pairs review keeps",
    default: "top",
  },
  perPrompt: { ...whole(1), help: "largest number of pairs per prompt that review keeps", otherwise: "all" },
  bootstrap: {
    ...share("share"),
    help: "K̃/N: number of pairs that the policy generates, as a share of the number in the data",
    default: 0.3,
  },
  responses: { ...whole(2, "R"), help: "R: responses sampled for each prompt", default: 4 },
  labelBy: {
    ...nameOrPart<(typeof labellers)[number], Labeller>(labellers, "a labeller", "name"),
    help: "what labels responses: the policy's implicit reward, its likelihood (the mean log-probability of a response's tokens, without a reference), or the judge of the run",
    default: "implicit",
  },
  pairBy: {
    ...nameOrPart<keyof typeof pairings, PairingRule>(names(pairings), "a pairing rule", "rule"),
    help: "how a prompt's responses are paired",
    default: "best-worst",
  },
  disjoint: {
    ...flag(true),
    help: "drop the data's pairs for prompts that have a generated pair",
    otherwise: "false",
  },
  completeOnly: {
    ...flag(true),
    help: "form no pairs with responses that the length limit cut off",
    otherwise: "false",
  },
  lengthPenalty: {
    ...penalty("α"),
    help: "α: subtracted from a response's reward for each of its tokens, also where the reward is already a mean per token (labels by likelihood); auto balances the lengths of chosen and rejected",
    default: 0,
  },
  penaltyStep: {
    ...positiveShare("α"),
    help: "with auto, step of a grid of α from 0 to 1, searched upwards until the lengths begin to differ more",
    otherwise: "the best of ten values up to 2",
  },
  // With γ = 1, iteration 2 would review and label with the reference alone, whose implicit rewards are all 0.
  gamma: {
    ...shareBelow(1)("γ"),
    help: "γ: weight of the policy before the last in the ensemble that gives margins and implicit labels; no effect on labels by likelihood or a judge",
    default: 0.3,
  },
};

/** Defaults of the authors' code (arXiv 2401.01335), if they suit a small model. */
export const selfPlayTable: OptionTable<SelfPlayOptions> = {
  iterationEpochs: {
    ...whole(1),
    help: "epochs of each iteration; `rounds` is this times an odd number: one for the first iteration and two for each further one",
    default: 1,
  },
  sampleTemperature: {
    ...notNegative("t"),
    help: "sampling temperature of the responses that are trained against; evaluation uses `temperature`",
    default: 1,
  },
  laterLearningRate: {
    ...positive("rate"),
    help: "peak learning rate from the third iteration on",
    otherwise: "that of the first two",
  },
};

/** Defaults of the paper (arXiv 2406.04412). */
export const spreadTable: OptionTable<SpreadOptions> = {
  shares: {
    ...parts("list"),
    help: "share of the prompts for each round, no prompt in two rounds; the first round trains on the data's pairs, the others on pairs that the policy generates",
    default: [0.03, 0.13, 0.34, 0.5],
  },
  seedEpochs: {
    ...whole(1),
    help: "epochs of the first round, on the pairs of the data",
    otherwise: "`rounds`, as in the other rounds",
  },
  refineShare: {
    ...share("K"),
    help: "K: share of the policy's own labels, the least confident ones, that are refined; 0 refines none",
    default: 0.1,
  },
  refineSmoothing: {
    ...shareBelow(1 / 2, "1/2")("α"),
    help: "α: assumed probability that a refined label is wrong",
    default: 0.1,
  },
  refineAfter: {
    ...share("share"),
    help: "share of a round's steps before its first label is refined",
    default: 0.2,
  },
};

/** Defaults of the authors' code (arXiv 2405.20830), unless they depend on the size of the data. */
export const augmentationTable: OptionTable<AugmentationOptions> = {
  segment: {
    ...wholeOr("whole", 1, "n"),
    help: "number of tokens of a chosen response that are rewritten; whole rewrites all of it, in at most `maxNewTokens` tokens",
    otherwise: "256, or a third of the median response where that is shorter than 259 tokens",
  },
  bufferSize: {
    ...whole(1),
    help: "number of latest rejected responses that are kept, from which each step draws",
    otherwise: "2000, but at most a quarter of the pairs and at least `batchSize`",
  },
  averageDecay: {
    ...shareBelow(1)("decay"),
    help: "decay of the moving average of the policy that rewrites segments; 0 is the policy itself",
    default: 0.5,
  },
  averageEvery: { ...whole(1), help: "steps between updates of the moving average", default: 1 },
  referenceBecomes: {
    ...oneOf(laterReferences, "model"),
    help: "what the reference becomes every `referenceEvery` steps",
    default: "average",
  },
  segmentTemperature: { ...notNegative("t"), help: "sampling temperature of rewritten segments", default: 0.7 },
  segmentTopK: { ...whole(0, "k"), help: "rewrite segments with the k most likely tokens; 0 is no limit", default: 50 },
  segmentTopP: {
    ...positiveShare("p"),
    help: "rewrite segments with the fewest tokens whose probabilities add up to this share",
    default: 0.95,
  },
};

/** Defaults of the paper (arXiv 2407.02119), if reported: it labels nine times as many pairs as it has graded. */
export const proxyTable: OptionTable<ProxyOptions> = {
  budget: {
    ...whole(1, "B"),
    help: "B: number of responses that the judge may grade",
    otherwise: "the responses to every ninth prompt",
  },
  chooseBy: {
    ...oneOf(proxyChoices, "rule"),
    help: "how to choose the prompts whose responses are graded: by k-centre over embeddings of the responses or of the prompts, or at random",
    default: "responses",
  },
  graded: {
    ...oneOf(gradedSources, "source"),
    help: "whose responses are graded: the policy's own, or the two of each of the data's pairs, as a control",
    default: "policy",
  },
  spend: {
    ...oneOf(budgetUses, "use"),
    help: "what the budget is spent on: training an evaluator that labels the responses to the other prompts, or, as a control, training the policy directly",
    default: "evaluator",
  },
  evaluator: {
    ...oneOf(evaluators, "kind"),
    help: "how the evaluator scores responses: by the implicit reward of a model trained with the loss, or by the linear head of a reward model",
    default: "implicit-reward",
  },
  evaluatorEpochs: {
    ...whole(1),
    help: "epochs of the evaluator on the graded pairs",
    otherwise: "`rounds`, as for the policy",
  },
};

export const recipeTable: OptionTable<Pick<RecipeOptions, "rounds">> = {
  rounds: {
    ...whole(1),
    help: "passes over as many pairs as the data has; methods with the same rounds train on the same number of pairs",
    default: 3,
  },
};

export const goalTable: OptionTable<GoalConditioningOptions> = {
  half: {
    ...flag(),
    help: "use only a random half of the prompts, so that there are as many pairs as in the data, and not twice as many",
    otherwise: "false",
  },
  ties: {
    ...oneOf(tieRules, "rule"),
    help: "what to do with a pair whose responses reach the same goal; keep makes two contradictory pairs of it",
    default: "drop",
  },
  goalPlace: {
    ...oneOf(goalPlaces, "turn"),
    help: "where the goal stands in a conversation: in the system turn, or at the beginning of the first user turn",
    default: "system",
  },
};

export const bmcTable: OptionTable<BmcOptions> = {
  bridge: {
    ...nameOrPart<(typeof editorNames)[number], Editor>(editorNames, "an editor", "editor"),
    help: "what edits a response of each pair before training: none, or the program of the synthetic world; the command `sera bridge` edits with a language model beforehand",
    default: "none",
  },
  editWay: {
    ...oneOf(editWays, "way"),
    help: "which response is edited: the rejected one, which becomes better, or the chosen one, which becomes worse",
    default: "improve",
  },
  editBlind: {
    ...flag(),
    help: "do not show the editor the pair's other response",
    otherwise: "false",
  },
  stopWords: {
    ...oneOf(stopWordLists, "list"),
    help: "which words do not count as differences between the responses",
    default: "english",
  },
};

/** Each vote is drawn separately; this many for every two of a prompt's four responses take milliseconds. */
const mostVotes = 10_000;
const mostPseudoCounts = 1000;

export const voteTable: OptionTable<VoteOptions> = {
  votes: {
    ...wholeWithin(1, mostVotes, "h"),
    help: "h: number of annotators; each votes on every two responses to a prompt",
    default: 9,
  },
  // 9 grades correspond to 1 of gold reward, and the synthetic world's labels have temperature 0.09.
  voteTemperature: {
    ...positive("t"),
    help: "temperature of the votes, in grades of the judge: an annotator prefers a response with probability σ(difference of grades / temperature)",
    default: 0.81,
  },
  pseudoCounts: {
    ...within(leastPseudoCounts, mostPseudoCounts, "n"),
    help: "votes added to both sides of each comparison, so that a unanimous vote has a finite target",
    default: 0.5,
  },
};

/** With a larger ratio of weights, the other term vanishes in a float32 loss. */
const mostJointWeight = 1e6;

export const jointTable: OptionTable<JointOptions> = {
  demonstrationWeight: {
    ...aboveUpTo(mostJointWeight, "w₁"),
    help: "w₁: weight of the demonstrations' term, a mean over their tokens, or with self-play over the demonstrations",
    default: 1,
  },
  pairWeight: {
    ...aboveUpTo(mostJointWeight, "w₂"),
    help: "w₂: weight of the preference pairs' term, a mean over the pairs",
    default: 1,
  },
  selfPlay: {
    ...flag(),
    help: "compare demonstrations with the policy's own responses instead of raising their likelihood",
    default: false,
  },
};

export const degreeTable: OptionTable<DegreeOptions> = {
  degreeWeight: {
    ...notNegative("λ"),
    help: "λ: weight of the loss that classifies preference degrees, added to the main loss",
    default: 0.1,
  },
  keyContent: {
    ...oneOf(keyContents, "kind"),
    help: "what a degraded response lacks: key phrases found by RAKE, or as many random tokens",
    default: "rake",
  },
  degrade: {
    ...oneOf(degradations, "way"),
    help: "how a response is degraded: mask replaces the content by padding, which keeps the length; remove deletes it",
    default: "mask",
  },
};
