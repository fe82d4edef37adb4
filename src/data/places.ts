import { basename } from "node:path";
import { counted } from "../base/counted.js";
import { describePlace, type Place } from "../base/errors.js";

const places = new WeakMap<object, Place>();

/** Remembers where an example came from, so that later errors name its file and line. Returns the example. */
export function withPlace<T extends object>(example: T, place: Place | undefined): T {
  if (place) places.set(example, place);
  return example;
}

/** Where an example was read from; undefined for one that was not read from a file, or is a copy. */
export function placeOf(example: object): Place | undefined {
  return places.get(example);
}

/** Prefix of an error, such as `file:12: `; empty if the location is unknown. */
export function placeText(example: object): string {
  return describePlace(placeOf(example) ?? {});
}

/** Maximum number of rows that a note lists by their places. */
export const mostPlaces = 5;

/**
 * A count of rows with the places of the first ones: `3 rows (lines 4, 9, 12)`. A place in another file than the source,
 * as in a dataset of several files, is written with its file's name.
 *
 * @param places of the rows counted, or of at least the first {@link mostPlaces}; unknown ones are left out
 */
export function countAt(
  count: number,
  unit: string,
  places: readonly (Place | undefined)[],
  source: string | undefined,
): string {
  const text = counted(count, unit);
  const known = places.filter((place) => place !== undefined).slice(0, mostPlaces);
  if (known.length === 0) return text;
  const isInSource = known.every(({ file }) => file === source);
  const texts = known.map(({ file, line, row }) => `${isInSource ? "" : `${basename(file ?? "")}:`}${line ?? row}`);
  const name = !isInSource ? "" : `${known[0]!.line === undefined ? "row" : "line"}${count === 1 ? " " : "s "}`;
  return `${text} (${name}${texts.join(", ")}${count > texts.length ? ", …" : ""})`;
}
