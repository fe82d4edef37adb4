import type { Tokenizer } from "../tokenizer/tokenizer.js";

/** What a decoder writes where the bytes of a character are not, or not yet, whole. */
const unfinished = "\uFFFD";

/**
 * Text of tokens that come one after the other: the pieces together are what the tokenizer decodes
 * from all of them. A piece waits until its last character is whole.
 */
export class TextStream {
  private readonly ids: number[] = [];
  /** Ids before `given` have had their text given; those from `context` on are decoded with new ones, because a word may begin otherwise than a text. */
  private context = 0;
  private given = 0;

  constructor(private readonly tokenizer: Pick<Tokenizer, "decode">) {}

  /** The text that a further token adds, if any yet. */
  push(id: number): string {
    this.ids.push(id);
    const piece = this.waiting();
    if (piece === "" || piece.endsWith(unfinished)) return "";
    [this.context, this.given] = [this.given, this.ids.length];
    return piece;
  }

  /** What still waits after the last token. */
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
