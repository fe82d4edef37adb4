import type { BestMetric } from "../../align/best.js";
import type { LossName, LossSettings } from "../../align/losses/index.js";
import type { PairLoss } from "../../align/pair-objective.js";
import type { ByteSize } from "../../base/byte-size.js";
import type { Schedule } from "../../align/schedule.js";
import type { EditWay, Editor } from "../../data/bridge.js";
import type { goalPlaces, tieRules } from "../../data/goals.js";
import type { PairingName } from "../../bootstrap/index.js";
import type { SelectionName } from "../../review/index.js";
import type { degradations, keyContents } from "../degraded-responses.js";
import type { stopWordLists } from "../token-difference.js";
import type { Labeller, PairingRule, SelectionRule } from "./parts.js";

/*
 * The options of methods as types. They are written out, because types inferred by zod lose the field comments in
 * declaration files, and a cell shows an option's meaning and default on completion. The compiler checks the schema
 * tables against these interfaces (`OptionTable`), key by key in both directions and value by value; a test checks that
 * each comment has the help text and the default of the schema.
 */

/** The reference model of a policy: that of iteration 0, or the one that the iteration begins from. */
export const references = ["start", "previous"] as const;
export type Reference = (typeof references)[number];

/** The built-in editors of BMC. */
export const editorNames = ["none", "world"] as const;
/**
 * The reference of a response's implicit reward: the model of iteration 0, or the reference that the policy was trained
 * against.
 */
export const rewardReferences = ["start", "round"] as const;
export type RewardReference = (typeof rewardReferences)[number];

/**
 * What labels the policy's responses: its own implicit reward, its length-normalized log-likelihood, or the run's judge.
 */
export const labellers = ["implicit", "likelihood", "judge"] as const;
export type LabelledBy = (typeof labellers)[number];
/** Name of the implicit reward in summaries. */
export const implicitRewardName = "implicit reward";

/** The loss and its settings; a setting that the loss does not use is an error. */
export interface LossOptions extends LossSettings {
  /**
   * Direct alignment loss; a name, a weighted sum as in `{ dpo: 0.8, nll: 0.2 }`, or a `PreferenceLoss` or
   * `PairObjective` of your own with a `name` and a `version`, which brings its settings with it. Default dpo.
   */
  readonly loss: LossName | Readonly<Partial<Record<LossName, number>>> | PairLoss;
}

/** How each iteration trains. */
export interface AlignmentOptions {
  /** Pairs per optimizer step. Default 32. */
  readonly batchSize: number;
  /** Pairs per forward pass; gradients are accumulated up to the batch size. Default the batch size, or fewer if memory is short. */
  readonly microBatchSize?: number;
  /** Recompute activations in the backward pass instead of keeping them: slower, far less memory, the same numbers. Default only if nothing else fits into memory. */
  readonly recompute?: boolean;
  /** Optimizer steps of each iteration, regardless of the epochs. Default as many as the epochs take. */
  readonly maxSteps?: number;
  /** Peak learning rate. Default 0.0001. */
  readonly learningRate: number;
  /** Shape of the learning rate after the warm-up. Default linear. */
  readonly schedule: Schedule;
  /** Share of the steps spent warming up the learning rate. Default 0.1. */
  readonly warmup: number;
  /** AdamW: decay of the mean of gradients. Default 0.9. */
  readonly beta1: number;
  /** AdamW: decay of the mean of squared gradients. Default 0.999. */
  readonly beta2: number;
  /** AdamW: added to the denominator. Default 1e-8. */
  readonly epsilon: number;
  /** AdamW: weight decay of matrices. Default 0. */
  readonly weightDecay: number;
  /** Gradients are clipped to this norm. Default 1. */
  readonly maxGradNorm: number;
  /** Steps between evaluations on the validation pairs, or on the held-out pairs if there are none; the last step is always evaluated. Default no evaluation. */
  readonly evaluateEvery?: number;
  /** Keep the parameters of the evaluation that is best by this metric. Default those of the last step. */
  readonly keepBestBy?: BestMetric;
  /** Stop training after this many evaluations in a row without improvement. Default never. */
  readonly patience?: number;
  /** Evaluate and keep an exponential moving average of the parameters with this decay. Default no average. */
  readonly emaDecay?: number;
  /** Steps between updates of the reference towards the policy (TR-DPO, arXiv 2404.09656). Default never; for sapo once an epoch; 1 if only `referenceEma` is given. */
  readonly referenceEvery?: number;
  /** How far the reference moves towards the policy in each update, as a share of the distance (TR-DPO). Default 1 if `referenceEvery` is given. */
  readonly referenceEma?: number;
}

