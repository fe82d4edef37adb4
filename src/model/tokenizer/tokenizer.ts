import type { Message } from "./chat/chat.js";

/** Text to token ids and back, with the special tokens that a decoder-only model needs. */
export interface Tokenizer {
  /** One more than the largest id; a model's embedding has at least as many rows. */
  readonly vocabSize: number;
  /** Put before a prompt where the tokenizer's configuration asks for it; undefined where it does not. */
  readonly bosId: number | undefined;
  /** Ends every complete response. */
  readonly eosId: number;
  /** Fills the unused places of a batch; never read by the model. */
  readonly padId: number;
  /**
   * Each of these ends a response: the EOS, which is the first, and where the folder or the chat template has others,
   * those with which the model was taught to end its turns.
   */
  readonly stopIds: readonly number[];
  /**
   * Ids of the text alone; no special token is added.
   *
   * @param before text that it goes on after, encoded apart: no space is put before the text then, where the
   *   tokenizer puts one before every text (Llama's does)
   */
  encode(text: string, before?: string): number[];
  /** Text of the ids; special tokens are left out. */
  decode(ids: Iterable<number>): string;
  /** The conversation as the chat template writes it, up to where the assistant's next turn begins. */
  renderPrompt(messages: readonly Message[]): RenderedPrompt;
  /**
   * A response as the chat template writes it after a conversation, up to the token that ends the turn where the
   * template writes one.
   */
  renderResponse(messages: readonly Message[], response: string): string;
  /** The tokenizer's own files (`tokenizer.json`, `tokenizer_config.json`) by name, to be written beside the weights. */
  readonly files: ReadonlyMap<string, string>;
}

/** A conversation as text. */
export interface RenderedPrompt {
  /** Text of the BOS that it begins with; empty where it begins with none, or the tokenizer has no `bosId`. */
  readonly bos: string;
  /** What follows. */
  readonly text: string;
}
