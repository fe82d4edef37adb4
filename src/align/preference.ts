import { InputError, quote } from "../base/errors.js";
import { mul, reshape, slice, sum, type Value } from "../graph/index.js";
import type { TokenSequence } from "../model/scoring/batch.js";
import { sumByResponse } from "../model/scoring/log-probs.js";
import type { Both, PairLogProbs, PairTokens, PreferenceLoss } from "./losses/loss.js";
import { implicitReward } from "./losses/reward.js";
import type { Metrics, Objective, ObjectiveBatch } from "./objective.js";
import { callPart } from "./own-objective.js";
import {
  builtColumns,
  columnFeeds,
  columnsOf,
  pairColumnLeaf,
  readsReferenceTokens,
  referenceSum,
  tokenColumnLeaf,
  tokenWeights,
  weightOf,
} from "./pair-columns.js";

/** A pair in tokens with its log-probabilities under the reference policy, which do not change during training. */
export interface ReferencedPair {
  readonly chosen: TokenSequence;
  readonly rejected: TokenSequence;
  /** log π_ref(y_w | x); only losses that need the reference read it. */
  readonly referenceChosen?: number;
  /** log π_ref(y_l | x) */
  readonly referenceRejected?: number;
  /**
   * Numeric columns of the pair. `weight`, from 0, is the pair's weight: a step's loss is Σ weight · loss / pairs, so
   * weights with a mean of 1 do not change its scale. (The sum is not divided by the weights of the step, so the
   * expected gradient is that of the weighted mean over all pairs, however they are split into steps.) Metrics besides
   * the loss are not weighted. `labelSmoothing` (cdpo, rdpo, exo-pair), `target` (dpo) and `targetMargin` (simpo)
   * override the loss's setting; losses without it refuse them. Other names are for losses that declare them
   * ({@link PreferenceLoss.columns}); the rest ignore them.
   */
  readonly columns?: Readonly<Record<string, number>>;
  /**
   * Numeric columns of the response tokens, one number per token. For a loss of sums, `weight` weights each token's
   * log-probability in them (lengths still count tokens), and `reference`, log π_ref(y_t | x, y_<t), is needed with it
   * for the sum under the reference; no gradient flows through them. Other names, and `reference`, are for losses that
   * declare them ({@link PreferenceLoss.tokens}).
   */
  readonly tokens?: { readonly chosen: TokenColumns; readonly rejected: TokenColumns };
}

/** Numeric columns of the tokens of a response, by name. */
export type TokenColumns = Readonly<Record<string, ArrayLike<number>>>;

/**
 * Creates the objective of a direct alignment loss, averaged over the preference pairs of a step.
 *
 * @throws InputError (in training) if the loss needs whole steps but gradients would be accumulated, if it needs the
 *   reference and a pair has no reference log-probabilities, or if a column of a pair is out of range
 */
