import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { BootstrappedRow } from "../../../src/bootstrap/index.js";
import { runIdentity, writeIdentity } from "../../../src/run/folder/identity.js";
import { runLayout } from "../../../src/run/folder/layout.js";
import { RunFolder } from "../../../src/run/folder/run-folder.js";
import { alignSteps, reviewed, sftSteps } from "../../plot/rows.js";

/** Text that would run or fetch something if a page treated it as markup. */
export const hostile = `</p><script>alert("1")</script><img src="https://example.org/x.png" onerror='alert(2)'> & more`;

/** Creates an empty folder that is removed after the test. */
export async function emptyFolder(test: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sera-report-"));
  test.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const lines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

const none = { training: 0, scoring: 0, sampling: 0, evaluation: 0 };
const unjudged = {
  pairsSelected: null,
  pairsBootstrapped: null,
  pairsSeen: 0,
  bootstrap: null,
  accuracy: null,
  meanMargin: null,
};

/** Writes a run of one iteration with nothing recorded but its seconds. */
export async function writeBareRun(path: string): Promise<void> {
  const folder = await openFolder(path, {});
  const iterations = [
    { iteration: 0, ...unjudged, seconds: none },
    { iteration: 1, ...unjudged, seconds: { ...none, training: 5 } },
  ];
  await folder.json(runLayout.summary, async () => ({
    method: "sera",
    loss: "dpo",
    labelledBy: null,
    seed: 1,
    iterations,
  }));
}

/**
 * Writes a run of SFT and two iterations.
 *
 * @param labels how its samples were labelled: the option, and the summary's words for it
 */
export async function writeRun(
  path: string,
  labels: { readonly labelBy: string; readonly labelledBy: string } = {
    labelBy: "implicit",
    labelledBy: "implicit reward",
  },
): Promise<void> {
  const folder = await openFolder(path, {
    loss: hostile,
    beta: 0.1,
    seed: 7,
    labelBy: labels.labelBy,
    rewardAgainst: "start",
    selectBy: { name: hostile, version: "1" },
  });
  const seconds = { training: 31.25, scoring: 9, sampling: 26, evaluation: 12 };
  const judged = (goldReward: number, winRate: number) => ({
    ...{ goldReward, goldRewardInterval: [goldReward - 0.01, goldReward + 0.01] as const },
    ...{ winRate, winRateInterval: [winRate - 0.05, winRate + 0.05] as const },
  });
  const iterations = [
    {
      iteration: 0,
      ...unjudged,
      winRate: 0.5,
      winRateInterval: [0.5, 0.5] as const,
      seconds: { ...none, training: 74 },
    },
    {
      iteration: 1,
      ...unjudged,
      pairsSelected: 1500,
      pairsBootstrapped: 0,
      meanMargin: -0.5,
      accuracy: 0.625,
      ...judged(0.7, 0.6),
      seconds,
    },
    {
      iteration: 2,
      ...unjudged,
      pairsSelected: 1050,
      pairsBootstrapped: 450,
      meanMargin: 1.25,
      accuracy: 0.66,
      ...judged(0.74, 0.65),
      seconds,
    },
  ];
  const made = [3, 1, 2].map(
    (margin): BootstrappedRow => ({
      id: `p${margin}`,
      prompt: margin === 3 ? hostile : `prompt ${margin}`,
      chosen: `chosen ${margin} ${hostile}`,
      rejected: "",
      chosenReward: margin,
      rejectedReward: -margin,
      margin,
    }),
  );
  const { metrics } = runLayout;
  for (const row of [...sftSteps(10), ...alignSteps(2, 8, 0.1)]) await folder.append(metrics, { ...row });
  await folder.record([metrics.path]);
  await folder.rows(runLayout.iteration(2).margins, async () =>
    reviewed(2, 50).map(({ ensemble, kept }, i) => ({
      ...{
        id: `p${i}`,
        prompt: `p${i}`,
        chosenReward: ensemble,
        rejectedReward: 0,
        margin: ensemble,
        previousMargin: 0,
        ensemble,
        kept,
      },
      ...{ chosenLength: 3, rejectedLength: 3 },
    })),
  );
  await folder.rows(runLayout.iteration(2).bootstrapped, async () => made);
  await folder.json(runLayout.summary, async () => ({
    method: "sera",
    loss: "dpo",
    labelledBy: labels.labelledBy,
    seed: 7,
    iterations,
  }));
  await folder.close();
}

async function openFolder(path: string, options: object): Promise<RunFolder> {
  await writeIdentity(path, runIdentity({ options, engine: null }));
  return RunFolder.open(path);
}

/** Writes a comparison of SFT, DPO and SeRA, with their runs and samples. */
export async function writeComparisonFolder(folder: string): Promise<void> {
  const method = (mean: number, seconds: number) => ({
    goldReward: mean,
    goldRewardInterval: [mean - 0.01, mean + 0.01],
    winRate: mean - 0.1,
    winRateInterval: [mean - 0.13, mean - 0.07],
    seconds,
  });
  const methods = { sft: method(0.6, 86), dpo: method(0.7, 150), sera: method(0.75, 221) };
  const sample = {
    prompt: "cook soup",
    sft: hostile,
    dpo: "wash the leek",
    sera: "please wash the leek",
    goldSft: 0.25,
    goldDpo: 0.5,
    goldSera: 1,
  };
  await writeFile(join(folder, "summary.json"), JSON.stringify({ methods, seeds: [1, 2, 3] }));
  await writeFile(join(folder, "samples.jsonl"), lines(Array.from({ length: 9 }, () => sample)));
  for (const run of ["dpo", "sera"]) {
    const steps = await RunFolder.open(join(folder, run));
    for (const row of alignSteps(run === "dpo" ? 1 : 3, 6, 0.1)) await steps.append(runLayout.metrics, { ...row });
    await steps.record([runLayout.metrics.path]);
    await steps.close();
  }
}
