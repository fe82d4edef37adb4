import { z } from "zod";
import { errorAt, quote, type Place } from "../base/errors.js";
import type { SkippedRow } from "./bad-rows.js";
import { readCommonFields } from "./common-fields.js";
import { checkLoadOptions, readExamples, type LoadOptions } from "./examples.js";
import { readFields, text } from "./fields.js";
import { promptOf, responseOf } from "./formats/conversation.js";
import { readMessages } from "./messages.js";
import { isBlank, type Prompt } from "./pair.js";
import { hasPromptColumn, readPromptColumns, systemColumn, withSystem, wordColumns } from "./prompt-columns.js";
import { isGiven, ReadingLog, type Reading } from "./reading.js";
import type { Row } from "./row.js";
import { unpacked } from "./unpacked.js";

/** A prompt with a response to imitate (supervised fine-tuning). */
export interface Demonstration {
  /** Unique within a dataset. */
  readonly id: string;
  readonly prompt: Prompt;
  /** The response, without the prompt. */
  readonly response: string;
  /** Token ids of a sampled response, used in place of the texts. */
  readonly tokens?: DemonstrationTokens;
}

/** A demonstration's token ids, with the digest of their tokenizer. */
export interface DemonstrationTokens {
  readonly tokenizer: string;
  readonly prompt: readonly number[];
  readonly response: readonly number[];
}

/** Result of {@link loadDemonstrations}. */
export interface LoadedDemonstrations {
  readonly demonstrations: Demonstration[];
  readonly skipped: readonly SkippedRow[];
  /** Which columns were mapped, which were not read, and what looks wrong. */
  readonly reading: Reading;
}

const responseNames = ["response", "completion", "output", "answer"] as const;
const conversationNames = ["messages", "conversations"] as const;

/** The formats of demonstrations, as the error for an unknown format lists them. */
const forms = [
  "{prompt, response} or {prompt, completion}: texts, or the prompt a list of messages {role, content}",
  "{prompt, completion}: lists of messages, TRL's conversational form",
  "{messages}: a conversation that ends with the assistant's response; {conversations}: the same of turns {from, value}",
  "{instruction, input, output}: Alpaca's texts; also question, query, answer, system and history",
  "{prompt, response, tokens: {tokenizer, prompt, response}}: what `sera generate` writes",
];

/**
 * Loads demonstrations from a JSON Lines (plain or gzip) or Parquet file, or from a dataset on the hub: rows
 * `{prompt, response}` or `{prompt, completion}`, the prompt text or a list of messages; `{messages}` or
 * `{conversations}`, whose last turn is the response; Alpaca's `{instruction, input, output}`. Source and ids are as
 * in `loadPreferences`.
 *
 * @throws {InputError} for an unreadable file, an unknown dataset or split, and the first bad row unless bad rows are
 *   skipped (an unknown format, a missing or invalid field, an empty response)
 */
export async function loadDemonstrations(source: string, options: LoadOptions = {}): Promise<LoadedDemonstrations> {
  checkLoadOptions("loadDemonstrations", options);
  const log = new ReadingLog();
  const { examples, skipped } = await readExamples<Demonstration>(
    source,
    (row, place) => {
      const found = new ReadingLog();
      const demonstration = readDemonstration(unpacked(row, place, found), place, found);
      log.add(found, place);
      return demonstration;
    },
    options,
    log,
  );
  return { demonstrations: examples, skipped, reading: log.result(source) };
}

/** Reads the prompt and id of a row. @throws {InputError} for a missing or invalid field */
export function readPrompt(row: Row, place: Place): { id: string; prompt: Prompt } {
  const { prompt } = readPromptColumns(row, place);
  return { id: readCommonFields(row, place, { chosen: "", rejected: "" }).id, prompt };
}

