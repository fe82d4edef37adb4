import type { Random } from "../../base/random.js";
import type { Margin } from "../margins.js";
import { selectBottom } from "./bottom.js";
import { selectByLength } from "./by-length.js";
import { selectByScore } from "./by-score.js";
import { selectMiddle } from "./middle.js";
import { selectRandom } from "./random.js";
import type { Reviewed } from "./selected.js";
import { selectTop } from "./top.js";

export { selectAbove } from "./above.js";
export { selectBottom } from "./bottom.js";
export { selectByLength } from "./by-length.js";
export { scoreDifference, selectByScore } from "./by-score.js";
export { capPerPrompt } from "./per-prompt.js";
export { curriculum } from "./curriculum.js";
export { selectMiddle } from "./middle.js";
export { selectRandom } from "./random.js";
export type { Reviewed } from "./selected.js";
export { selectTop } from "./top.js";

/** Marks a share of the reviewed pairs as kept; returns all pairs in order. Only "random" uses the random stream. */
export type SelectionFunction = (rows: readonly Margin[], share: number, random: Random) => readonly Reviewed[];

/** The selection rules by the names that options use. */
export const selectionRules = {
  top: selectTop,
  middle: selectMiddle,
  bottom: selectBottom,
  random: selectRandom,
  score: selectByScore,
  length: selectByLength,
} as const satisfies Readonly<Record<string, SelectionFunction>>;

export type SelectionName = keyof typeof selectionRules;
