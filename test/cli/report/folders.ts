import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { runIdentity, writeIdentity } from "../../../src/run/folder/identity.js";
import { alignSteps, reviewed, sftSteps } from "../../plot/rows.js";

/** Text that would run, or fetch, if a page took it for markup. */
export const hostile = `</p><script>alert("1")</script><img src="https://example.org/x.png" onerror='alert(2)'> & more`;

/** An empty folder that is gone after the test. */
export async function emptyFolder(test: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sera-report-"));
  test.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const lines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

/** Writes a run of SFT and two iterations. */
export async function writeRun(folder: string): Promise<void> {
  const seconds = { training: 31.25, scoring: 9, sampling: 26, evaluation: 12 };
  const summary = {
    method: "sera",
    loss: "dpo",
    labelledBy: "implicit reward",
    seed: 7,
    iterations: [
      { iteration: 0, pairsSelected: null, pairsBootstrapped: null, meanMargin: null, accuracy: null, winRate: 0.5, winRateInterval: [0.5, 0.5], seconds: { training: 74, scoring: null, sampling: null, evaluation: null } },
      { iteration: 1, pairsSelected: 1500, pairsBootstrapped: 0, meanMargin: -0.5, accuracy: 0.625, goldReward: 0.7, goldRewardInterval: [0.69, 0.71], winRate: 0.6, winRateInterval: [0.55, 0.65], seconds },
      { iteration: 2, pairsSelected: 1050, pairsBootstrapped: 450, meanMargin: 1.25, accuracy: 0.66, goldReward: 0.74, goldRewardInterval: [0.73, 0.75], winRate: 0.65, winRateInterval: [0.6, 0.7], seconds },
    ],
  };
  const made = [3, 1, 2].map((margin) => ({
    id: `p${margin}`,
    prompt: margin === 3 ? [{ role: "user", content: hostile }] : `prompt ${margin}`,
    chosen: `chosen ${margin} ${hostile}`,
    rejected: "",
    chosenReward: margin,
    rejectedReward: -margin,
    margin,
  }));
  await mkdir(join(folder, "iteration-1"), { recursive: true });
  await mkdir(join(folder, "iteration-2"));
  await writeFile(join(folder, "summary.json"), JSON.stringify(summary));
  await writeIdentity(folder, runIdentity({ options: { loss: hostile, beta: 0.1, seed: 7, selectBy: { name: hostile, version: "1" } }, engine: null }));
  await writeFile(join(folder, "metrics.jsonl"), lines([...sftSteps(10), ...alignSteps(2, 8, 0.1)]));
  await writeFile(join(folder, "iteration-2", "margins.jsonl"), lines(reviewed(2, 50)));
  await writeFile(join(folder, "iteration-2", "bootstrapped.jsonl"), lines(made));
}

/** Writes a comparison of SFT, DPO and SeRA, with their runs and samples. */
export async function writeComparisonFolder(folder: string): Promise<void> {
  const method = (mean: number, seconds: number) => ({
    goldReward: mean, goldRewardInterval: [mean - 0.01, mean + 0.01],
    winRate: mean - 0.1, winRateInterval: [mean - 0.13, mean - 0.07],
    seconds,
  });
  const methods = { sft: method(0.6, 86), dpo: method(0.7, 150), sera: method(0.75, 221) };
  const sample = { prompt: "cook soup", sft: hostile, dpo: "wash the leek", sera: "please wash the leek", goldSft: 0.25, goldDpo: 0.5, goldSera: 1 };
  await writeFile(join(folder, "summary.json"), JSON.stringify({ methods, seeds: [1, 2, 3] }));
  await writeFile(join(folder, "samples.jsonl"), lines(Array.from({ length: 9 }, () => sample)));
  for (const run of ["dpo", "sera"]) {
    await mkdir(join(folder, run));
    await writeFile(join(folder, run, "metrics.jsonl"), lines(alignSteps(run === "dpo" ? 1 : 3, 6, 0.1)));
  }
}
