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
  /** Pairs per forward pass; gradients are accumulated up to the batch size. Default the batch size, or less where memory asks for it. */
  readonly microBatchSize?: number;
  /** Recompute activations in the backward pass instead of keeping them: slower, far less memory, the same numbers. Default only where nothing else fits into memory. */
  readonly recompute?: boolean;
  /** Optimizer steps of each iteration, whatever the number of epochs. Default as many as the epochs take. */
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
  /** Steps between evaluations on the validation pairs, or the held-out pairs if there are none; there is one more after the last step. Default no evaluation. */
  readonly evaluateEvery?: number;
  /** Keep the parameters of the evaluation that is best by this metric. Default those of the last step. */
  readonly keepBestBy?: BestMetric;
  /** Evaluations without improvement after which training stops. Default never. */
  readonly patience?: number;
  /** Evaluate and keep an exponential moving average of the parameters with this decay. Default no average. */
  readonly emaDecay?: number;
  /** Steps between updates of the reference towards the policy (TR-DPO, arXiv 2404.09656). Default never, with sapo an epoch; 1 if only `referenceEma` is given. */
  readonly referenceEvery?: number;
  /** Share of the way that the reference moves towards the policy in each update (TR-DPO). Default 1 if `referenceEvery` is given. */
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
  /** Sample among the fewest tokens that hold this share of the probability. Default 1. */
  readonly topP: number;
  /** Sample among tokens at least this share as likely as the most likely one; 0 is no limit. Default 0. */
  readonly minP: number;
  /** Penalty on tokens that have occurred, above 1 to discourage repetition. Default 1. */
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
  /** Memory for the model and what runs on it, as in 8GB: decides how many pairs and responses go through the model at once, and whether activations are recomputed, where that is left open. Default three quarters of what is free when the run begins. */
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
  /** Pairs of one prompt that review keeps at most. Default all. */
  readonly perPrompt?: number;
  /** K̃/N: pairs that the policy makes, as a share of the data's. Default 0.3. */
  readonly bootstrap: number;
  /** R: responses sampled for each prompt. Default 4. */
  readonly responses: number;
  /** What labels responses: the policy's implicit reward, its likelihood (the mean log-probability of a response's tokens, without a reference), or the judge of the run; or a `Labeller` of your own. Default implicit. */
  readonly labelBy: LabelledBy | Labeller;
  /** How a prompt's responses are paired; a rule by name, or a `PairingRule` of your own. Default best-worst. */
  readonly pairBy: PairingName | PairingRule;
  /** Keep pairs of the data only of prompts that no pair of the policy's own is of. Default false. */
  readonly disjoint?: boolean;
  /** Leave responses that the length limit cut off out of pairs. Default false. */
  readonly completeOnly?: boolean;
  /** α: nats subtracted from a response's reward for each token; auto balances the lengths of chosen and rejected. Default 0. */
  readonly lengthPenalty: number | "auto";
  /** Step of the grid from 0 to 1 that auto goes up until lengths would differ more again. Default ten values up to 2, of which the best. */
  readonly penaltyStep?: number;
  /** γ: weight of the policy before the last in the ensemble. Default 0.3. */
  readonly gamma: number;
}

/** How the implicit reward labels responses. */
export interface RewardOptions {
  /** What the reward that labels responses is against: the start of the run, or the reference that the policy was trained against in its round. Default start. */
  readonly rewardAgainst: RewardReference;
}

/** How SPIN trains an iteration. */
export interface SelfPlayOptions {
  /** Epochs of each iteration, which `rounds` are then spent on. Default 1. */
  readonly iterationEpochs: number;
  /** Temperature of the responses that are trained against; evaluation has that of `temperature`. Default 1. */
  readonly sampleTemperature: number;
  /** Peak learning rate from the third iteration on. Default that of the first two. */
  readonly laterLearningRate?: number;
}

/** How SPA spreads the preferences of a few pairs over the prompts of the others. */
export interface SpreadOptions {
  /** Which share of the prompts each round takes, none twice: the first with the pairs of the data, the others with pairs of the policy's own. Default [0.03,0.13,0.34,0.5]. */
  readonly shares: readonly number[];
  /** Epochs of the first round, on the pairs of the data. Default those of the other rounds, which are `rounds`. */
  readonly seedEpochs?: number;
  /** K: share of the policy's own labels that count as doubtful, by their confidence; 0 refines none. Default 0.1. */
  readonly refineShare: number;
  /** α: how likely a doubtful label is taken to be wrong. Default 0.1. */
  readonly refineSmoothing: number;
  /** Share of a round's steps that are taken before its first label is refined. Default 0.2. */
  readonly refineAfter: number;
}

/** What replaces SAPO's reference at each update: the averaged policy or the policy itself; or it stays the start. */
export const laterReferences = ["average", "policy", "start"] as const;

