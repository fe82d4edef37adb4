import { Command, InvalidArgumentError } from "commander";
import { join } from "node:path";
import { InputError, quote } from "../base/errors.js";
import { didYouMean } from "../base/nearest.js";
import { writeFileAtomic, writeJson } from "../base/files.js";
import { planRuns, runAll, type PlannedRun } from "../cells/compare.js";
import type { Difference, MethodComparison } from "../cells/method-comparison.js";
import type { Judge } from "../judge/judge.js";
import { entriesOf, otherFiles } from "../run/folder/identity.js";
import { comparisonText } from "./comparison-text.js";
import { csv } from "./csv.js";
import { namedRecipes } from "./methods.js";
import { comparedForms, parseMethodLine, type ComparedMethod } from "./method-line.js";
import { engineOptions, givenOptions, methodOptions, onCommandLine, whole } from "./options.js";
import { prepareRun, runOptions, type RunArguments } from "./run-inputs.js";
import { reportSpending, runJudge, runJudgeOptions, type RunJudgeArguments } from "./run-judge.js";
import { continues, withSession, type CommandSession } from "./session.js";
import { trackingOptions, type TrackingArguments } from "./tracking.js";

interface CompareArguments extends RunArguments, RunJudgeArguments, TrackingArguments {
  readonly run: readonly ComparedMethod[];
  readonly seeds: readonly number[];
  readonly baseline?: string;
  readonly out: string;
}

/** Result of a comparison. */
interface Compared {
  readonly result: MethodComparison;
  readonly baseline: string;
  /** Empty without a gold reward, or with only one method. */
  readonly differences: readonly Difference[];
}

export function compareCommand(): Command {
  const command = new Command("compare")
    .description(
      "Compare methods: train each with several seeds, from one start on the same pairs, and evaluate all on the same held-out pairs.",
    )
    .optionsGroup("Comparison:")
    .requiredOption(
      "--run <method>",
      '"NAME=method --flag value …", once for each method; its flags override those that all methods share',
      methodLines,
    )
    .option("--seeds <list>", "seeds, separated by commas; each method is trained once with each", seedList, [1, 2, 3])
    .option("--baseline <name>", "method that the others are compared with (default: the first)")
    .requiredOption(
      "--out <folder>",
      "folder of the comparison, with a folder for each run; the same command continues an interrupted comparison",
    );
  return methodOptions(engineOptions(runJudgeOptions(runOptions(trackingOptions(command)))), ...comparedForms)
    .addHelpText(
      "after",
      `
Methods: ${Object.keys(namedRecipes).join(", ")}.

Example:
  sera compare --model data/world/sft --data data/world/train.jsonl --limit 1000 --eval-data data/world/heldout.jsonl \\
    --run "DPO=direct --beta 0.5" --run "SeRA=sera --beta 2 --select 0.5" --seeds 1,2,3 --rounds 3 --out runs/compared`,
    )
    .action(async (args: CompareArguments) => {
      const compared = await withSession(args, (session) => compare(args, session), continues);
      process.stdout.write(
        `${comparisonText(compared.result, compared.baseline, compared.differences)}\n\n${join(args.out, "comparison.json")}\n`,
      );
    });
}

async function compare(args: CompareArguments, session: CommandSession): Promise<Compared> {
  const recipes = recipesOf(args.run);
  const shared = givenOptions(args);
  const planned = planRuns(recipes, shared, args.seeds, onCommandLine);
  const { baseline = planned[0]!.name } = args;
  if (!Object.hasOwn(recipes, baseline))
    throw new InputError(
      `--baseline: found ${quote(baseline)}, expected one of ${Object.keys(recipes).join(", ")}${didYouMean(baseline, Object.keys(recipes))}`,
    );
  if (args.evalData === undefined)
    throw new InputError("nothing to compare the methods on; give held-out pairs by --eval-data");
  await refuseOthersFolder(args.out, planned);
  const judge = await runJudge(
    args,
    planned.map(({ method }) => method),
  );
  const result = await runPlanned(planned, args, session, judge);
  const hasGold = result.rows.every(({ goldReward }) => goldReward !== undefined);
  const differences = hasGold ? result.differencesFrom(baseline) : [];
  await writeResults(args.out, { result, baseline, differences });
  return { result, baseline, differences };
}

async function runPlanned(
  planned: readonly PlannedRun[],
  args: CompareArguments,
  session: CommandSession,
  judge: Judge | undefined,
): Promise<MethodComparison> {
  const input = await session.prepare(() =>
    prepareRun(
      args,
      session,
      planned.map(({ method }) => method),
      judge,
    ),
  );
  const { judge: _, ...unjudged } = input;
  try {
    const controls = { ...session, trackers: args.track };
    return await runAll(planned, input, controls, {
      inputFor: ({ method }) => (method.labelsWithJudge ? input : unjudged),
      placeOf: ({ name, seed }) => ({ folder: join(args.out, folderName(name), `seed-${seed}`) }),
    });
  } finally {
    reportSpending(judge);
    await input.start.free();
  }
}

/** @throws InputError if a folder contains anything other than a comparison's tables and run folders */
async function refuseOthersFolder(out: string, planned: readonly PlannedRun[]): Promise<void> {
  const own = new Set([...tables, ...planned.map(({ name }) => folderName(name))]);
  const others = (await entriesOf(out)).filter((name) => !own.has(name));
  const isForeign = await Promise.all(
    others.map(
      async (name) => !(await entriesOf(join(out, name)).catch(() => [])).some((seed) => seed.startsWith("seed-")),
    ),
  );
  const foreign = others.filter((_, i) => isForeign[i]);
  if (foreign.length > 0) throw otherFiles(out, "the folder of a comparison", foreign);
}

/** Files that a comparison writes next to its runs. */
const tables = ["table.csv", "runs.csv", "differences.csv", "comparison.json"];

async function writeResults(out: string, { result, baseline, differences }: Compared): Promise<void> {
  const runs = result.bySeed.objects();
  await writeFileAtomic(join(out, "table.csv"), csv(result.rows));
  await writeFileAtomic(join(out, "runs.csv"), csv(runs));
  if (differences.length > 0) await writeFileAtomic(join(out, "differences.csv"), csv(differences));
  await writeJson(join(out, "comparison.json"), {
    seeds: result.seeds,
    baseline,
    methods: result.rows,
    differences,
    runs,
  });
}

/** @throws InputError if two methods have the same name, or names that would share a folder */
function recipesOf(methods: readonly ComparedMethod[]): Readonly<Record<string, ComparedMethod["recipe"]>> {
  const folders = methods.map(({ name }) => folderName(name));
  const repeated = methods.find(({ name }, i) => folders.indexOf(folderName(name)) !== i);
  if (repeated)
    throw new InputError(
      `--run: two methods are named ${quote(repeated.name)}; name each, as in --run "NAME=direct --beta 1"`,
    );
  return Object.fromEntries(methods.map(({ name, recipe }) => [name, recipe]));
}

/** Converts a method's name to a folder name valid on any system. */
function folderName(name: string): string {
  return (
    name
      .toLowerCase()
      .replace(/[^\p{L}\p{N}.=]+/gu, "-")
      .replace(/^[-.]+|[-.]+$/g, "") || "method"
  );
}

function methodLines(text: string, before: readonly ComparedMethod[] = []): ComparedMethod[] {
  return [...before, parseMethodLine(text)];
}

function seedList(text: string): number[] {
  const seeds = text.split(",").map(whole(0));
  if (new Set(seeds).size < seeds.length) throw new InvalidArgumentError(`found "${text}", expected each seed once`);
  return seeds;
}
