// Checks the quickstart's output: all figures exist, DPO is above SFT, and the report is self-contained.
//   node scripts/check-quickstart.mjs runs/quickstart
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const folder = process.argv[2];
const { methods } = JSON.parse(readFileSync(`${folder}/summary.json`, "utf8"));
for (const name of ["sft", "dpo", "sera"]) {
  const { goldReward, winRate, seconds } = methods[name];
  assert.ok(goldReward > 0 && goldReward < 1, `${name}: gold reward ${goldReward}`);
  assert.ok(winRate > 0 && winRate < 1, `${name}: win rate ${winRate}`);
  assert.ok(seconds >= 0, `${name}: ${seconds} seconds`);
}
assert.ok(methods.dpo.goldRewardInterval[0] > methods.sft.goldRewardInterval[1], "DPO is not clearly above SFT");
assert.equal(methods.sft.winRate, 0.5);
const report = readFileSync(`${folder}/report.html`, "utf8");
assert.match(report, /<svg/);
assert.doesNotMatch(report, /(?:src|href)="https?:/);
console.log("the quickstart left what it should");