/** How responses are sampled, for training and for evaluation. */
export interface SamplingOptions {
  /** Length limit of a sampled response, in tokens. Default 128. */
  readonly maxNewTokens: number;
  /** Sampling temperature; 0 takes the most likely token. Default 0.7. */
  readonly temperature: number;
  /** Sample among the k most likely tokens; 0 is no limit. Default 0. */
  readonly topK: number;
  /** Sample among the fewest tokens whose probabilities add up to this share. Default 1. */
  readonly topP: number;
  /** Sample only among tokens at least this fraction as likely as the most likely one; 0 is no limit. Default 0. */
  readonly minP: number;
  /** Penalty on tokens that have already occurred; above 1 discourages repetition. Default 1. */
  readonly repetitionPenalty: number;
  /** Responses sampled at the same time. Default 128. */
  readonly samplingBatchSize: number;
}

/** How the start is fine-tuned on demonstrations, if there are any. */
export interface SftOptions {
  /** SFT on demonstrations: epochs. Default 3. */
  readonly sftEpochs: number;
  /** SFT on demonstrations: peak learning rate. Default 0.001. */
  readonly sftLearningRate: number;
  /** SFT on demonstrations: examples per optimizer step. Default 32. */
  readonly sftBatchSize: number;
}

/** Options shared by all methods. */
export interface SharedOptions extends LossOptions, AlignmentOptions, SamplingOptions, SftOptions {
  /** Memory for the model and everything computed with it, such as 8GB; decides how many pairs and responses go through the model at once, and whether activations are recomputed, unless other options do. Default three quarters of what is free when the run begins. */
  readonly memory?: ByteSize;
  /** Seed of everything random: the same seed, data and machine give the same bytes. Default 0. */
  readonly seed: number;
}

/** How a method spreads its training: how often the policy is trained, for how long each time, and against which model. */
export interface TrainingBudget {
  /** T: number of training iterations. Default 3. */
  readonly iterations: number;
  /** Epochs of each iteration. Default 1. */
  readonly epochs: number;
  /** Reference of the loss: the start of the run, or the previous iteration's policy. Default start. */
  readonly reference: Reference;
}

/** All options of a method: everything that its run depends on besides the model and the data. */
export interface MethodOptions extends SharedOptions, TrainingBudget {}

/**
 * How SeRA's loop selects pairs and generates new ones; margins of the data's pairs are always against the model of
 * iteration 0.
 */
export interface LoopOptions extends RewardOptions {
  /** K/N: share of the pairs that review keeps from iteration 2 on. Default 0.7. */
  readonly select: number;
  /** Which pairs review keeps; a rule by name, or a `SelectionRule` of your own. Default top. */
  readonly selectBy: SelectionName | SelectionRule;
  /** Largest number of pairs per prompt that review keeps. Default all. */
  readonly perPrompt?: number;
  /** K̃/N: number of pairs that the policy generates, as a share of the number in the data. Default 0.3. */
  readonly bootstrap: number;
  /** R: responses sampled for each prompt. Default 4. */
  readonly responses: number;
  /** What labels responses: the policy's implicit reward, its likelihood (the mean log-probability of a response's tokens, without a reference), or the judge of the run; or a `Labeller` of your own. Default implicit. */
  readonly labelBy: LabelledBy | Labeller;
  /** How a prompt's responses are paired; a rule by name, or a `PairingRule` of your own. Default best-worst. */
  readonly pairBy: PairingName | PairingRule;
  /** Drop the data's pairs for prompts that have a generated pair. Default false. */
  readonly disjoint?: boolean;
  /** Form no pairs with responses that the length limit cut off. Default false. */
  readonly completeOnly?: boolean;
  /** α: subtracted from a response's reward for each of its tokens, also where the reward is already a mean per token (labels by likelihood); auto balances the lengths of chosen and rejected. Default 0. */
  readonly lengthPenalty: number | "auto";
  /** With auto, step of a grid of α from 0 to 1, searched upwards until the lengths begin to differ more. Default the best of ten values up to 2. */
  readonly penaltyStep?: number;
  /** γ: weight of the policy before the last in the ensemble that gives margins and implicit labels; no effect on labels by likelihood or a judge. Default 0.3. */
  readonly gamma: number;
}

