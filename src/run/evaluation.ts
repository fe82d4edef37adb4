import type { HasImplicitReward } from "../align/losses/reward.js";
import { Random } from "../base/random.js";
import { reported } from "../base/task.js";
import type { TokenizedPair, TokenizedPrompt } from "../data/tokenize.js";
import type { GenerationOptions } from "../model/generation/generate.js";
import { pairRewards, rewardMargins, type PairValues } from "../review/index.js";
import { bootstrapInterval } from "../stats/interval.js";
import { mean, share } from "../stats/mean.js";
import type { RunContext } from "./context.js";
import { runLayout } from "./folder/layout.js";
import type { HeldOut } from "./input.js";
import type { ModelCache } from "./model-cache.js";
import type { Evaluation } from "./summary.js";

/** A response to a held-out prompt. */
export interface JudgedResponse {
  readonly id: string;
  readonly response: string;
  readonly gold: number;
}

/** log π(y | x) of both responses of a pair. */
export interface PairLogProbsRow {
  readonly id: string;
  readonly chosen: number;
  readonly rejected: number;
}

/** How held-out pairs are evaluated. */
export interface EvaluationSettings {
  /** The loss whose implicit reward is compared with the labels. */
  readonly loss: HasImplicitReward;
  readonly generation: GenerationOptions;
  /**
   * Seed of responses and intervals. All iterations use the same streams, so that they differ only in what they learned.
   */
  readonly seed: number;
  readonly cache: ModelCache;
  readonly textOf: (tokens: Int32Array) => string;
}

/**
 * Evaluates the policy of an iteration: on held-out pairs, its implicit reward against the labels; if there is a gold
 * reward, one sampled response per held-out prompt against the response of iteration 0, the reference.
 */
export async function evaluateHeldOut(
  context: RunContext,
  t: number,
  heldOut: HeldOut,
  settings: EvaluationSettings,
): Promise<Evaluation> {
  const { folder } = context;
  const agreement =
    heldOut.pairs.length > 0
      ? await labelAgreement(context, t, heldOut.pairs, settings)
      : { accuracy: null, meanMargin: null };
  if (!heldOut.gold) return agreement;
  const responses = await folder.rows(runLayout.iteration(t).responses, () => respond(context, t, heldOut, settings));
  const rivals = t === 0 ? responses : await folder.readRows(runLayout.iteration(0).responses);
  const wins = responses.map(({ gold }, i) => (1 + Math.sign(gold - rivals[i]!.gold)) / 2);
  const random = streamOf(settings);
  const reward = bootstrapInterval(
    responses.map(({ gold }) => gold),
    random.fork("gold interval"),
  );
  const win = bootstrapInterval(wins, random.fork("win interval"));
  return {
    ...agreement,
    goldReward: reward.mean,
    goldRewardInterval: [reward.low, reward.high],
    winRate: win.mean,
    winRateInterval: [win.low, win.high],
  };
}

/**
 * Measures how far the implicit reward agrees with the labels. Under the reference itself, the margins of a loss that
 * needs a reference are all 0.
 */
async function labelAgreement(
  context: RunContext,
  t: number,
  pairs: readonly TokenizedPair[],
  { loss, cache }: EvaluationSettings,
): Promise<Evaluation> {
  const { needsReference } = loss.reward;
  const logProbs = (iteration: number) => heldOutLogProbs(context, iteration, pairs, cache);
  if (t === 0 && needsReference) {
    await logProbs(0);
    return { accuracy: null, meanMargin: null };
  }
  const policy = await logProbs(t);
  const reference = needsReference ? await logProbs(0) : undefined;
  const margins = [...rewardMargins(pairRewards(loss, pairs, policy, reference))];
  return { accuracy: share(margins, (margin) => margin > 0), meanMargin: mean(margins) };
}

async function heldOutLogProbs(
  context: RunContext,
  t: number,
  pairs: readonly TokenizedPair[],
  cache: ModelCache,
): Promise<PairValues> {
  const rows = await context.folder.rows(runLayout.iteration(t).heldOut, async () => {
    const label = context.label("score held-out pairs", t);
    const logProbs = await reported(label, "responses", context.controls, (task) =>
      cache.pairLogProbs({ model: t, iteration: t, kind: "evaluation" }, pairs, task),
    );
    return pairLogProbsRows(
      pairs.map(({ id }) => id),
      logProbs,
    );
  });
  return pairValues(rows);
}

/** Converts rows of log-probabilities to columns. */
export function pairValues(rows: readonly PairLogProbsRow[]): PairValues {
  return {
    chosen: Float64Array.from(rows, ({ chosen }) => chosen),
    rejected: Float64Array.from(rows, ({ rejected }) => rejected),
  };
}

/** Converts columns of log-probabilities to rows with the ids of their pairs. */
export function pairLogProbsRows(ids: readonly string[], { chosen, rejected }: PairValues): PairLogProbsRow[] {
  return ids.map((id, i) => ({ id, chosen: chosen[i]!, rejected: rejected[i]! }));
}

async function respond(
  context: RunContext,
  t: number,
  { pairs, prompts = pairs, gold }: HeldOut,
  settings: EvaluationSettings,
): Promise<JudgedResponse[]> {
  const sample = () => sampleTexts(context, t, prompts, settings);
  const { generation, seed, cache } = settings;
  const work = { model: t, iteration: t, kind: "evaluation" } as const;
  const responses = await cache.responses(work, prompts, { seed, ...generation }, sample);
  return responses.map((response, i) => ({ id: prompts[i]!.id, response, gold: gold!(i, response) }));
}

async function sampleTexts(
  context: RunContext,
  t: number,
  prompts: readonly TokenizedPrompt[],
  settings: EvaluationSettings,
): Promise<string[]> {
  const model = await context.model(t);
  const requests = prompts.map(({ id, prompt }) => ({ key: id, prompt, responses: 1 }));
  const random = streamOf(settings).fork("responses");
  const texts = new Array<string>(prompts.length);
  await reported(context.label("answer held-out prompts", t), "responses", context.controls, async (task) => {
    for await (const batch of context.executor.samples(model, requests, random, settings.generation, task)) {
      for (const { request, tokens } of batch) texts[request] = settings.textOf(tokens);
    }
  });
  return texts;
}

const streamOf = ({ seed }: EvaluationSettings) => Random.seeded(seed).fork("evaluate");
