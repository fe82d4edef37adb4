import { errorAt, quote, type Place } from "../../base/errors.js";

/**
 * Rejects a pair of texts with a common prompt if one text ends at the end of the prompt, because it then has no response.
 *
 * @param promptEnd end of the prompt found in both
 * @throws InputError if one text is the whole beginning of the other
 */
export function refuseBeginning(chosen: string, rejected: string, promptEnd: number, place: Place): void {
  if (chosen === rejected) throw errorAt(place, `"chosen" and "rejected" are equal: ${quote(chosen)}`);
  for (const [name, text, other] of [
    ["chosen", chosen, "rejected"],
    ["rejected", rejected, "chosen"],
  ] as const) {
    if (text.slice(promptEnd) !== "") continue;
    const why = `the whole of "${name}" is the beginning of "${other}": ${quote(text)}`;
    throw errorAt(place, `${why}; where their prompt ends cannot be told. Give the prompt in a column "prompt"`);
  }
}
