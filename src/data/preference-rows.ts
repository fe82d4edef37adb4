import type { PreferencePair } from "./pair.js";

/**
 * A pair as a row that {@link loadPreferences} reads back as the same pair: three texts, or three lists of messages if
 * the prompt is a conversation, with its id and scores, and its columns under their names.
 */
export function preferenceRow({
  id,
  prompt,
  chosen,
  rejected,
  chosenScore,
  rejectedScore,
  columns,
  flipped,
}: PreferencePair): object {
  const response = (text: string) => (typeof prompt === "string" ? text : [{ role: "assistant", content: text }]);
  return {
    ...{ id, prompt, chosen: response(chosen), rejected: response(rejected) },
    ...(chosenScore !== undefined && { score_chosen: chosenScore }),
    ...(rejectedScore !== undefined && { score_rejected: rejectedScore }),
    ...columns,
    ...(flipped && { flipped }),
  };
}
