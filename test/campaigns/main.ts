/*
 * Seeded damage and attacks on everything that is read, and runs that are killed, started twice or left without disk space.
 * The table counts outcomes; each third outcome is listed with what is needed to repeat it.
 *
 * usage: npm run campaign -- --what kills --count 100
 */
import { Command, InvalidArgumentError, Option } from "commander";
import { number, whole } from "../../src/cli/options.js";
import { fullDisk } from "./disk.js";
import { markup } from "./markup.js";
import { mutants } from "./mutants.js";
import type { CampaignOptions, Tally } from "./outcomes.js";
import { damagedFolders, kills, twoProcesses } from "./runs.js";
import { hostileHub, hostileJudge } from "./servers.js";
import { growthPerRun, soak } from "./soak.js";
import { mergedTable, outcomeTable, readBetweenMarks, writeBetweenMarks } from "./table.js";
import { jupyterMessages } from "./wire.js";

const campaigns: Readonly<Record<string, (options: CampaignOptions, only?: string) => Promise<Tally[]>>> = {
  mutants,
  kills,
  "two-processes": twoProcesses,
  "damaged-folders": damagedFolders,
  disk: fullDisk,
  hub: hostileHub,
  judge: hostileJudge,
  jupyter: jupyterMessages,
  markup,
};

const known = `soak, or some of ${Object.keys(campaigns).join(", ")}`;
const report = "docs/reliability.md";

const command = new Command("campaign")
  .description("Damages inputs, kills runs, and counts the outcomes.")
  .addOption(new Option("--what <names>", known).argParser(namesOf).default(Object.keys(campaigns), "all but soak"))
  .option("--only <input>", "mutate only this kind of input, as the table names it")
  .option("--seed <n>", "seed of the attempts", whole(0), 1)
  .option("--count <n>", "attempts of each kind, at most", whole(1), 1000)
  .option("--seconds <n>", "time for each kind, at most", number, 60)
  .option("--hours <n>", "how long soak measures the memory of one process", number, 8)
  .option("--out <file>", "the plot that soak writes", "docs/pictures/soak.svg")
  .option("--write", `put the rows into ${report}`)
  .parse();
const { what, only, seed, count, seconds, hours, out, write } = command.opts<Options>();

interface Options extends CampaignOptions {
  readonly what: readonly string[];
  readonly only?: string;
  readonly hours: number;
  readonly out: string;
  readonly write?: boolean;
}

function namesOf(text: string): string[] {
  const names = text.split(",");
  const unknown = names.find((name) => !Object.hasOwn(campaigns, name));
  if (unknown !== undefined && text !== "soak") {
    throw new InvalidArgumentError(`found "${unknown}", expected ${known}.`);
  }
  return names;
}

if (what[0] === "soak") {
  const taken = await soak(hours, out);
  const { runs, resident } = taken.at(-1)!;
  console.log(
    `${runs} runs in one process; ${resident.toFixed(0)} MB at the end, ${growthPerRun(taken).toFixed(3)} MB more with each run in the second half`,
  );
} else {
  const tallies: Tally[] = [];
  for (const name of what) tallies.push(...(await campaigns[name]!({ seed, count, seconds }, only)));
  const table = outcomeTable(tallies);
  console.log(table);
  for (const { campaign, input, thirds } of tallies)
    for (const { id, what: found } of thirds) console.log(`${campaign}, ${input}, ${id}: ${found}`);
  if (write) writeBetweenMarks(report, "campaign", mergedTable(readBetweenMarks(report, "campaign"), table));
  process.exitCode = tallies.some(({ thirds }) => thirds.length > 0) ? 1 : 0;
}
