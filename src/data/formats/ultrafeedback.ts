import { errorAt, quote, type Place } from "../../base/errors.js";
import type { Message } from "../../model/tokenizer/chat/chat.js";
import { readMessages } from "../messages.js";
import { hasPromptColumn, readPromptColumns, systemColumn, withSystem } from "../prompt-columns.js";
import { responseOf, splitConversations } from "./conversation.js";
import { defineFormat } from "./format.js";

const isList = (value: unknown) => typeof value === "object" && value !== null;

/**
 * UltraFeedback-binarized (Cui et al. 2023, arXiv 2310.01377; Tunstall et al. 2023): `chosen` and `rejected` are
 * conversations that include the turns of the prompt; the field `prompt` repeats one of these turns as text. If the
 * lists contain only the responses' turns, that text is the preceding user turn.
 */
export const ultrafeedback = defineFormat({
  name: "UltraFeedback-binarized",
  fields:
    "{prompt, prompt_id, chosen, rejected, score_chosen, score_rejected}: prompt is text, chosen and rejected are lists of messages that include the prompt",
  fits: (row) =>
    !Array.isArray(row.prompt) &&
    ("prompt" in row || hasPromptColumn(row)) &&
    (isList(row.chosen) || isList(row.rejected)),
  read(row, place, log) {
    const asked = readPromptColumns(row, place, log);
    const chosen = readMessages(row, "chosen", place, log);
    const rejected = readMessages(row, "rejected", place, log);
    const columns = [...asked.columns, "chosen", "rejected"];
    if ([chosen, rejected].every((turns) => turns.length === 1 && turns[0]!.role === "assistant")) {
      const prompt =
        typeof asked.prompt === "string" ? [{ role: "user", content: asked.prompt } as const] : asked.prompt;
      return {
        columns,
        prompt,
        chosen: responseOf(chosen, "chosen", place),
        rejected: responseOf(rejected, "rejected", place),
      };
    }
    const { prompt, ...responses } = splitConversations(chosen, rejected, place);
    checkSaysTheSame(typeof asked.prompt === "string" ? asked.prompt : asked.prompt.at(-1)!.content, prompt, place);
    return { columns, prompt: withSystem(prompt, systemColumn(row, place), place), ...responses };
  },
});

/** @throws InputError if a text that should repeat a prompt equals none of its turns */
function checkSaysTheSame(text: string, prompt: readonly Message[], place: Place): void {
  const plain = (words: string) => words.replace(/\s+/g, " ").trim();
  const isTurn = prompt.some(({ content }) => plain(content) === plain(text));
  if (isTurn || plain(prompt.map(({ content }) => content).join(" ")).includes(plain(text))) return;
  throw errorAt(
    place,
    `the prompt ${quote(text)} is in none of the turns before the responses: ${quote(prompt.map(({ content }) => content))}; remove the column, or mend the conversations`,
  );
}