export function preference(loss: PreferenceLoss): Objective<ReferencedPair> {
  const objective: Objective<ReferencedPair> = {
    name: loss.name,
    ...(loss.version !== undefined && { version: loss.version }),
    ...(loss.running && { running: loss.running.names }),
    ...(loss.running?.shapes && { runningShapes: loss.running.shapes }),
    ...(loss.needsWholeStep && { needsWholeStep: true }),
    sequences: ({ chosen, rejected }) => [chosen, rejected],
    ...(loss.reward.needsReference && { withReferenceLogProbs, withReferenceTokenLogProbs }),
    readsReferenceTokens: (pair) => readsReferenceTokens(loss, pair),
    columns: (pairs) => columnsOf(loss, pairs),

    check({ batchSize, microBatchSize = batchSize }) {
      if (!loss.needsWholeStep || microBatchSize >= batchSize) return;
      throw new InputError(
        `microBatchSize: the loss ${loss.name} compares all pairs of a step, so they cannot be split into micro-batches of ${microBatchSize}; ` +
          `leave it out, and lower batchSize (${batchSize}) to what fits into memory`,
      );
    },

    build(batch) {
      const { graph } = batch.tokenLogProbs;
      const fed = (name: string) => graph.input(name, "float32", [batch.slots]);
      const { chosen: policyChosen, rejected: policyRejected } = sidesOf(batch, batch.tokenLogProbs);
      const logProbs: PairLogProbs = {
        policyChosen,
        policyRejected,
        referenceChosen: fed("referenceChosen"),
        referenceRejected: fed("referenceRejected"),
        chosenLength: fed("chosenLength"),
        rejectedLength: fed("rejectedLength"),
        pairWeight: fed("pairWeight"),
        meanChosenLength: graph.input("meanChosenLength", "float32", []),
        columns: Object.fromEntries(builtColumns(loss, batch.columns).map((name) => [name, fed(pairColumnLeaf(name))])),
        tokens: pairTokens(loss, batch),
      };
      const weighted = mul(onePerPair(loss, batch.slots, logProbs), logProbs.pairWeight);
      const running = loss.running?.update(logProbs);
      return { loss: sum(weighted), perExample: { policyChosen, policyRejected }, ...(running && { running }) };
    },

    feed(pairs, sizes) {
      const { step, slots, tokens } = sizes;
      const column = (valueOf: (pair: ReferencedPair) => number, padding = 0) => {
        const values = new Float32Array(slots).fill(padding);
        pairs.forEach((pair, i) => (values[i] = valueOf(pair)));
        return values;
      };
      const feeds = {
        referenceChosen: column((pair) => referenceSum(loss, pair, "chosen")),
        referenceRejected: column((pair) => referenceSum(loss, pair, "rejected")),
        chosenLength: column(({ chosen }) => lengthOf(chosen), 1),
        rejectedLength: column(({ rejected }) => lengthOf(rejected), 1),
        pairWeight: column((pair) => weightOf(pair) / step.length),
        meanChosenLength: Float32Array.of(step.reduce((sum, { chosen }) => sum + lengthOf(chosen), 0) / step.length),
        ...columnFeeds(loss, pairs, sizes),
      };
      return { tokenWeight: tokenWeights(loss, pairs, tokens), feeds };
    },

    metrics: (pairs, { policyChosen, policyRejected }) =>
      preferenceMetrics(loss, pairs, policyChosen!, policyRejected!),
  };
  made.set(objective, loss);
  return objective;
}

/** The losses of the objectives created here; an objective built from another's parts has none. */
const made = new WeakMap<object, PreferenceLoss>();

/** Returns the loss of an objective created by {@link preference}, for trainers that use the loss's name. */
export function preferenceLossOf(objective: object): PreferenceLoss | undefined {
  return made.get(objective);
}

function withReferenceLogProbs(
  pair: ReferencedPair,
  [referenceChosen, referenceRejected]: readonly number[],
): ReferencedPair {
  return { ...pair, referenceChosen: referenceChosen!, referenceRejected: referenceRejected! };
}

function withReferenceTokenLogProbs(pair: ReferencedPair, [chosen, rejected]: readonly Float32Array[]): ReferencedPair {
  const { referenceChosen: _, referenceRejected: __, tokens, ...rest } = pair;
  // Drop the sums, which are now computed from the tokens.
  return {
    ...rest,
    tokens: {
      chosen: { ...tokens?.chosen, reference: chosen! },
      rejected: { ...tokens?.rejected, reference: rejected! },
    },
  };
}

/** Sums values over tokens for the chosen and the rejected response, the first two of each pair: [pairs] each. */
function sidesOf(batch: ObjectiveBatch, perToken: Value): Both {
  const pairs = batch.slots;
  const table = reshape(sumByResponse(perToken, batch), [pairs, batch.responses / pairs]);
  return { chosen: reshape(slice(table, 1, 0, 1), [pairs]), rejected: reshape(slice(table, 1, 1, 2), [pairs]) };
}

