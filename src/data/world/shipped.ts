import { fileURLToPath } from "node:url";

/** The package's data folder. */
export const shippedData = fileURLToPath(new URL("../../../../data/", import.meta.url));

/**
 * Paths of the synthetic world that ships with the package: files of pairs and demonstrations, and a small model trained
 * on the demonstrations by SFT.
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