/** How SAPO generates its pairs during training. */
export interface AugmentationOptions {
  /** Tokens of a chosen response that are written anew; whole writes all of it anew, in at most `maxNewTokens`. Default 256, or a third of the median response where that is shorter than 259 tokens. */
  readonly segment?: number | "whole";
  /** Rejected responses that are kept to be drawn from. Default 2000, but at most a quarter of the pairs, and at least a step's. */
  readonly bufferSize?: number;
  /** Decay of the average of the policy that writes; 0 is the policy itself. Default 0.5. */
  readonly averageDecay: number;
  /** Steps between updates of the average. Default 1. */
  readonly averageEvery: number;
  /** What the reference becomes each `referenceEvery` steps. Default average. */
  readonly referenceBecomes: (typeof laterReferences)[number];
  /** Temperature of the segments that are written anew. Default 0.7. */
  readonly segmentTemperature: number;
  /** Write segments of the k most likely tokens; 0 is no limit. Default 50. */
  readonly segmentTopK: number;
  /** Write segments of the fewest tokens that hold this share of the probability. Default 0.95. */
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
  /** B: responses that the judge grades, never more. Default those of each ninth prompt. */
  readonly budget?: number;
  /** What the prompts whose responses are graded are chosen by: k-centre over embeddings of the responses or of the prompts, or at random. Default responses. */
  readonly chooseBy: (typeof proxyChoices)[number];
  /** Whose responses are graded: the policy's own, or the two of each of the data's pairs, as a control. Default policy. */
  readonly graded: (typeof gradedSources)[number];
  /** What the budget is spent on: an evaluator, which labels the other prompts' responses, or pairs for the policy directly, as a control. Default evaluator. */
  readonly spend: (typeof budgetUses)[number];
  /** How the evaluator scores responses: by the implicit reward of a model trained by the loss, or by a linear head of one trained as a reward model. Default implicit-reward. */
  readonly evaluator: (typeof evaluators)[number];
  /** Epochs of the evaluator on the graded pairs. Default those of the policy, which are `rounds`. */
  readonly evaluatorEpochs?: number;
}

/** All options of SeRA (arXiv 2410.09362). */
export interface SeraOptions extends MethodOptions, LoopOptions {}

/** Options of recipes shared by all methods. */
export interface RecipeOptions extends SharedOptions {
  /**
   * Passes over as many pairs as the data has: methods with the same rounds cost the same. They are epochs of a method
   * that trains once, and iterations of one that trains again and again. Default 3.
   */
  readonly rounds: number;
}

/** How reward-augmented pairs are created; see `goalConditioned`. */
export interface GoalConditioningOptions {
  /** Condition half of the prompts alone on goals, which makes as many pairs as the data has. Default false. */
  readonly half?: boolean;
  /** What becomes of pairs whose responses reach the same goal; keep makes two contradictory pairs of each. Default drop. */
  readonly ties: (typeof tieRules)[number];
  /** Where a conversation is told its goal: in its system turn, or before the words of its first user turn. Default system. */
  readonly goalPlace: (typeof goalPlaces)[number];
}

/** Options of reward-augmented data (arXiv 2410.08067). */
export interface RewardAugmentedOptions extends RecipeOptions, GoalConditioningOptions {}

/** How BMC creates its pairs, and which tokens it weights; see `bridge` and `tokenDifference`. */
export interface BmcOptions {
  /** What edits a response of each pair before training: none, the program of the synthetic world, or an `Editor`, such as one of `llmEditor`; on the command line, `sera bridge` edits with a language model. Default none. */
  readonly bridge: (typeof editorNames)[number] | Editor;
  /** Which response is edited: the rejected one for the better, or the chosen one for the worse. Default improve. */
  readonly editWay: EditWay;
  /** Let the editor see one response alone, without the pair's other one. Default false. */
  readonly editBlind?: boolean;
  /** Which words are taken out of the difference of the responses; a list by name. Default english. */
  readonly stopWords: (typeof stopWordLists)[number];
}

/** Options of BMC (arXiv 2408.07471). */
export interface BmcRecipeOptions extends RecipeOptions, BmcOptions {}

/** How iREPO's annotators vote, and how votes become targets. */
export interface VoteOptions {
  /** h: annotators who vote on every two responses of a prompt. Default 9. */
  readonly votes: number;
  /** Temperature of the annotators' votes, in grades of the judge: they prefer a response with the probability σ(difference of grades / temperature). Default 0.81. */
  readonly voteTemperature: number;
  /** Votes added to each side of every two responses, so that a unanimous vote has a finite target. Default 0.5. */
  readonly pseudoCounts: number;
}

/** Options of iREPO (arXiv 2405.15230), whose loss is its own. */
export interface IrepoOptions
  extends Omit<RecipeOptions, Exclude<keyof LossOptions, "beta">>,
    Pick<LoopOptions, "responses">,
    VoteOptions {}

/** How joint learning weights its two data sets, and how it learns from demonstrations. */
export interface JointOptions {
  /** w₁: weight of the demonstrations, whose term is a mean over their tokens; self-play over the demonstrations. Default 1. */
  readonly demonstrationWeight: number;
  /** w₂: weight of the preference pairs, whose term is a mean over the pairs. Default 1. */
  readonly pairWeight: number;
  /** Compare demonstrations with the policy's own responses, in place of raising their likelihood. Default false. */
  readonly selfPlay: boolean;
}

/** Options of AIHF (arXiv 2406.06874), whose loss is its own. */
export interface AihfOptions
  extends Omit<RecipeOptions, Exclude<keyof LossOptions, "beta"> | keyof SftOptions>,
    JointOptions {}

/** How SPO degrades responses, and how it weights its head; see `spo`. */
export interface DegreeOptions {
  /** λ: weight of the classification of preference degrees beside the loss. Default 0.1. */
  readonly degreeWeight: number;
  /** What is taken from a response to degrade it: key phrases by RAKE, or as many tokens at random. Default rake. */
  readonly keyContent: (typeof keyContents)[number];
  /** How it is taken: mask hides it behind padding, which keeps the length, remove leaves it out. Default mask. */
  readonly degrade: (typeof degradations)[number];
}

/** Options of SPO (arXiv 2409.17791). */
export interface SpoOptions extends RecipeOptions, DegreeOptions {}
