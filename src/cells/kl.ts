import { createHash } from "node:crypto";
import { InputError } from "../base/errors.js";
import { checkOptionNames, namesOf } from "../base/option-names.js";
import { Random } from "../base/random.js";
import { reported, type TaskOptions } from "../base/task.js";
import { goldRewardsOf } from "../data/gold.js";
import type { Prompt } from "../data/pair.js";
import { encodePrompt } from "../data/tokenize.js";
import { generate } from "../model/generation/generate.js";
import type { Policy } from "../model/policy/policy.js";
import { responseLogProbs } from "../model/scoring/score.js";
import { cell } from "../notebook/display.js";
import type { FrontierRow } from "../plot/index.js";
import { bootstrapInterval } from "../stats/interval.js";
import { requirePrompts } from "./require-prompts.js";
import type { Run } from "./run.js";

/** Sampling options of {@link klFrom}. */
export interface KlOptions {
  /** Maximum tokens of a response; log-probabilities are summed up to there. Default 128. */
  readonly maxNewTokens?: number;
  /** Default 0. */
  readonly seed?: number;
}

/** Increment when the figures change. */
const version = "1";

/**
 * Creates an evaluation of a policy's divergence from its start, KL(π ‖ π_start), and of the gold reward of the same
 * responses: the two axes of the reward–KL frontier (Rafailov et al. 2023, section 6.1), which {@link plot.frontier}
 * draws.
 *
 * One response per prompt is sampled at temperature 1 from the whole distribution; only then does the mean of
 * log π(y|x) − log π_start(y|x) estimate the divergence. If responses are truncated at `maxNewTokens`, the result is
 * the divergence of the truncated responses, a lower bound of the whole.
 *
 * @param start the model that the runs begin from; do not free it while they run
 * @returns for `evaluate`: metrics `kl` in nats and, if all prompts have a gold reward, `klReward` in [0, 1]; their
 *   95 % bootstrap intervals over prompts, `klLow` to `klHigh` and `klRewardLow` to `klRewardHigh`; and `klCut`, the
 *   share of truncated responses
 * @example const evaluate = await klFrom(start, heldOut.map(({ prompt }) => prompt));
 * const run = await sera(start, pairs, { heldOut, evaluate });
 * plot.frontier(frontierRows({ SeRA: [run] }))
 */
export async function klFrom(start: Policy, prompts: readonly Prompt[], options: KlOptions = {}) {
  checkOptionNames("klFrom", options, namesOf<KlOptions>({ maxNewTokens: true, seed: true }));
  const { maxNewTokens = 128, seed = 0 } = options;
  requirePrompts(prompts);
  const about = JSON.stringify({ model: await start.fingerprint(), prompts, maxNewTokens, seed });
  const rewards = goldRewardsOf(prompts);
  const tokens = prompts.map((prompt) => Int32Array.from(encodePrompt(prompt, start.tokenizer)));
  const figuresOf = async (policy: Policy): Promise<Record<string, number>> => {
    const phase = <T>(label: string, work: (task: TaskOptions) => Promise<T>) =>
      reported(`KL: ${label}`, "responses", cell, work);
    const random = Random.seeded(seed).fork("kl");
    const requests = tokens.map((prompt, i) => ({ key: `${i}`, prompt, responses: 1 }));
    const responses = new Array<{ readonly tokens: Int32Array; readonly complete: boolean }>(tokens.length);
    await phase("generate", async (task) => {
      for await (const batch of generate(policy, requests, random, { maxNewTokens }, task)) {
        for (const { request, tokens, complete } of batch) responses[request] = { tokens, complete };
      }
    });
    const sequences = responses.map(({ tokens: response }, i) => ({ prompt: tokens[i]!, response }));
    const own = await phase("score", (task) => responseLogProbs(policy, sequences, task));
    const reference = await phase("score under the start", (task) => responseLogProbs(start, sequences, task));
    const kl = bootstrapInterval(
      [...own].map((logProb, i) => logProb - reference[i]!),
      random.fork("interval"),
    );
    const gold =
      rewards &&
      bootstrapInterval(
        responses.map(({ tokens }, i) => rewards[i]!(policy.tokenizer.decode(tokens))),
        random.fork("gold interval"),
      );
    return {
      ...{ kl: kl.mean, klLow: kl.low, klHigh: kl.high },
      klCut: responses.filter(({ complete }) => !complete).length / responses.length,
      ...(gold && { klReward: gold.mean, klRewardLow: gold.low, klRewardHigh: gold.high }),
    };
  };
  // Runs have models in common: their start, and the iterations before their options differ.
  const known = new Map<string, Record<string, number>>();
  return {
    name: `klFrom ${createHash("sha256").update(about).digest("hex").slice(0, 16)}`,
    version,
    async evaluate(policy: Policy): Promise<Record<string, number>> {
      const key = JSON.stringify(await policy.fingerprint());
      const figures = known.get(key) ?? (await figuresOf(policy));
      known.set(key, figures);
      return figures;
    },
  };
}

/**
 * Returns the frontier points of runs evaluated with {@link klFrom}: for each run, the start and every later iteration.
 * Iterations for which `evaluate` returned no `kl` are left out, so an evaluation may measure only some of them.
 *
 * @param runs keyed by curve, such as a method with several values of β
 * @throws InputError if a run has no `kl`, or an iteration has `kl` and no `klReward`
 */
export function frontierRows(runs: Readonly<Record<string, readonly Run[]>>): FrontierRow[] {
  return Object.entries(runs).flatMap(([series, of]) => of.flatMap((run) => pointsOf(series, run)));
}

function pointsOf(series: string, run: Run): FrontierRow[] {
  const measured = run.iterations.filter(({ metrics }) => metrics?.["kl"] !== undefined);
  const advice = "run it with evaluate: await klFrom(start, prompts), with prompts that have a gold reward";
  if (measured.length === 0) throw new InputError(`frontierRows: ${run.folder} has no kl; ${advice}`);
  return measured.map(({ iteration, metrics = {} }) => {
    const figure = (name: string) => {
      const value = metrics[name];
      if (typeof value !== "number")
        throw new InputError(`frontierRows: iteration ${iteration} of ${run.folder} has no ${name}; ${advice}`);
      return value;
    };
    return {
      ...{ series, iteration, folder: run.folder },
      ...{ kl: figure("kl"), klLow: figure("klLow"), klHigh: figure("klHigh") },
      ...{ reward: figure("klReward"), rewardLow: figure("klRewardLow"), rewardHigh: figure("klRewardHigh") },
    };
  });
}
