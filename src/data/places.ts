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
