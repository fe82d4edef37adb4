import { errorAt, quote, type Place } from "../../base/errors.js";
import type { PreferencePair } from "../pair.js";

/**
 * Checks that a pair's responses are usable, and returns it. A response of white space only is accepted: text dialogues
 * contain silent assistants (HH-RLHF sometimes prefers them), and it has a likelihood like any other; `summarize` counts
 * them.
 *
 * @throws {InputError} for an empty response, or if chosen equals rejected
 */
export function checked(pair: PreferencePair, place: Place): PreferencePair {
  for (const side of ["chosen", "rejected"] as const) {
    if (pair[side] === "") throw errorAt(place, `the response in "${side}" is empty`);
  }
  if (pair.chosen === pair.rejected) {
    throw errorAt(place, `"chosen" and "rejected" are equal: ${quote(pair.chosen)}`);
  }
  return pair;
}
