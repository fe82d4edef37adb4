import { fileURLToPath } from "node:url";

/** The folder of the data that the package ships. */
export const shippedData = fileURLToPath(new URL("../../../../data/", import.meta.url));

/**
 * Where the synthetic world lies, wherever the package is installed: its files of pairs, and the
 * model that learned to write it by SFT.
 *
 * @example const { pairs } = await loadPreferences(world.train);
 */
export const world = {
  train: `${shippedData}world/train.jsonl`,
  validation: `${shippedData}world/validation.jsonl`,
  heldOut: `${shippedData}world/heldout.jsonl`,
  demonstrations: `${shippedData}world/demonstrations.jsonl`,
  sft: `${shippedData}world/sft`,
  tokenizer: `${shippedData}world/tokenizer`,
} as const;
