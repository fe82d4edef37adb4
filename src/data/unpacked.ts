import { errorAt, quote, type Place } from "../base/errors.js";
import { parseForeignJson } from "../base/json.js";
import { parseWithNumbers } from "./json-numbers.js";
import type { ReadingLog } from "./reading.js";
import type { Row } from "./row.js";

const conversationColumns = [
  "prompt",
  "chosen",
  "rejected",
  "messages",
  "conversations",
  "conversation",
  "context",
  "history",
  "completion",
  "response",
] as const;

/** How a list of turns, or a single turn, begins as text: in JSON, and as Python prints it. */
const asJson = /^\s*\[?\s*\{\s*"(?:role|from|content|value)"\s*:/;
const asPython = /^\s*\[?\s*\{\s*'(?:role|from|content|value)'\s*:/;

/**
 * Parses conversations that a table without lists (CSV, a database) has turned into JSON text, and reports it.
 *
 * @param columns columns that may contain a conversation or a turn
 * @throws InputError for a conversation as Python prints it, or truncated JSON
 */
export function unpacked(
  row: Row,
  place: Place,
  log?: ReadingLog,
  columns: readonly string[] = conversationColumns,
): Row {
  const changed: Record<string, unknown> = {};
  for (const column of columns) {
    const text = row[column];
    if (typeof text !== "string") continue;
    if (asPython.test(text)) {
      throw errorAt(
        place,
        `column "${column}" is a conversation as Python prints it: ${quote(text)}; write lists of messages, or json.dumps of them`,
      );
    }
    if (!asJson.test(text)) continue;
    const turns = parsed(text, column, place);
    if (![turns].flat().every(isTurn)) continue;
    changed[column] = turns;
    log?.remark(`"${column}" is a conversation in JSON within a text, which is read as its turns`);
  }
  return Object.keys(changed).length > 0 ? { ...row, ...changed } : row;
}

function parsed(text: string, column: string, place: Place): unknown {
  try {
    return parseWithNumbers(text, parseForeignJson);
  } catch (error) {
    throw errorAt(
      place,
      `column "${column}" begins like a conversation in JSON within a text, and is not JSON (${(error as SyntaxError).message}): ${quote(text)}`,
      error,
    );
  }
}

/** Whether a value has a turn's role and its content. */
function isTurn(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    (("role" in value && "content" in value) || ("from" in value && "value" in value))
  );
}
