import { InputError } from "../base/errors.js";
import {
  add,
  less,
  logSoftmax,
  matmul,
  maximum,
  mul,
  neg,
  reshape,
  slice,
  sub,
  sum,
  where,
  type Value,
} from "../graph/index.js";
import type { TokenSequence } from "../model/scoring/batch.js";
import { meanHidden, responseMeanFeed } from "./head.js";
import type { PreferenceLoss } from "./losses/loss.js";
import { weightOf } from "./pair-columns.js";
import type { Metrics } from "./objective.js";
import type { PairObjective } from "./pair-objective.js";
import { preference, type ReferencedPair } from "./preference.js";

/** Marks a removed token in the token column of a degraded response. */
export const removedToken = -1;

/** Settings of {@link spo}. */
export interface SpoSettings {
  /** λ: weight of the classification of degrees. */
  readonly lambda: number;
}

/** Degrees of preference: 0, ½ and 1, of none, half and all of the key content. */
const degrees = 3;
/**
 * Index of the degree of each of an example's sequences: chosen, rejected, then chosen and rejected with half and with
 * none.
 */
const degreeOf = [2, 2, 1, 0, 1, 0] as const;
const chosenAt = [0, 2, 3] as const;
const rejectedAt = [1, 4, 5] as const;

/**
 * Adds a self-supervised classification of how much of its key content a response has to a preference loss (SPO: Li et
 * al. 2024, arXiv 2409.17791): L + λ·½(CE_w + CE_l), where CE_w is the mean cross-entropy over the chosen response with
 * all, half and none of its key content, CE_l the same for the rejected one, and a linear head reads the mean hidden
 * state of a response. The degraded responses are the token columns `half` and `none`, token ids, as created by
 * `degradedResponses`; versions equal to another do not count.
 */
export function spo(loss: PreferenceLoss, { lambda }: SpoSettings): PairObjective {
  const base = preference(loss);
  const sequences = (pair: ReferencedPair) => [
    pair.chosen,
    pair.rejected,
    degraded(pair, "chosen", "half"),
    degraded(pair, "chosen", "none"),
    degraded(pair, "rejected", "half"),
    degraded(pair, "rejected", "none"),
  ];
  return {
    ...base,
    ...{
      name: `spo of ${loss.name}`,
      version: "1",
      beta: loss.beta,
      reward: loss.reward,
      settings: { ...loss.settings, lambda },
    },
    head: {
      shapes: (hiddenSize) => ({ weight: [hiddenSize, degrees], bias: [degrees] }),
    },
    sequences,

    columns(pairs) {
      if (loss.tokens || pairs.some(({ tokens }) => tokens?.chosen.weight ?? tokens?.rejected.weight)) {
        throw new InputError(
          `spo: the loss ${loss.name} or the column "weight" weighs single tokens, which degraded responses do not have; choose a loss of whole responses`,
        );
      }
      pairs.forEach(({ tokens }, i) => {
        if (!tokens?.chosen.half || !tokens.chosen.none || !tokens.rejected.half || !tokens.rejected.none)
          throw new InputError(`pair ${i + 1}: no degraded responses; use methods.spo`);
      });
      if (pairs.length > 0 && !pairs.some((pair) => counts(pair).some(Boolean)))
        throw new InputError(
          "spo: no response has a key phrase, so that there is nothing to take away; use another loss",
        );
      return base.columns!(pairs);
    },

    build(batch) {
      const built = base.build(batch);
      const { graph } = batch.tokenLogProbs;
      const degree = graph.input("degree", "float32", [batch.responses, degrees]);
      const share = graph.input("degreeShare", "float32", [batch.responses]);
      const counted = graph.input("degreeCounts", "float32", [batch.responses]);
      const logProbs = logSoftmax(add(matmul(meanHidden(batch), batch.head("weight")), batch.head("bias")));
      const ofDegree = reshape(sum(mul(logProbs, degree), [1]), [batch.responses]);
      const column = (at: number) => reshape(slice(logProbs, 1, at, at + 1), [batch.responses]);
      const isWrong = where(less(ofDegree, maximum(maximum(column(0), column(1)), column(2))), 1, 0);
      const perPair = (values: Value) =>
        reshape(sum(reshape(mul(values, counted), [batch.slots, degreeOf.length]), [1]), [batch.slots]);
      return {
        ...built,
        loss: sub(built.loss, sum(mul(ofDegree, share))),
        perExample: { ...built.perExample, degreeLoss: perPair(neg(ofDegree)), degreeWrong: perPair(isWrong) },
      };
    },

    feed(pairs, sizes) {
      const { tokenWeight, feeds } = base.feed(pairs, sizes);
      const responses = degreeOf.length * sizes.slots;
      const all = pairs.flatMap(sequences);
      const column = (values: readonly number[], padding = 0) =>
        Float32Array.from({ length: responses }, (_, i) => values[i] ?? padding);
      const degree = new Float32Array(responses * degrees);
      all.forEach((_, i) => (degree[i * degrees + degreeOf[i % degreeOf.length]!] = 1));
      const own = {
        degree,
        degreeShare: column(
          pairs.flatMap((pair) => shares(pair).map((share) => (lambda * share * weightOf(pair)) / sizes.step.length)),
        ),
        degreeCounts: column(pairs.flatMap((pair) => counts(pair).map(Number))),
      };
      return {
        tokenWeight,
        feeds: { ...feeds, ...own, ...responseMeanFeed(all, sizes.tokens) },
      };
    },

    metrics(pairs, fetched) {
      const total = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);
      const counted = pairs.reduce((count, pair) => count + counts(pair).filter(Boolean).length, 0);
      const known: Metrics =
        counted === 0
          ? {}
          : {
              "degree/loss": total(fetched.degreeLoss!) / counted,
              "degree/accuracy": 1 - total(fetched.degreeWrong!) / counted,
            };
      return { ...base.metrics(pairs, fetched), ...known };
    },
  };
}

function degraded(pair: ReferencedPair, side: "chosen" | "rejected", version: "half" | "none"): TokenSequence {
  const ids = pair.tokens![side][version]!;
  return { prompt: pair[side].prompt, response: Int32Array.from(ids).filter((id) => id !== removedToken) };
}

/**
 * Returns which of an example's sequences are classified: none for a response without key content, and one of equal
 * versions.
 */
function counts(pair: ReferencedPair): boolean[] {
  const flags = degreeOf.map(() => false);
  for (const [side, [all, half, none]] of [
    ["chosen", chosenAt],
    ["rejected", rejectedAt],
  ] as const) {
    const key = (ids: ArrayLike<number>) => Array.from(ids).join();
    const [whole, some, least] = [pair[side].response, pair.tokens![side].half!, pair.tokens![side].none!].map(key);
    flags[all] = flags[none] = least !== whole;
    flags[half] = some !== whole && some !== least;
  }
  return flags;
}

/** Returns the weight of each sequence in ½(CE_w + CE_l). */
function shares(pair: ReferencedPair): number[] {
  const flags = counts(pair);
  const shareOf = (side: readonly number[]) => 1 / (2 * Math.max(1, side.filter((at) => flags[at]).length));
  return flags.map((flag, at) => (flag ? shareOf(chosenAt.some((own) => own === at) ? chosenAt : rejectedAt) : 0));
}
