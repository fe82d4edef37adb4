import type { Place } from "../../base/errors.js";
import type { PreferencePair } from "../pair.js";
import type { Row } from "../row.js";

/** One layout in which preference data is published. */
export interface Format {
  readonly name: string;
  /** Its fields, as the error of an unknown layout lists them. */
  readonly fields: string;
  /** Whether a row is laid out so, going by the presence and kind of its fields; it may still be wrong. */
  fits(row: Row): boolean;
  /**
   * The pair of a row.
   *
   * @throws {InputError} a field that is missing or wrong, an empty response, two equal responses
   */
  parse(row: Row, place: Place): PreferencePair;
}
