import { inputError, quote, type Place } from "../../base/errors.js";
import type { PreferencePair } from "../pair.js";

/**
 * The pair itself, once its responses are known to be usable. A response of white space alone
 * passes: text dialogues have assistants that say nothing (HH-RLHF prefers that at times), and it
 * has a likelihood like any other; `summarize` counts them.
 *
 * @throws {InputError} an empty response, or chosen equal to rejected
 */
export function checked(pair: PreferencePair, place: Place): PreferencePair {
  for (const side of ["chosen", "rejected"] as const) {
    if (pair[side] === "") throw inputError(place, `an empty response in "${side}"`, "a response");
  }
  if (pair.chosen === pair.rejected) {
    throw inputError(place, `"chosen" equal to "rejected": ${quote(pair.chosen)}`, "two different responses");
  }
  return pair;
}

/** The scores of a pair, where the row has them. */
export function scores(
  chosenScore: number | null | undefined,
  rejectedScore: number | null | undefined,
): Pick<PreferencePair, "chosenScore" | "rejectedScore"> {
  return { ...(chosenScore != null && { chosenScore }), ...(rejectedScore != null && { rejectedScore }) };
}
