import type { Message } from "./chat.js";

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
  /** Ids of the text alone; no special token is added. */
  encode(text: string): number[];
  /** Text of the ids; special tokens are left out. */
  decode(ids: Iterable<number>): string;
  /** The conversation as the chat template writes it, up to where the assistant's next turn begins. */
  renderPrompt(messages: readonly Message[]): string;
  /** The tokenizer's own files (`tokenizer.json`, `tokenizer_config.json`) by name, to be written beside the weights. */
  readonly files: ReadonlyMap<string, string>;
}
