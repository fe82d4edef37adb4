import { shippedData } from "../world/shipped.js";

/**
 * Paths of the instructions that ship with the package: prompts for a pretrained model, with constraints that a program
 * checks. {@link instructionPairs} has a model answer them.
 *
 * @example const { prompts } = await loadPrompts(instructions.train);
 */
export const instructions = {
  train: `${shippedData}instructions/train.jsonl`,
  validation: `${shippedData}instructions/validation.jsonl`,
  heldOut: `${shippedData}instructions/heldout.jsonl`,
} as const;
