import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Interval } from "../../stats/interval.js";
import type { MarginRow } from "../../plot/rows.js";
import { InputError } from "../../base/errors.js";
import { readIdentity } from "../../run/folder/identity.js";
import { readJsonFile, readJsonLinesFile } from "./json-file.js";

const number = z.number().nullish();

const bounds = z.tuple([z.number(), z.number()]).nullish();

/** What the gold reward says of responses: means with the bounds of their 95 % intervals beside them. */
export const judged = { goldReward: number, goldRewardInterval: bounds, winRate: number, winRateInterval: bounds };

/** The means of {@link judged} put together with their bounds. */
export function withIntervals<Row extends z.output<z.ZodObject<typeof judged>>>({
  goldReward,
  goldRewardInterval,
  winRate,
  winRateInterval,
  ...row
}: Row): Omit<Row, keyof typeof judged> & Judged {
  const reward = interval(goldReward, goldRewardInterval);
  const win = interval(winRate, winRateInterval);
  return { ...row, ...(reward && { goldReward: reward }), ...(win && { winRate: win }) };
}

/** A gold reward and a win rate against the start, where they are known. */
export interface Judged {
  readonly goldReward?: Interval;
  readonly winRate?: Interval;
}

function interval(mean: number | null | undefined, limits: z.output<typeof bounds>): Interval | undefined {
  return mean == null || limits == null ? undefined : { mean, low: limits[0], high: limits[1] };
}

const iteration = z
  .object({
    iteration: z.int().nonnegative(),
    pairsSelected: number,
    pairsBootstrapped: number,
    bootstrap: z.object({ samples: z.number(), incomplete: z.number() }).nullish(),
    meanMargin: number,
    accuracy: number,
    ...judged,
    seconds: z.object({ training: number, scoring: number, sampling: number, evaluation: number }),
  })
  .transform(withIntervals);

const summary = z.object({
  method: z.string(),
  loss: z.string(),
  labelledBy: z.string().nullable(),
  seed: z.number(),
  iterations: z.array(iteration),
});

const step = z.object({
  phase: z.enum(["sft", "align"]),
  iteration: z.int().nonnegative(),
  step: z.number(),
  loss: z.number(),
  "rewards/chosen": number,
  "rewards/rejected": number,
  "rewards/margins": number,
  "rewards/accuracies": number,
});

const margin = z.object({ ensemble: z.number(), kept: z.boolean() });

const prompt = z.union([z.string(), z.array(z.object({ role: z.string(), content: z.string() }))]);

const bootstrapped = z.object({
  id: z.string(),
  prompt,
  chosen: z.string(),
  rejected: z.string(),
  chosenReward: number,
  rejectedReward: number,
  margin: number,
});

/** One iteration of `summary.json`; iteration 0 is the start. */
export type IterationSummary = z.output<typeof iteration>;
/** A pair that the policy made (a line of `bootstrapped.jsonl`). */
export type BootstrappedPair = z.output<typeof bootstrapped>;

/** What a report reads of a run folder. */
export interface RunFolder {
  readonly summary: z.output<typeof summary>;
  /** Every option of the run. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly steps: readonly z.output<typeof step>[];
  readonly margins: readonly MarginRow[];
  /** The pairs made before the last iteration that made any. */
  readonly bootstrapped: { readonly iteration: number; readonly pairs: readonly BootstrappedPair[] } | undefined;
}

/**
 * Reads the tables of a run folder. What a run may not have (margins and made pairs of an
 * iteration, steps of a run that trained nothing) is empty.
 *
 * @throws {InputError} where `summary.json` or `run.json` is missing, or a file is not as it should be
 */
export async function readRunFolder(folder: string): Promise<RunFolder> {
  const runSummary = await readJsonFile(join(folder, "summary.json"), summary);
  const margins: MarginRow[] = [];
  let made: RunFolder["bootstrapped"];
  for (const number of await iterationsIn(folder)) {
    const of = join(folder, `iteration-${number}`);
    for (const row of (await readJsonLinesFile(join(of, "margins.jsonl"), margin)) ?? []) {
      margins.push({ iteration: number, ...row });
    }
    const pairs = await readJsonLinesFile(join(of, "bootstrapped.jsonl"), bootstrapped);
    if (pairs?.length) made = { iteration: number, pairs };
  }
  return {
    summary: runSummary,
    config: await factsOf(folder),
    steps: await readSteps(folder),
    margins,
    bootstrapped: made,
  };
}

/**
 * The logged training steps of a run folder.
 *
 * @throws {InputError} where a line of `metrics.jsonl` is not as it should be
 */
export async function readSteps(folder: string): Promise<RunFolder["steps"]> {
  return (await readJsonLinesFile(join(folder, "metrics.jsonl"), step)) ?? [];
}

/** The run's method and options, and digests of what it was made from. */
async function factsOf(folder: string): Promise<RunFolder["config"]> {
  const identity = await readIdentity(folder);
  if (!identity) throw new InputError(`${folder}: not the folder of a run`);
  const { options, ...facts } = runFacts.parse(identity.facts);
  return { ...options, ...facts };
}

const runFacts = z.looseObject({ options: z.record(z.string(), z.unknown()) });

async function iterationsIn(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names
    .flatMap((name) => /^iteration-(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}
