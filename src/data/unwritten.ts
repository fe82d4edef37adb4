import { InputError } from "../base/errors.js";
import type { Message } from "../model/tokenizer/chat/chat.js";
import type { Tokenizer } from "../model/tokenizer/tokenizer.js";

/** Fields of a turn with words for the model, which some chat templates pass over. */
const fields = ["tool_calls", "reasoning_content", "thinking"] as const;

/**
 * What of a conversation its chat template leaves out, as it may on purpose (reasoning of earlier turns) or because it was
 * written for others: fields by their names, and turns by their roles.
 *
 * @param written the conversation as the template writes it
 */
export function unwrittenParts(messages: readonly Message[], written: string, tokenizer: Tokenizer): string[] {
  const isSameWith = (others: readonly Message[]) => {
    try {
      const { bos, text } = tokenizer.renderPrompt(others);
      return bos + text === written;
    } catch (error) {
      // A template that refuses the conversation without a part writes the part.
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