/** How the implicit reward labels responses. */
export interface RewardOptions {
  /** For implicit labels only, the reference of the implicit reward: the start of the run, or what the policy was trained against in its round. Default start. */
  readonly rewardAgainst: RewardReference;
}

/** How SPIN trains an iteration. */
export interface SelfPlayOptions {
  /** Epochs of each iteration; `rounds` is this times an odd number: one for the first iteration and two for each further one. Default 1. */
  readonly iterationEpochs: number;
  /** Sampling temperature of the responses that are trained against; evaluation uses `temperature`. Default 1. */
  readonly sampleTemperature: number;
  /** Peak learning rate from the third iteration on. Default that of the first two. */
  readonly laterLearningRate?: number;
}

/** How SPA spreads the preferences of a few pairs over the prompts of the others. */
export interface SpreadOptions {
  /** Share of the prompts for each round, no prompt in two rounds; the first round trains on the data's pairs, the others on pairs that the policy generates. Default [0.03,0.13,0.34,0.5]. */
  readonly shares: readonly number[];
  /** Epochs of the first round, on the pairs of the data. Default `rounds`, as in the other rounds. */
  readonly seedEpochs?: number;
  /** K: share of the policy's own labels, the least confident ones, that are refined; 0 refines none. Default 0.1. */
  readonly refineShare: number;
  /** α: assumed probability that a refined label is wrong. Default 0.1. */
  readonly refineSmoothing: number;
  /** Share of a round's steps before its first label is refined. Default 0.2. */
  readonly refineAfter: number;
}

/** What replaces SAPO's reference at each update: the averaged policy or the policy itself; or it stays the start. */
export const laterReferences = ["average", "policy", "start"] as const;

/** How SAPO generates its pairs during training. */
export interface AugmentationOptions {
  /** Number of tokens of a chosen response that are rewritten; whole rewrites all of it, in at most `maxNewTokens` tokens. Default 256, or a third of the median response where that is shorter than 259 tokens. */
  readonly segment?: number | "whole";
  /** Number of latest rejected responses that are kept, from which each step draws. Default 2000, but at most a quarter of the pairs and at least `batchSize`. */
  readonly bufferSize?: number;
  /** Decay of the moving average of the policy that rewrites segments; 0 is the policy itself. Default 0.5. */
  readonly averageDecay: number;
  /** Steps between updates of the moving average. Default 1. */
  readonly averageEvery: number;
  /** What the reference becomes every `referenceEvery` steps. Default average. */
  readonly referenceBecomes: (typeof laterReferences)[number];
  /** Sampling temperature of rewritten segments. Default 0.7. */
  readonly segmentTemperature: number;
  /** Rewrite segments with the k most likely tokens; 0 is no limit. Default 50. */
  readonly segmentTopK: number;
  /** Rewrite segments with the fewest tokens whose probabilities add up to this share. Default 0.95. */
  readonly segmentTopP: number;
}

/**
 * How the prompts are chosen whose responses a judge grades: by embeddings of the responses or of the prompts, or at
 * random.
 */
export const proxyChoices = ["responses", "prompts", "random"] as const;
/** Whose responses a judge grades: the policy's own, or those of the data. */
export const gradedSources = ["policy", "data"] as const;
/** What graded responses train: an evaluator, or the policy itself. */
export const budgetUses = ["evaluator", "direct"] as const;
/** How an evaluator scores responses. */
export const evaluators = ["implicit-reward", "score-head"] as const;

/** How a proxy reward model is trained on few grades of a judge. */
export interface ProxyOptions {
  /** B: number of responses that the judge may grade. Default the responses to every ninth prompt. */
  readonly budget?: number;
  /** How to choose the prompts whose responses are graded: by k-centre over embeddings of the responses or of the prompts, or at random. Default responses. */
  readonly chooseBy: (typeof proxyChoices)[number];
  /** Whose responses are graded: the policy's own, or the two of each of the data's pairs, as a control. Default policy. */
  readonly graded: (typeof gradedSources)[number];
  /** What the budget is spent on: training an evaluator that labels the responses to the other prompts, or, as a control, training the policy directly. Default evaluator. */
  readonly spend: (typeof budgetUses)[number];
  /** How the evaluator scores responses: by the implicit reward of a model trained with the loss, or by the linear head of a reward model. Default implicit-reward. */
  readonly evaluator: (typeof evaluators)[number];
  /** Epochs of the evaluator on the graded pairs. Default `rounds`, as for the policy. */
  readonly evaluatorEpochs?: number;
}