/**
 * Returns the loss of each pair. @throws InputError if the loss has another shape, which would be broadcast over the
 * pairs
 */
function onePerPair(loss: PreferenceLoss, pairs: number, logProbs: PairLogProbs): Value {
  const value: unknown = callPart(`the loss ${quote(loss.name)}: its perPair`, () => loss.perPair(logProbs));
  const shape =
    typeof value === "object" && value !== null && "shape" in value && Array.isArray(value.shape)
      ? value.shape
      : undefined;
  if (shape?.length === 1 && shape[0] === pairs) return value as Value;
  throw new InputError(
    `the loss ${loss.name}: perPair returned ${shape ? `a value of shape [${shape.join(", ")}]` : quote(value)}, expected one number for each pair, [${pairs}]`,
  );
}

/** Returns the tokens of a batch, for a loss that declares that it reads them. */
function pairTokens({ name, tokens }: PreferenceLoss, batch: ObjectiveBatch): PairTokens {
  const { tokenLogProbs } = batch;
  const fed = (leaf: string) => tokenLogProbs.graph.input(leaf, "float32", tokenLogProbs.shape);
  const undeclared = (): never => {
    throw new Error(`the loss ${name} reads single tokens; declare what it reads of them as its \`tokens\``);
  };
  if (!tokens)
    return {
      get policy() {
        return undeclared();
      },
      get reference() {
        return undeclared();
      },
      get columns() {
        return undeclared();
      },
      sums: undeclared,
    };
  return {
    policy: tokenLogProbs,
    get reference() {
      if (!tokens.reference)
        throw new Error(`the loss ${name} reads the reference's tokens; declare it as \`tokens: { reference: true }\``);
      return fed("referenceTokens");
    },
    columns: Object.fromEntries(
      Object.keys(tokens.columns ?? {}).map((column) => [column, fed(tokenColumnLeaf(column))]),
    ),
    sums: (perToken) => sidesOf(batch, perToken),
  };
}

/** Returns the number of tokens of a response; 1 for an empty one, whose sums are 0. */
const lengthOf = ({ response }: TokenSequence) => Math.max(1, response.length);

/** Rewards are β times the loss's own implicit reward; other names are TRL's. */
function preferenceMetrics(
  loss: PreferenceLoss,
  pairs: readonly ReferencedPair[],
  policyChosen: Float64Array,
  policyRejected: Float64Array,
): Metrics {
  // A demonstration has no rejected response, so it is not part of the comparison.
  const compared = [...pairs.keys()].filter((i) => pairs[i]!.rejected.response.length > 0);
  const mean = (valueOf: (pair: ReferencedPair, i: number) => number, of = compared) =>
    of.reduce((total, i) => total + valueOf(pairs[i]!, i), 0) / of.length;
  const reward = (policy: number, pair: ReferencedPair, side: "chosen" | "rejected") =>
    loss.beta *
    implicitReward(loss, { policy, reference: referenceSum(loss, pair, side), length: lengthOf(pair[side]) });
  const chosen = (pair: ReferencedPair, i: number) => reward(policyChosen[i]!, pair, "chosen");
  const rejected = (pair: ReferencedPair, i: number) => reward(policyRejected[i]!, pair, "rejected");
  const likelihood = { "logps/chosen": mean((_, i) => policyChosen[i]!, [...pairs.keys()]) };
  if (compared.length === 0) return likelihood;
  return {
    "rewards/chosen": mean(chosen),
    "rewards/rejected": mean(rejected),
    "rewards/margins": mean((pair, i) => chosen(pair, i) - rejected(pair, i)),
    "rewards/accuracies": mean((pair, i) => Number(chosen(pair, i) > rejected(pair, i))),
    ...likelihood,
    "logps/rejected": mean((_, i) => policyRejected[i]!),
  };
}
