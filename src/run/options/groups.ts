import type { OptionTable } from "../../base/option.js";
import {
  alignmentTable,
  augmentationTable,
  bmcTable,
  budgetTable,
  degreeTable,
  goalTable,
  jointTable,
  loopTable,
  lossTable,
  memoryTable,
  proxyTable,
  recipeTable,
  samplingTable,
  seedTable,
  selfPlayTable,
  sftTable,
  spreadTable,
  voteTable,
} from "./tables.js";

/** Options that belong together in help texts and in the docs. */
export interface OptionGroup {
  readonly title: string;
  readonly table: OptionTable<object>;
}

/** Every option once. */
export const optionGroups: readonly OptionGroup[] = [
  { title: "Loss", table: lossTable },
  { title: "Budget", table: { ...budgetTable, ...recipeTable } },
  { title: "Training", table: { ...alignmentTable, ...memoryTable, ...seedTable } },
  { title: "Sampling", table: samplingTable },
  { title: "Self-review and bootstrapping", table: loopTable },
  { title: "Self-play (spin)", table: selfPlayTable },
  { title: "Reward-augmented data", table: goalTable },
  { title: "BMC", table: bmcTable },
  { title: "iREPO", table: voteTable },
  { title: "AIHF", table: jointTable },
  { title: "SPO", table: degreeTable },
  { title: "SAPO", table: augmentationTable },
  { title: "Proxy reward model", table: proxyTable },
  { title: "Spreading preferences (spa)", table: spreadTable },
  { title: "SFT of the start", table: sftTable },
];
