import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { conclusion, renderComparison, writeComparison } from "../../../src/cli/report/comparison.js";
import { emptyFolder, writeComparisonFolder } from "./folders.js";
import { pictures, standsAlone, textOf } from "./page-checks.js";

it("a comparison shows the figures and samples of the three methods", async (test) => {
  const folder = await emptyFolder(test);
  await writeComparisonFolder(folder);
  const path = await writeComparison(folder);
  const page = await readFile(path, "utf8");
  standsAlone(page);
  assert.equal(pictures(page), 4);
  const text = textOf(page);
  for (const part of [
    "Seeds 1, 2, 3.",
    "SFT 0.600 [0.590, 0.610] — 1:26",
    "SeRA 0.750 [0.740, 0.760] 65.0 % [62.0 %, 68.0 %] 3:41",
    "win rate (a tie counts half)",
    "The first 6 of 9 held-out prompts.",
    "SFT · gold 0.25 &lt;/p&gt;&lt;script&gt;",
    "SeRA · gold 1.00 please wash the leek",
  ]) {
    assert.ok(text.includes(part), `no “${part}” in ${text}`);
  }
});

it("a comparison omits samples and runs that are missing", async (test) => {
  const folder = await emptyFolder(test);
  await writeComparisonFolder(folder);
  for (const name of ["samples.jsonl", "dpo", "sera"]) await rm(join(folder, name), { recursive: true });
  const page = await renderComparison(folder);
  assert.equal(pictures(page), 2);
  assert.doesNotMatch(page, /side by side/);
});

describe("the conclusion", () => {
  const gold = (mean: number) => ({ goldReward: { mean, low: mean - 0.02, high: mean + 0.02 } });

  it("says above or below only if the intervals do not overlap", () => {
    const of = (dpo: number, sera: number) => conclusion({ sft: gold(0.5), dpo: gold(dpo), sera: gold(sera) });
    assert.match(of(0.6, 0.7), /0\.500 for SFT, 0\.600 for DPO and 0\.700 for SeRA\. SeRA is above DPO/);
    assert.match(of(0.7, 0.6), /SeRA is below DPO/);
    assert.match(of(0.6, 0.61), /intervals of SeRA and DPO overlap/);
  });

  it("gives the win rates, and says that a tie counts half", () => {
    const wins = (mean: number) => ({ ...gold(0.6), winRate: { mean, low: mean - 0.02, high: mean + 0.02 } });
    assert.match(
      conclusion({ sft: gold(0.5), dpo: wins(0.785), sera: wins(0.779) }),
      /DPO's responses win 78\.5 % of the time and SeRA's 77\.9 %; a tie counts half\.$/,
    );
  });

  it("is empty if nothing was measured", () => {
    assert.equal(conclusion({ sft: {}, dpo: {}, sera: {} }), "");
  });
});
