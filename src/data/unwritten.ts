import { InputError } from "../base/errors.js";
import type { Message } from "../model/tokenizer/chat/chat.js";
import type { Tokenizer } from "../model/tokenizer/tokenizer.js";

/** Fields of a turn with text for the model that some chat templates ignore. */
const fields = ["tool_calls", "reasoning_content", "thinking"] as const;

/**
 * Lists the parts of a conversation that its chat template omits, either on purpose (reasoning of earlier turns) or
 * because it was written for other conversations: fields by name, turns by role.
 *
 * @param written the conversation as the template writes it
 */
export function unwrittenParts(messages: readonly Message[], written: string, tokenizer: Tokenizer): string[] {
  const isSameWith = (others: readonly Message[]) => {
    try {
      const { bos, text } = tokenizer.renderPrompt(others);
      return bos + text === written;
    } catch (error) {
      // A template that rejects the conversation without a part does write that part.
      if (error instanceof InputError) return false;
      throw error;
    }
  };
  const given = fields.filter((field) => messages.some((message) => message[field] !== undefined));
  const unread = given
    .filter((field) => isSameWith(messages.map(({ [field]: _, ...others }) => others as Message)))
    .map((field) => `"${field}"`);
  const missing = messages.flatMap(({ role, content }, at) => {
    if (content.trim() === "" || written.includes(content.trim())) return [];
    return isSameWith(messages.filter((_, index) => index !== at)) ? [`a turn of role "${role}"`] : [];
  });
  return [...new Set([...unread, ...missing])];
}
