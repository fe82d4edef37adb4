import type { Place } from "../../base/errors.js";
import type { PreferencePair } from "../pair.js";
import type { Row } from "../row.js";

/** A published format of preference data. */
export interface Format {
  readonly name: string;
  /** Its fields, as the error for an unknown format lists them. */
  readonly fields: string;
  /** Whether a row looks like this format, judging by which fields it has and their kinds; it may still be invalid. */
  fits(row: Row): boolean;
  /**
   * Parses a row as a pair.
   *
   * @throws {InputError} for a missing or invalid field, an empty response, or two equal responses
   */
  parse(row: Row, place: Place): PreferencePair;
}
