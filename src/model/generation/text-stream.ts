import type { Tokenizer } from "../tokenizer/tokenizer.js";

/** Written by a decoder in place of a character whose bytes are incomplete. */
const unfinished = "\uFFFD";

/**
 * Decodes tokens that arrive one by one: the pieces together equal the tokenizer's decoding of all tokens. A piece is withheld
 * until its last character is complete.
 */
export class TextStream {
  private readonly ids: number[] = [];
  /**
   * The text of ids before `given` has been returned. Ids from `context` on are decoded together with new ones, because a word
   * may be decoded differently at the start of a text.
   */
  private context = 0;
  private given = 0;

  constructor(private readonly tokenizer: Pick<Tokenizer, "decode">) {}

  /** Adds a token and returns the text that it completes, possibly empty. */
  push(id: number): string {
    this.ids.push(id);
    const piece = this.waiting();
    if (piece === "" || piece.endsWith(unfinished)) return "";
    [this.context, this.given] = [this.given, this.ids.length];
    return piece;
  }

  /** Returns the text still withheld after the last token. */
  end(): string {
    const piece = this.waiting();
    this.context = this.given = this.ids.length;
    return piece;
  }

  private waiting(): string {
    const before = this.tokenizer.decode(this.ids.slice(this.context, this.given));
    return this.tokenizer.decode(this.ids.slice(this.context)).slice(before.length);
  }
}
