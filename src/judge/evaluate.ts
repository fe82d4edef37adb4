import type { PreferenceLoss } from "../align/losses/loss.js";
import type { Random } from "../base/random.js";
import type { Reporter } from "../base/task.js";
import { reported } from "../base/task.js";
import type { TokenizedPair } from "../data/tokenize.js";
import { generate, type GenerationOptions } from "../model/generate.js";
import type { Policy } from "../model/policy.js";
import { pairLogProbs, pairRewards, rewardMargins, type PairValues } from "../review/index.js";
import type { Evaluation } from "../run/summary.js";
import { bootstrapInterval } from "../stats/interval.js";

/** Held-out pairs, with a gold reward for responses to their prompts if there is one. */
export interface HeldOut {
  readonly pairs: readonly TokenizedPair[];
  /** The loss whose implicit reward is compared with the labels. */
  readonly loss: PreferenceLoss;
  /** Reward in [0, 1] of a response to the prompt of pair `i`. */
  readonly gold?: (i: number, response: string) => number;
  readonly generation: GenerationOptions;
}

/** A response to a held-out prompt. */
export interface JudgedResponse {
  readonly id: string;
  readonly response: string;
  readonly gold: number;
}

/**
 * Evaluates a policy on held-out pairs: the accuracy of its implicit reward and, if there is a gold reward, one sampled
 * response per prompt against the reference's.
 *
 * @param reference log-probabilities of the pairs under the reference; undefined if the policy is the reference
 * @param rivals the reference's responses; undefined if the policy is the reference
 */
export async function evaluate(
  policy: Policy,
  { pairs, loss, gold, generation }: HeldOut,
  against: { readonly reference: PairValues; readonly rivals: readonly JudgedResponse[] } | undefined,
  random: Random,
  work: { readonly signal?: AbortSignal; readonly reporter?: Reporter },
): Promise<{ evaluation: Evaluation; responses: readonly JudgedResponse[]; logProbs: PairValues }> {
  const logProbs = await reported("score held-out pairs", work, (inner) => pairLogProbs(policy, pairs, inner));
  // For the reference itself, every margin of a loss that uses it is 0.
  const hasMargins = against !== undefined || !loss.reward.needsReference;
  const margins = hasMargins ? rewardMargins(pairRewards(loss, pairs, logProbs, against?.reference)) : undefined;
  const mean = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / values.length;
  const agreement = {
    accuracy: margins ? mean(margins.map((margin) => Number(margin > 0))) : null,
    meanMargin: margins ? mean(margins) : null,
  };
  if (!gold) return { evaluation: agreement, responses: [], logProbs };

  const responses = await respond(policy, pairs, gold, generation, random.fork("responses"), work);
  const rivals = against?.rivals ?? responses;
  const wins = responses.map(({ gold: mine }, i) => (1 + Math.sign(mine - rivals[i]!.gold)) / 2);
  const reward = bootstrapInterval(responses.map((response) => response.gold), random.fork("gold interval"));
  const win = bootstrapInterval(wins, random.fork("win interval"));
  const judged = {
    goldReward: reward.mean,
    goldRewardInterval: [reward.low, reward.high],
    winRate: win.mean,
    winRateInterval: [win.low, win.high],
  } as const;
  return { evaluation: { ...agreement, ...judged }, responses, logProbs };
}

async function respond(
  policy: Policy,
  pairs: readonly TokenizedPair[],
  gold: NonNullable<HeldOut["gold"]>,
  generation: GenerationOptions,
  random: Random,
  work: { readonly signal?: AbortSignal; readonly reporter?: Reporter },
): Promise<JudgedResponse[]> {
  const requests = pairs.map(({ id, prompt }) => ({ key: id, prompt, responses: 1 }));
  const responses = new Array<JudgedResponse>(pairs.length);
  await reported("answer held-out prompts", work, async (inner) => {
    for await (const batch of generate(policy, requests, random, generation, inner)) {
      for (const { request, tokens } of batch) {
        const response = policy.tokenizer.decode(tokens);
        responses[request] = { id: pairs[request]!.id, response, gold: gold(request, response) };
      }
    }
  });
  return responses;
}
