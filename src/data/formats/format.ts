import { errorAt, quote, type Place } from "../../base/errors.js";
import { readCommonFields } from "../common-fields.js";
import type { PreferencePair } from "../pair.js";
import { wordColumns } from "../prompt-columns.js";
import { isGiven, type ReadingLog } from "../reading.js";
import type { Row } from "../row.js";
import { checked } from "./checked.js";

/** A published format of preference data. */
export interface Format {
  readonly name: string;
  /** Its fields, as the error for an unknown format lists them. */
  readonly fields: string;
  /** Whether a row looks like this format, judging by the fields it has and their types; it may still be invalid. */
  fits(row: Row): boolean;
  /**
   * Parses a row as a pair; undefined if the pair needs another row ({@link Format.start}).
   *
   * @param log records which columns were read and which were not
   * @throws {InputError} for a missing or invalid field, a column with text for the model that the format does not
   *   read, an empty response, or two equal responses
   */
  parse(row: Row, place: Place, log?: ReadingLog): PreferencePair | undefined;
  /** Starts a format for one file, if a pair takes several rows; `end` reports the leftover rows at the end of the file. */
  start?(): Format & { end(log: ReadingLog): void };
}

/** A format with one pair per row. */
export interface RowFormat extends Format {
  parse(row: Row, place: Place, log?: ReadingLog): PreferencePair;
}

/** What a format reads from a row itself; {@link defineFormat} reads the fields that all formats share. */
export interface ReadPair
  extends Pick<PreferencePair, "prompt" | "chosen" | "rejected">,
    Partial<Pick<PreferencePair, "chosenScore" | "rejectedScore" | "tokens">> {
  /** An id in a format-specific field. */
  readonly ownId?: string | number | null | undefined;
  /** The columns that were read; the reader of a column logs it if its meaning differs from its name. */
  readonly columns: readonly string[];
}

/** Creates a format from its specific parts. */
export function defineFormat({
  read,
  ...form
}: Omit<Format, "parse" | "start"> & { read(row: Row, place: Place, log?: ReadingLog): ReadPair }): RowFormat {
  return {
    ...form,
    parse(row, place, log) {
      const { ownId, columns, ...own } = read(row, place, log);
      const { id, scores, columns: common } = readCommonFields(row, place, own, log);
      leaveOthers(row, [...columns, ...common], form.name, place, log);
      for (const name of columns) if (name === "chosen" || name === "rejected") log?.reads(name, name);
      return checked({ ...(ownId == null ? { id } : { id: String(ownId) }), ...own, ...scores }, place);
    },
  };
}

/**
 * Reports the columns that a format does not read.
 *
 * @throws InputError if one of them is known to contain text for the model
 */
export function leaveOthers(row: Row, read: readonly string[], form: string, place: Place, log?: ReadingLog): void {
  const unread = Object.keys(row).filter((name) => !read.includes(name) && isGiven(row[name]));
  const lost = unread.find((name) => (wordColumns as readonly string[]).includes(name));
  if (lost !== undefined) {
    throw errorAt(
      place,
      `column "${lost}" holds ${quote(row[lost])}, which the form ${form} has no place for; put it into the prompt, rename or remove the column`,
    );
  }
  log?.leaves(unread);
}
