import type { Message } from "./chat/chat.js";

/** Converts text to token ids and back, and knows the special tokens that a decoder-only model needs. */
export interface Tokenizer {
  /** One more than the largest id; a model's embedding has at least as many rows. */
  readonly vocabSize: number;
  /** Put before a prompt if the tokenizer's configuration asks for it; otherwise undefined. */
  readonly bosId: number | undefined;
  /** Ends every complete response. */
  readonly eosId: number;
  /** Fills unused positions of a batch; never read by the model. */
  readonly padId: number;
  /** Stands for any text that the vocabulary lacks; undefined if there is no token for that alone. */
  readonly unkId?: number | undefined;
  /**
   * Each of these ends a response: first the EOS, then any other end-of-turn tokens that the folder or the chat template names.
   */
  readonly stopIds: readonly number[];
  /**
   * Ids of the text alone; no special tokens are added.
   *
   * @param before preceding text, encoded separately: the tokenizer then puts no space before the text, if it puts one before
   *   every text (as Llama's does)
   */
  encode(text: string, before?: string): number[];
  /** Text of the ids, without special tokens. */
  decode(ids: Iterable<number>): string;
  /** Renders the conversation with the chat template, up to the start of the assistant's next turn. */
  renderPrompt(messages: readonly Message[]): RenderedPrompt;
  /**
   * Renders a response with the chat template as it follows a conversation, up to the token that ends the turn, if the template
   * writes one.
   */
  renderResponse(messages: readonly Message[], response: string): string;
  /** The tokenizer's own files (`tokenizer.json`, `tokenizer_config.json`) by name, to save with the weights. */
  readonly files: ReadonlyMap<string, string>;
}

/** A conversation as text. */
export interface RenderedPrompt {
  /** Text of the BOS it begins with; empty if it begins with none, or the tokenizer has no `bosId`. */
  readonly bos: string;
  /** The text after the BOS. */
  readonly text: string;
}
