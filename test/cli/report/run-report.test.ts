import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { it } from "node:test";
import { renderReport, writeReport } from "../../../src/cli/report/run-report.js";
import { runLayout } from "../../../src/run/folder/layout.js";
import { RunFolder } from "../../../src/run/folder/run-folder.js";
import type { LoggedStep } from "../../../src/run/logged-step.js";
import { alignSteps } from "../../plot/rows.js";
import { emptyFolder, writeBareRun, writeRun } from "./folders.js";
import { pictures, standsAlone, textOf } from "./page-checks.js";

it("renderReport shows the run's settings and the figures of each iteration", async (test) => {
  const folder = await emptyFolder(test);
  await writeRun(folder);
  const page = await renderReport(folder);
  standsAlone(page);
  assert.equal(pictures(page), 8);
  const text = textOf(page);
  for (const part of [
    "SeRA with the dpo loss",
    "2 iterations of preference training, seed 7; 3:51 of wall-clock in all.",
    "start — — — — — — 74.0 0.0 0.0 0.0",
    "1 1,500 0 −0.500 62.5 % 0.700 [0.690, 0.710] 60.0 % [55.0 %, 65.0 %] 31.3 9.0 26.0 12.0",
    "2 1,050 450 1.250 66.0 % 0.740",
    "engine null",
    "beta 0.1",
  ]) {
    assert.ok(text.includes(part), `no “${part}” in ${text}`);
  }
});

it("renderReport shows the bootstrapped pairs of greatest, median and least margin, as text", async (test) => {
  const folder = await emptyFolder(test);
  await writeRun(folder);
  const text = textOf(await renderReport(folder));
  assert.match(
    text,
    /Of the 3 made before iteration 2; both responses are the policy.{1,5}s own samples, labelled by its implicit reward\./,
  );
  assert.match(text, /prompt of p3 · greatest margin, 3\.00 &lt;\/p&gt;&lt;script&gt;/);
  assert.match(text, /prompt of p2 · median margin, 2\.00 .* prompt of p1 · least margin, 1\.00/);
  assert.match(text, /rejected · reward −1\.00 \(empty\)/);
});

it("renderReport says how responses were labelled, and the reference of the reward only where it has one", async (test) => {
  const textWith = async (labelBy: string, labelledBy: string) => {
    const folder = await emptyFolder(test);
    await writeRun(folder, { labelBy, labelledBy });
    return textOf(await renderReport(folder));
  };
  const implicit = await textWith("implicit", "implicit reward");
  const header = (text: string) => text.slice(0, text.indexOf("Curves"));
  assert.match(header(implicit), /labelBy implicit/);
  assert.match(implicit, /rewardAgainst start/);
  const likelihood = await textWith("likelihood", "likelihood");
  assert.match(header(likelihood), /labelBy likelihood/);
  assert.match(likelihood, /labelled by its likelihood \(rewards are in nats per token\)\./);
  const judged = await textWith("judge", "openai:judge-1");
  assert.match(judged, /labelled by openai:judge-1\./);
  for (const text of [likelihood, judged]) assert.doesNotMatch(text, /rewardAgainst/);
});

it("renderReport omits gold rewards, reviews and logged steps if the run has none", async (test) => {
  const folder = await emptyFolder(test);
  await writeBareRun(folder);
  const page = await renderReport(folder);
  standsAlone(page);
  assert.equal(pictures(page), 1);
  assert.match(textOf(page), /Preference training with the dpo loss/);
  assert.doesNotMatch(textOf(page), /gold|win rate|pairs made/i);
});

it("renderReport omits the plots of pairs if no step was trained on pairs", async (test) => {
  const folder = await emptyFolder(test);
  await writeBareRun(folder);
  const open = await RunFolder.open(folder);
  for (const row of alignSteps(1, 4, 0.1)) {
    const own = Object.entries(row).filter(([name]) => !name.startsWith("rewards/"));
    await open.append(runLayout.metrics, Object.fromEntries(own) as LoggedStep);
  }
  await open.record([runLayout.metrics.path]);
  await open.close();
  const page = await renderReport(folder);
  standsAlone(page);
  assert.equal(pictures(page), 2);
});

it("writeReport writes the page of renderReport into the folder", async (test) => {
  const folder = await emptyFolder(test);
  await writeRun(folder);
  const path = await writeReport(folder);
  assert.equal(path, join(folder, "report.html"));
  assert.equal(await readFile(path, "utf8"), await renderReport(folder));
});

it("renderReport names a file that was changed or damaged", async (test) => {
  for (const name of ["metrics.jsonl", "summary.json", "iteration-2/margins.jsonl", "iteration-2/bootstrapped.jsonl"]) {
    const folder = await emptyFolder(test);
    await writeRun(folder);
    await writeFile(join(folder, name), "{");
    await assert.rejects(renderReport(folder), {
      name: "InputError",
      message: new RegExp(`${name}: changed or damaged since the run wrote it`),
    });
  }
});

it("renderReport refuses a folder without a run, or with an unfinished one", async (test) => {
  const folder = await emptyFolder(test);
  await assert.rejects(renderReport(folder), { name: "InputError", message: /not the folder of a run/ });
  await writeRun(folder);
  await (await RunFolder.open(folder)).discard(runLayout.summary.path);
  await assert.rejects(renderReport(folder), {
    name: "InputError",
    message: /summary\.json: the run has not come to it yet/,
  });
});
