import { InputError } from "../base/errors.js";
import type { Tokenizer } from "../model/tokenizer/tokenizer.js";
import type { PreferencePair, Prompt } from "./pair.js";
import { placeText } from "./places.js";

/** Number of characters shown from the beginning and the end of a text. */
const shown = { beginning: 400, end: 200 };

/**
 * Formats a pair for human readers: the prompt and the responses as a model reads them, in quotes, with the markers of
 * its chat template. Without a tokenizer, roles name the turns.
 */
export function pairAsRead(pair: PreferencePair, tokenizer?: Tokenizer): string {
  const { id, prompt, chosen, rejected } = pair;
  const lines = (): [string, string][] => [
    ["prompt", promptText(prompt, tokenizer)],
    ["chosen", responseText(prompt, chosen, tokenizer)],
    ["rejected", responseText(prompt, rejected, tokenizer)],
  ];
  const title = `${placeText(pair)}pair ${JSON.stringify(id)}`;
  try {
    return [title, ...lines().map(([name, text]) => `  ${name.padEnd(8)}  ${JSON.stringify(cut(text))}`)].join("\n");
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return `${title}\n  ${error.message}`;
  }
}

function promptText(prompt: Prompt, tokenizer: Tokenizer | undefined): string {
  if (typeof prompt === "string") return prompt;
  if (!tokenizer) return prompt.map(({ role, content }) => `[${role}] ${content}`).join("\n");
  const { bos, text } = tokenizer.renderPrompt(prompt);
  return bos + text;
}

function responseText(prompt: Prompt, response: string, tokenizer: Tokenizer | undefined): string {
  return typeof prompt === "string" || !tokenizer ? response : tokenizer.renderResponse(prompt, response);
}

function cut(text: string): string {
  const { beginning, end } = shown;
  return text.length <= beginning + end ? text : `${text.slice(0, beginning)} … ${text.slice(-end)}`;
}
