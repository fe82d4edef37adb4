import { z } from "zod";
import { errorAt, inputError, quote, type Place } from "../../base/errors.js";
import type { Message } from "../../model/tokenizer/chat/chat.js";
import { readField } from "../fields.js";
import { readMessages } from "../messages.js";
import type { ReadingLog } from "../reading.js";
import type { Row } from "../row.js";

const textOrMessages = z.string("text or a list of messages {role, content}");

/**
 * Reads a response to a conversation: the text of an assistant turn, or that turn as a message.
 *
 * @throws {InputError} if it is neither
 */
export function readResponse(row: Row, field: string, place: Place, log?: ReadingLog): string {
  const value = row[field];
  if (typeof value !== "object" || value === null || value instanceof Uint8Array)
    return readField(textOrMessages, row, field, place);
  return responseOf(readMessages(row, field, place, log), field, place);
}

/**
 * The text of a response given as a list of messages.
 *
 * @throws {InputError} if it is not a single assistant turn
 */
export function responseOf(messages: readonly Message[], field: string, place: Place): string {
  const [message, ...others] = messages;
  if (message?.role !== "assistant" || others.length > 0) {
    const roles = messages.map(({ role }) => role);
    throw inputError(place, `turns ${quote(roles)} in field "${field}"`, "a single assistant turn after the prompt");
  }
  const extra = (["tool_calls", "reasoning_content", "thinking"] as const).find((name) => message[name] !== undefined);
  if (extra)
    throw errorAt(
      place,
      `field "${field}" has "${extra}" in its response: ${quote(message[extra])}; a response is its text, put it there as the model writes it, or remove it`,
    );
  return message.content;
}

/**
 * Returns the conversation if an assistant can answer it.
 *
 * @throws {InputError} if it does not end with a user turn or a tool's answer
 */
export function promptOf(messages: readonly Message[], field: string, place: Place): readonly Message[] {
  if (!["user", "tool"].includes(messages.at(-1)?.role ?? "")) {
    const roles = messages.map(({ role }) => role);
    throw inputError(
      place,
      `a prompt of turns ${quote(roles)} in field "${field}"`,
      "a prompt that ends with a user turn",
    );
  }
  return messages;
}

/**
 * Prompt and responses of two conversations that differ only in the last turn.
 *
 * @throws {InputError} if they differ earlier, or do not end with the assistant's answer to the user
 */
export function splitConversations(
  chosen: readonly Message[],
  rejected: readonly Message[],
  place: Place,
): { prompt: readonly Message[]; chosen: string; rejected: string } {
  const prompt = promptOf(chosen.slice(0, -1), "chosen", place);
  const other = promptOf(rejected.slice(0, -1), "rejected", place);
  if (JSON.stringify(prompt) !== JSON.stringify(other)) {
    throw errorAt(
      place,
      `the conversations differ before the last turn: ${quote(prompt)} and ${quote(other)}; expected one prompt with two responses`,
    );
  }
  return {
    prompt,
    chosen: responseOf(chosen.slice(-1), "chosen", place),
    rejected: responseOf(rejected.slice(-1), "rejected", place),
  };
}
