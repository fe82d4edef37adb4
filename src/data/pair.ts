import type { Message } from "../model/chat.js";

/** A prompt is text that is used as it stands, or a conversation that the model's chat template renders. */
export type Prompt = string | readonly Message[];

/**
 * A prompt with two responses, one preferred. The unit of everything: readers give it, trainers
 * consume it, review scores it, bootstrapping makes more of it.
 */
export interface PreferencePair {
  /** Unique within a dataset and stable across runs: the row's own id, or `<row number>`. */
  readonly id: string;
  readonly prompt: Prompt;
  /** The preferred response, without the prompt. */
  readonly chosen: string;
  /** The other response, without the prompt. */
  readonly rejected: string;
  /** A score of `chosen` from the data's own judge, where the data has one. */
  readonly chosenScore?: number;
  readonly rejectedScore?: number;
  /** Whether the label was flipped on purpose (label-noise experiments). */
  readonly flipped?: boolean;
  /** Where the pair comes from: the data (the default), or the policy's own samples. */
  readonly source?: "offline" | "bootstrapped";
}
