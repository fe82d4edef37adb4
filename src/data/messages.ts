import { z } from "zod";
import { errorAt, quote, type Place } from "../base/errors.js";
import { keepNumberTexts } from "../base/number-texts.js";
import type { Message } from "../model/tokenizer/chat/chat.js";
import { readField, text } from "./fields.js";
import { isGiven, type ReadingLog } from "./reading.js";
import type { Row } from "./row.js";

/** ShareGPT's role names. */
const shareGptRoles: Readonly<Record<string, string>> = { human: "user", gpt: "assistant" };

/** Fields of a turn that the chat template receives. */
const templateFields = ["name", "tool_calls", "tool_call_id", "reasoning_content", "thinking"] as const;

const schema = z.array(
  z.object(
    {
      role: z.enum(["system", "user", "assistant", "tool"], '"system", "user", "assistant" or "tool"'),
      content: text,
      ...Object.fromEntries(templateFields.map((name) => [name, z.unknown().optional()])),
    },
    "a message {role, content}",
  ),
  "a list of messages {role, content}",
);

/**
 * Reads a conversation from a row: messages `{role, content}`, or ShareGPT's `{from, value}`. The text parts of a
 * multi-part content are joined. The chat template receives tool calls, reasoning and names; other fields are reported
 * as unread.
 *
 * @throws InputError if the field is not a conversation, or a part is not text
 */
export function readMessages(row: Row, field: string, place: Place, log?: ReadingLog): readonly Message[] {
  const value = row[field];
  const isOne =
    typeof value === "object" && value !== null && !Array.isArray(value) && ("role" in value || "from" in value);
  const turns = isOne ? [value] : value;
  if (!Array.isArray(turns)) return readField(schema, row, field, place) as Message[];
  const unread = new Set<string>();
  const plain = turns.map((turn, index) =>
    plainTurn(turn, `${field}[${index}]`, place, (name) => unread.add(`${field}[].${name}`)),
  );
  log?.leaves(unread);
  const messages = readField(schema, { [field]: plain }, field, place) as Message[];
  return messages.map((message, index) => {
    const own = Object.fromEntries(
      Object.entries(message).filter(([, given]) => given !== undefined),
    ) as unknown as Message;
    keepNumberTexts(turns[index] as object, own);
    return own;
  });
}

/**
 * Renames a turn's fields to those of {@link Message} and joins its content to one text; leaves anything but a turn for
 * the schema to reject.
 */
function plainTurn(turn: unknown, where: string, place: Place, leave: (name: string) => void): unknown {
  if (typeof turn !== "object" || turn === null || Array.isArray(turn)) return turn;
  const isShareGpt = "from" in turn && !("role" in turn);
  const {
    [isShareGpt ? "from" : "role"]: role,
    [isShareGpt ? "value" : "content"]: content,
    ...others
  } = turn as Record<string, unknown>;
  const extras: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(others)) {
    if (!isGiven(value)) continue;
    if ((templateFields as readonly string[]).includes(name)) extras[name] = value;
    else leave(name);
  }
  const named = isShareGpt && typeof role === "string" ? (shareGptRoles[role] ?? role) : role;
  return {
    role: named,
    content: extras["tool_calls"] && !isGiven(content) ? "" : plainContent(content, where, place),
    ...extras,
  };
}

function plainContent(content: unknown, where: string, place: Place): unknown {
  if (!Array.isArray(content)) return content;
  const texts = content.map((part: unknown) => {
    const { type, text } = (typeof part === "object" && part !== null ? part : {}) as {
      type?: unknown;
      text?: unknown;
    };
    if (typeof text === "string" && (type === undefined || type === "text")) return text;
    throw errorAt(place, `field "${where}.content" has a part ${quote(part)}; expected parts that are text`);
  });
  return texts.join("");
}
