import { errorAt, quote, type Place } from "../base/errors.js";
import type { Message } from "../model/tokenizer/chat/chat.js";
import { promptOf } from "./formats/conversation.js";
import { readMessages } from "./messages.js";
import type { Prompt } from "./pair.js";
import { isGiven, type ReadingLog } from "./reading.js";
import type { Row } from "./row.js";

/** Names of the prompt column; `input` is one if it stands alone. */
const promptNames = ["prompt", "question", "instruction", "query"] as const;
const systemNames = ["system", "system_prompt"] as const;

/** Columns with text for the model. A format without a place for them rejects the row rather than dropping them. */
export const wordColumns = [
  ...promptNames,
  ...systemNames,
  ...["input", "history", "context", "passage", "conversations", "conversation", "tools", "functions"],
] as const;

/** Whether a row has a prompt column in addition to its responses. */
export function hasPromptColumn(row: Row): boolean {
  return promptColumn(row) !== undefined;
}

/** An empty column is the prompt only if no other column is one. */
function promptColumn(row: Row): string | undefined {
  return (
    [...promptNames, "input"].find((name) => isGiven(row[name])) ??
    promptNames.find((name) => row[name] !== undefined && row[name] !== null)
  );
}

/**
 * Reads the prompt of a row:
 * - `prompt`, `question`, `instruction` or `query`; Alpaca's `input` follows its instruction after a blank line, and is
 *   the prompt if it stands alone;
 * - `system` and `history` (pairs of a question and its answer, or messages) make it a conversation whose last turn is
 *   the user's; so does an empty `system`, because other rows of the file have one.
 *
 * @returns the prompt, and the columns that it was read from
 * @throws InputError if the prompt is missing, given twice, or of another type
 */
export function readPromptColumns(
  row: Row,
  place: Place,
  log?: ReadingLog,
): { prompt: Prompt; columns: readonly string[] } {
  const name = promptColumn(row);
  if (name === undefined) throw errorAt(place, 'field "prompt" is missing; expected text');
  const columns = [name];
  const read = (column: string, as: string) => (columns.push(column), log?.reads(column, as));
  log?.reads(name, "prompt");
  for (const other of promptNames) {
    if (other === name || !isGiven(row[other])) continue;
    if (row[other] !== row[name])
      throw errorAt(
        place,
        `columns "${name}" and "${other}" hold different prompts, ${quote(row[name])} and ${quote(row[other])}; keep one`,
      );
    read(other, "prompt");
  }
  const system = systemColumn(row, place);
  for (const column of system?.columns ?? []) read(column, "system turn");
  if (Array.isArray(row[name])) {
    const turns = readMessages(row, name, place, log);
    if (isGiven(row["history"]))
      throw errorAt(place, `columns "history" and "${name}" both hold earlier turns; keep one`);
    return { prompt: promptOf(withSystem(turns, system, place), name, place), columns };
  }
  let text = textColumn(row, name, place);
  if (name === "instruction" && isGiven(row["input"])) {
    text += `\n\n${textColumn(row, "input", place)}`;
    read("input", "prompt, after the instruction");
  } else if (name === "instruction" && "input" in row) {
    read("input", "prompt, after the instruction");
  }
  const isChat = system !== undefined || "history" in row;
  if (!isChat) return { prompt: text, columns };
  if ("history" in row) read("history", "earlier turns");
  const turns: Message[] = [...readHistory(row, place, log), { role: "user", content: text }];
  return { prompt: promptOf(withSystem(turns, system, place), name, place), columns };
}

/** A row's text for a system turn, possibly empty, and its columns. */
export interface SystemText {
  readonly columns: readonly string[];
  readonly text: string;
}

/** Prepends a system turn if there is text for one. @throws InputError if the conversation begins with a different one */
export function withSystem(
  turns: readonly Message[],
  system: SystemText | undefined,
  place: Place,
): readonly Message[] {
  if (!system?.text) return turns;
  const { columns, text } = system;
  const [first] = turns;
  if (first?.role !== "system") return [{ role: "system", content: text }, ...turns];
  if (first.content.trim() === text.trim()) return turns;
  throw errorAt(
    place,
    `column "${columns[0]}" is ${quote(text)}, but the conversation begins with another system turn: ${quote(first.content)}; keep one`,
  );
}

/** The row's system text. @throws InputError if two columns have different texts */
export function systemColumn(row: Row, place: Place): SystemText | undefined {
  const columns = systemNames.filter((name) => name in row);
  if (columns.length === 0) return undefined;
  const [first, other] = columns.filter((name) => isGiven(row[name]));
  if (other !== undefined && row[other] !== row[first!]) {
    throw errorAt(
      place,
      `columns "${first}" and "${other}" hold different system turns, ${quote(row[first!])} and ${quote(row[other])}; keep one`,
    );
  }
  return {
    columns: first === undefined ? columns : [first, ...columns.filter((name) => name !== first)],
    text: first === undefined ? "" : textColumn(row, first, place),
  };
}

function readHistory(row: Row, place: Place, log?: ReadingLog): readonly Message[] {
  const { history } = row;
  if (!isGiven(history)) return [];
  if (
    Array.isArray(history) &&
    history.every((turn) => Array.isArray(turn) && turn.length === 2 && turn.every((part) => typeof part === "string"))
  ) {
    return (history as [string, string][]).flatMap(([question, answer]) => [
      { role: "user", content: question } as const,
      { role: "assistant", content: answer } as const,
    ]);
  }
  if (Array.isArray(history)) return readMessages(row, "history", place, log);
  throw errorAt(
    place,
    `field "history" is ${quote(history)}; expected pairs [question, answer], or a list of messages {role, content}`,
  );
}

function textColumn(row: Row, name: string, place: Place): string {
  const value = row[name];
  if (typeof value === "string") return value;
  throw errorAt(
    place,
    `field "${name}" is ${value instanceof Uint8Array ? "not valid UTF-8" : quote(value)}; expected text`,
  );
}
