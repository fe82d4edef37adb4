/**
 * Preference data: formats, loading, splitting, tokenizing, the synthetic world.
 *
 * @module sera-lab/data
 */

export {
  bridge,
  editDistance,
  type Bridged,
  type BridgeOptions,
  type Editor,
  type EditRequest,
  type EditWay,
} from "./bridge.js";
export type { SkippedRow } from "./bad-rows.js";
export type { LoadOptions } from "./examples.js";
export { flipLabels } from "./flip-labels.js";
export { detectFormat, formats } from "./formats/index.js";
export type { Format } from "./formats/format.js";
export { goldRewardOf } from "./gold.js";
export { atGoal, goalConditioned, type GoalOptions, type GoalTextOptions } from "./goals.js";
export { instructionReward, type InstructionReward } from "./instructions/gold.js";
export { instructions } from "./instructions/shipped.js";
export { loadDemonstrations, type Demonstration, type LoadedDemonstrations } from "./load-demonstrations.js";
export { loadPreferences, type LoadedPreferences } from "./load-preferences.js";
export type { PairTokens, PreferencePair, Prompt } from "./pair.js";
export { implausible, type Implausible } from "./plausibility.js";
export type { Reading } from "./reading.js";
export type { PlacedRow, Row } from "./row.js";
export { readRows } from "./rows.js";
export { promptKey, splitPairs } from "./split-pairs.js";
export { summarize } from "./summarize.js";
export { worldEditor } from "./world/editor.js";
export { worldFiles } from "./world/files.js";
export { generateWorld, type GoldPair, type World, type WorldOptions } from "./world/generate.js";
export { world } from "./world/shipped.js";
export {
  encodePrompt,
  encodeResponse,
  tokenizeDemonstrations,
  tokenizePairs,
  type SkippedExample,
  type TokenizedDemonstration,
  type TokenizedPair,
  type TokenizeOptions,
  type Truncation,
} from "./tokenize.js";
