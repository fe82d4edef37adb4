import type { OptionTable } from "../../base/option.js";
import { alignmentTable, budgetTable, loopTable, lossTable, memoryTable, recipeTable, samplingTable, seedTable, selfPlayTable, sftTable, spreadTable } from "./tables.js";

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
  { title: "Spreading preferences (spa)", table: spreadTable },
  { title: "SFT of the start", table: sftTable },
];