function readDemonstration(row: Row, place: Place, log: ReadingLog): Demonstration {
  const {
    prompt,
    response,
    columns: ofTexts,
  } = readConversation(row, place, log) ?? readPromptAndResponse(row, place, log);
  const tokens = readTokens(row, place, log);
  if (response === "" && !tokens) throw errorAt(place, "the response is empty");
  if (isBlank(response) && !tokens)
    log.remark("the response is blank (white space only); training imitates it as any other");
  const columns = [...ofTexts, ...(tokens ? writtenColumns : [])];
  const { id, columns: common } = readCommonFields(row, place, { chosen: response, rejected: "" }, log);
  const isRead = new Set([...columns, ...common]);
  const unread = Object.keys(row).filter((name) => !isRead.has(name) && isGiven(row[name]));
  const lost = unread.find((name) => (wordColumns as readonly string[]).includes(name));
  if (lost !== undefined)
    throw errorAt(
      place,
      `column "${lost}" holds ${quote(row[lost])}, which is not read beside ${quote(columns)}; put it into the prompt, rename or remove the column`,
    );
  log.leaves(unread);
  return { id, prompt, response, ...(tokens && { tokens }) };
}

const ids = z.array(z.int("a token id").nonnegative("a token id"), "a list of token ids");
const tokensSchema = z.object({
  tokens: z.object({ tokenizer: text, prompt: ids, response: ids }, "an object {tokenizer, prompt, response}"),
});

/**
 * Columns that `sera generate` writes in addition to the texts; the tokens already give the length and whether the
 * response is complete.
 */
const writtenColumns = ["tokens", "length", "complete"];

/** Reads the tokens of a row written by `sera generate`; in other rows, a column of this name may mean something else. */
function readTokens(row: Row, place: Place, log: ReadingLog): DemonstrationTokens | undefined {
  const found = row["tokens"];
  if (typeof found !== "object" || found === null || !("tokenizer" in found)) return undefined;
  log.reads("tokens", "tokens");
  return readFields(tokensSchema, row, place).tokens;
}

interface Read {
  readonly prompt: Prompt;
  readonly response: string;
  readonly columns: readonly string[];
}

/** Reads a row that is a conversation, whose last turn is the response. */
function readConversation(row: Row, place: Place, log: ReadingLog): Read | undefined {
  if (hasPromptColumn(row)) return undefined;
  const name = conversationNames.find((each) => isGiven(row[each]));
  if (name === undefined) return undefined;
  const turns = readMessages(row, name, place, log);
  const system = systemColumn(row, place);
  for (const column of system?.columns ?? []) log.reads(column, "system turn");
  log.reads(name, "prompt, and its last turn the response");
  return {
    prompt: promptOf(withSystem(turns.slice(0, -1), system, place), name, place),
    response: responseOf(turns.slice(-1), name, place),
    columns: [name, ...(system?.columns ?? [])],
  };
}

function readPromptAndResponse(row: Row, place: Place, log: ReadingLog): Read {
  const name = responseNames.find((each) => row[each] !== undefined && row[each] !== null);
  if (name === undefined && !hasPromptColumn(row)) {
    throw errorAt(
      place,
      `not a demonstration: the row has the fields ${quote(Object.keys(row), 200)}; expected one of these forms:${forms.map((form) => `\n  ${form}`).join("")}`,
    );
  }
  if (name === undefined) {
    const pair =
      "chosen" in row ? ' (the row is a preference pair: its "chosen" is a response under the name "response")' : "";
    throw errorAt(place, `field "response" is missing; expected text${pair}`);
  }
  const { prompt, columns } = readPromptColumns(row, place, log);
  log.reads(name, "response");
  if (typeof prompt !== "string" && typeof row[name] === "object") {
    return {
      prompt,
      response: responseOf(readMessages(row, name, place, log), name, place),
      columns: [...columns, name],
    };
  }
  const response = row[name];
  if (typeof response !== "string")
    throw errorAt(
      place,
      `field "${name}" is ${response instanceof Uint8Array ? "not valid UTF-8" : quote(response)}; expected text`,
    );
  return { prompt, response, columns: [...columns, name] };
}
