import { Command } from "commander";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic, writeJson } from "../base/files.js";
import { world } from "../data/world/shipped.js";
import type { JudgedResponse } from "../run/evaluation.js";
import { hasResults } from "../run/folder/run-folder.js";
import { workSeconds, type IterationSummary, type Judged, type RunSummary } from "../run/summary.js";
import { seraMethod } from "../sera.js";
import { align } from "./align.js";
import { engineOptions, whole, type EngineArguments } from "./options.js";
import type { PlaceArguments } from "./run-place.js";
import { continues, withSession, type CommandSession } from "./session.js";
import { fineTune } from "./sft.js";
import { judgedCells, textTable } from "./summary-table.js";

/** Options with which the world's shipped SFT model was trained; `--fresh` trains it again. */
export const worldSft = { sftEpochs: 8, sftLearningRate: 2e-3, sftBatchSize: 32 } as const;

/** Number of the world's pairs to train on. */
const pairs = 2000;

/** Passes over the pairs for each method: epochs for DPO, iterations for SeRA. */
const rounds = 3;

/** β is the best of 1, 2 and 3 for each method on the validation pairs, whose prompts no result uses (docs/log.md). */
const methods = {
  dpo: (seed: number) => seraMethod({ ...shared, seed, beta: 1, iterations: 1, epochs: rounds }),
  sera: (seed: number) => seraMethod({ ...shared, seed, beta: 2, iterations: rounds, epochs: 1 }),
};

const shared = { maxNewTokens: 48 } as const;

interface QuickstartArguments extends EngineArguments {
  readonly fresh: boolean;
  readonly seed: number;
  readonly out: string;
}

export function quickstartCommand(): Command {
  const command = new Command("quickstart")
    .description(
      "Run SFT, DPO and SeRA on the shipped synthetic world and compare them by its gold reward; under 10 minutes on 2 cores.",
    )
    .option("--fresh", "train the SFT start instead of using the shipped one", false)
    .option("--seed <n>", "seed of everything random: the same seed gives the same bytes", whole(0), 1)
    .option(
      "--out <folder>",
      "folder of the runs; those that are there are continued, or read if they have ended",
      "runs/quickstart",
    );
  return engineOptions(command)
    .addHelpText("after", "\nExample:\n  sera quickstart --seed 2 --out runs/quickstart-2")
    .action(async (run: QuickstartArguments) => {
      const table = await withSession(run, (session) => quickstart(run, session), continues);
      process.stdout.write(`\n${table}\n\n${run.out}/report.html\n`);
    });
}

async function quickstart(run: QuickstartArguments, session: CommandSession): Promise<string> {
  const start = run.fresh ? await trainStart(run, session) : { model: world.sft, seconds: 0 };
  const dpo = await alignment(run, start.model, "dpo", session);
  const sera = await alignment(run, start.model, "sera", session);

  const last = ({ iterations }: RunSummary) => iterations.at(-1)!;
  const figures = {
    sft: { ...judged(dpo.iterations[0]!), seconds: start.seconds },
    dpo: { ...judged(last(dpo)), seconds: workSeconds(dpo.iterations) },
    sera: { ...judged(last(sera)), seconds: workSeconds(sera.iterations) },
  };
  await writeJson(join(run.out, "summary.json"), { seeds: [run.seed], methods: figures });
  await writeSamples(run.out);
  const { writeComparison } = await import("./report/comparison.js");
  await writeComparison(run.out);
  const rows = Object.entries(figures).map(([name, { seconds, ...figure }]) => [
    name.toUpperCase().replace("SERA", "SeRA"),
    ...judgedCells(figure),
    seconds.toFixed(0),
  ]);
  return textTable([["method", "gold reward", "win rate against SFT", "seconds"], ...rows]);
}

async function trainStart(run: QuickstartArguments, session: CommandSession) {
  const place = await placeIn(run, "sft");
  const { model, summary } = await fineTune(
    { ...run, ...worldSft, ...asGiven, ...place, data: world.demonstrations, model: "world" },
    session,
  );
  return { model, seconds: workSeconds(summary.iterations) };
}

/** Reads every row unchanged. */
const asGiven = { skipBadRows: false, truncatePrompts: false } as const;

/** Where a part of the quickstart is stored; one that has begun is continued, or read if it has ended. */
async function placeIn({ out }: QuickstartArguments, part: string): Promise<PlaceArguments> {
  const folder = join(out, part);
  return { out: folder, resume: await hasResults(folder) };
}

async function alignment(
  run: QuickstartArguments,
  model: string,
  name: keyof typeof methods,
  session: CommandSession,
): Promise<RunSummary> {
  const data = { data: world.train, evalData: world.heldOut, limit: pairs, flip: 0, ...asGiven };
  const place = await placeIn(run, name);
  return align({ ...run, ...data, ...place, model }, methods[name](run.seed), session);
}

/** Gold reward and win rate of an iteration, as plain numbers with their intervals in separate fields. */
function judged({ goldReward, goldRewardInterval, winRate, winRateInterval }: IterationSummary): Judged {
  return {
    ...(goldReward !== undefined && { goldReward }),
    ...(goldRewardInterval && { goldRewardInterval }),
    ...(winRate !== undefined && { winRate }),
    ...(winRateInterval && { winRateInterval }),
  };
}

async function writeSamples(folder: string): Promise<void> {
  const responses = async (run: string, iteration: number) =>
    lines<JudgedResponse>(join(folder, run, `iteration-${iteration}`, "responses.jsonl"));
  const [prompts, sft, dpo, sera] = await Promise.all([
    lines<{ prompt: string }>(world.heldOut),
    responses("dpo", 0),
    responses("dpo", 1),
    responses("sera", rounds),
  ]);
  const rows = prompts.map(({ prompt }, i) => ({
    prompt,
    sft: sft[i]!.response,
    dpo: dpo[i]!.response,
    sera: sera[i]!.response,
    goldSft: sft[i]!.gold,
    goldDpo: dpo[i]!.gold,
    goldSera: sera[i]!.gold,
  }));
  await writeFileAtomic(join(folder, "samples.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

async function lines<T>(file: string): Promise<T[]> {
  return (await readFile(file, "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as T);
}
