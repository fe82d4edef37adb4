import { asInputError } from "../../../base/read-json.js";
import type { Message } from "./chat.js";
import type { RenderConversation } from "./chat-template.js";

const probe = "An answer to be found again";

/** How a chat template renders prompts and responses. */
export class ConversationFormat {
  /** What the template renders after an assistant's last turn, and the part of it up to the token that ends the turn. */
  private readonly tail: string;
  private readonly ending: string;
  /** The token with which the template ends an assistant's turn, if any. */
  readonly endToken: string | undefined;

  /**
   * @param tokens texts of the added tokens, one of which may end a turn
   * @param file of the template, for the errors
   */
  constructor(
    private readonly render: RenderConversation,
    tokens: readonly string[],
    private readonly file: string,
  ) {
    this.tail = this.tailOfTurn();
    const found = tokens
      .filter((token) => token.trim() !== "")
      .map((token) => ({ token, at: this.tail.indexOf(token) }))
      .filter(({ at }) => at >= 0)
      .sort((a, b) => a.at - b.at || b.token.length - a.token.length)[0];
    this.endToken = found?.token;
    this.ending = found === undefined ? "" : this.tail.slice(0, found.at + found.token.length);
  }

  /** Empty if the template does not accept such a conversation. */
  private tailOfTurn(): string {
    try {
      const whole = this.render(
        [
          { role: "user", content: "A question" },
          { role: "assistant", content: probe },
        ],
        false,
      );
      const at = whole.lastIndexOf(probe);
      return at < 0 ? "" : whole.slice(at + probe.length);
    } catch {
      return "";
    }
  }

  /**
   * Renders the conversation, up to the start of the assistant's next turn.
   *
   * @throws InputError if the template refuses it
   */
  prompt(messages: readonly Message[]): string {
    return this.write(messages, true);
  }

  /**
   * Renders a response after {@link prompt}, up to the token that ends the turn. Some templates render the prompt differently
   * once it has an answer (such as those that begin an answer with `<think>`); the result is then the response itself and that
   * token, because the prompt stays as the model reads it during generation.
   *
   * @throws InputError if the template refuses the conversation
   */
  response(messages: readonly Message[], response: string): string {
    const prompt = this.prompt(messages);
    const whole = this.write([...messages, { role: "assistant", content: response }], false);
    if (!whole.startsWith(prompt)) return response + this.ending;
    const written = whole.slice(prompt.length);
    return written.endsWith(this.tail) ? written.slice(0, written.length - this.tail.length) + this.ending : written;
  }

  private write(messages: readonly Message[], opensTurn: boolean): string {
    try {
      return this.render(messages, opensTurn);
    } catch (error) {
      const roles = messages.map(({ role }) => role).join(", ");
      throw asInputError(error, this.file, `turns (${roles}) that the chat template refuses`, "turns that it takes");
    }
  }
}
