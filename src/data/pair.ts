import type { Message } from "../model/tokenizer/chat/chat.js";

/** A prompt: text, used verbatim, or a conversation, rendered by the model's chat template. */
export type Prompt = string | readonly Message[];

/** Whether a value, which a cell may pass untyped, is a prompt. */
export function isPrompt(value: unknown): value is Prompt {
  const isMessage = (message: unknown) => {
    const { role, content } = (message ?? {}) as { readonly role?: unknown; readonly content?: unknown };
    return typeof role === "string" && typeof content === "string";
  };
  return typeof value === "string" || (Array.isArray(value) && value.every(isMessage));
}

/** Whether a response is white space only. */
export function isBlank(response: string): boolean {
  return response.trim() === "";
}

/** A pair's token ids, with the digest of their tokenizer. */
export interface PairTokens {
  readonly tokenizer: string;
  readonly prompt: readonly number[];
  readonly chosen: readonly number[];
  readonly rejected: readonly number[];
}

/**
 * A prompt with two responses, one of them preferred: the unit that is loaded, trained on, reviewed and bootstrapped.
 */
export interface PreferencePair {
  /** Unique within a dataset and stable across runs: the row's own id or its number. */
  readonly id: string;
  readonly prompt: Prompt;
  /** The preferred response, without the prompt. */
  readonly chosen: string;
  /** The other response, without the prompt. */
  readonly rejected: string;
  /** The score of `chosen` in the dataset, if it has one. */
  readonly chosenScore?: number;
  readonly rejectedScore?: number;
  /**
   * Numbers of the pair by name, for the loss: `weight`, `labelSmoothing`, `target`, `targetMargin`, or what a custom
   * loss declares. Flipping a label does not change them.
   */
  readonly columns?: Readonly<Record<string, number>>;
  /** Whether the label was flipped on purpose (label noise). */
  readonly flipped?: boolean;
  /** Token ids of a pair written by a run, used in place of the texts. */
  readonly tokens?: PairTokens;
  /** Origin of the pair: the dataset (default), or samples of the policy. */
  readonly source?: "offline" | "bootstrapped";
}
