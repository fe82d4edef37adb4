/*
 * `npm run campaign -- [--what …] [--count …] [--seconds …] [--seed …] [--only …] [--write]`: seeded damage and malice against
 * everything that is read, and runs that are killed, met by others or left without room. The table counts outcomes; every
 * third one is told with what repeats it. `--write` puts its rows into docs/reliability.md. `--what soak --hours 8` watches
 * the memory of one process.
 */
import { parseArgs } from "node:util";
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

const report = "docs/reliability.md";

const { values } = parseArgs({
  options: {
    what: { type: "string", default: Object.keys(campaigns).join(",") },
    only: { type: "string" },
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "1000" },
    seconds: { type: "string", default: "60" },
    hours: { type: "string", default: "8" },
    out: { type: "string", default: "docs/pictures/soak.svg" },
    write: { type: "boolean", default: false },
  },
});

function numberOf(name: "seed" | "count" | "seconds" | "hours"): number {
  const value = Number(values[name]);
  if (!(value >= 0)) throw new Error(`--${name}: found ${values[name]}, expected a number from 0`);
  return value;
}

if (values.what === "soak") {
  const taken = await soak(numberOf("hours"), values.out);
  const { runs, resident } = taken.at(-1)!;
  console.log(
    `${runs} runs in one process; ${resident.toFixed(0)} MB at the end, ${growthPerRun(taken).toFixed(3)} MB more with each run in the second half`,
  );
} else {
  const options = { seed: numberOf("seed"), count: numberOf("count"), seconds: numberOf("seconds") };
  const tallies: Tally[] = [];
  for (const what of values.what.split(",")) {
    const campaign = campaigns[what];
    if (!campaign) throw new Error(`--what: found ${what}, expected soak, or of ${Object.keys(campaigns).join(", ")}`);
    tallies.push(...(await campaign(options, values.only)));
  }
  const table = outcomeTable(tallies);
  console.log(table);
  for (const { campaign, input, thirds } of tallies)
    for (const { id, what } of thirds) console.log(`${campaign}, ${input}, ${id}: ${what}`);
  if (values.write) writeBetweenMarks(report, "campaign", mergedTable(readBetweenMarks(report, "campaign"), table));
  process.exitCode = tallies.some(({ thirds }) => thirds.length > 0) ? 1 : 0;
}