/** All options of SeRA (arXiv 2410.09362). */
export interface SeraOptions extends MethodOptions, LoopOptions {}

/** Options of recipes shared by all methods. */
export interface RecipeOptions extends SharedOptions {
  /**
   * Passes over as many pairs as the data has; methods with the same rounds train on the same number of pairs. They are epochs of a method
   * that trains once, and iterations of one that trains again and again. Default 3.
   */
  readonly rounds: number;
}

/** How reward-augmented pairs are created; see `goalConditioned`. */
export interface GoalConditioningOptions {
  /** Use only a random half of the prompts, so that there are as many pairs as in the data, and not twice as many. Default false. */
  readonly half?: boolean;
  /** What to do with a pair whose responses reach the same goal; keep makes two contradictory pairs of it. Default drop. */
  readonly ties: (typeof tieRules)[number];
  /** Where the goal stands in a conversation: in the system turn, or at the beginning of the first user turn. Default system. */
  readonly goalPlace: (typeof goalPlaces)[number];
}

/** Options of reward-augmented data (arXiv 2410.08067). */
export interface RewardAugmentedOptions extends RecipeOptions, GoalConditioningOptions {}

/** How BMC creates its pairs, and which tokens it weights; see `bridge` and `tokenDifference`. */
export interface BmcOptions {
  /** What edits a response of each pair before training: none, or the program of the synthetic world; the command `sera bridge` edits with a language model beforehand; or an `Editor` of your own, such as one of `llmEditor`. Default none. */
  readonly bridge: (typeof editorNames)[number] | Editor;
  /** Which response is edited: the rejected one, which becomes better, or the chosen one, which becomes worse. Default improve. */
  readonly editWay: EditWay;
  /** Do not show the editor the pair's other response. Default false. */
  readonly editBlind?: boolean;
  /** Which words do not count as differences between the responses. Default english. */
  readonly stopWords: (typeof stopWordLists)[number];
}

/** Options of BMC (arXiv 2408.07471). */
export interface BmcRecipeOptions extends RecipeOptions, BmcOptions {}

/** How iREPO's annotators vote, and how votes become targets. */
export interface VoteOptions {
  /** h: number of annotators; each votes on every two responses to a prompt. Default 9. */
  readonly votes: number;
  /** Temperature of the votes, in grades of the judge: an annotator prefers a response with probability σ(difference of grades / temperature). Default 0.81. */
  readonly voteTemperature: number;
  /** Votes added to both sides of each comparison, so that a unanimous vote has a finite target. Default 0.5. */
  readonly pseudoCounts: number;
}

/** Options of iREPO (arXiv 2405.15230), whose loss is its own. */
export interface IrepoOptions
  extends Omit<RecipeOptions, Exclude<keyof LossOptions, "beta">>,
    Pick<LoopOptions, "responses">,
    VoteOptions {}

/** How joint learning weights its two data sets, and how it learns from demonstrations. */
export interface JointOptions {
  /** w₁: weight of the demonstrations' term, a mean over their tokens, or with self-play over the demonstrations. Default 1. */
  readonly demonstrationWeight: number;
  /** w₂: weight of the preference pairs' term, a mean over the pairs. Default 1. */
  readonly pairWeight: number;
  /** Compare demonstrations with the policy's own responses instead of raising their likelihood. Default false. */
  readonly selfPlay: boolean;
}

/** Options of AIHF (arXiv 2406.06874), whose loss is its own. */
export interface AihfOptions
  extends Omit<RecipeOptions, Exclude<keyof LossOptions, "beta"> | keyof SftOptions>,
    JointOptions {}

/** How SPO degrades responses, and how it weights its head; see `spo`. */
export interface DegreeOptions {
  /** λ: weight of the loss that classifies preference degrees, added to the main loss. Default 0.1. */
  readonly degreeWeight: number;
  /** What a degraded response lacks: key phrases found by RAKE, or as many random tokens. Default rake. */
  readonly keyContent: (typeof keyContents)[number];
  /** How a response is degraded: mask replaces the content by padding, which keeps the length; remove deletes it. Default mask. */
  readonly degrade: (typeof degradations)[number];
}

/** Options of SPO (arXiv 2409.17791). */
export interface SpoOptions extends RecipeOptions, DegreeOptions {}
