import { Template } from "@huggingface/jinja";
import type { Message } from "./chat.js";

/**
 * The dialogue of Anthropic's HH-RLHF as a chat template: `\n\nHuman: …\n\nAssistant: …`, and `\n\nAssistant:` where
 * the assistant's next turn begins, so that conversations and HH-RLHF's own text read the same.
 */
export const dialogueTemplate = [
  "{%- set names = {'system': 'System', 'user': 'Human', 'assistant': 'Assistant'} -%}",
  "{%- for message in messages -%}",
  "{{ '\\n\\n' + names[message['role']] + ': ' + message['content'] }}",
  "{%- endfor -%}",
  "{%- if add_generation_prompt -%}{{ '\\n\\nAssistant:' }}{%- endif -%}",
].join("");

/** Turns a conversation into the text that a model reads. */
export type RenderPrompt = (messages: readonly Message[]) => string;

/**
 * Prepares a Jinja chat template with the variables that transformers gives it. The template sees no clock: where it
 * writes today's date, the same data would give other tokens tomorrow.
 *
 * @param specialTokens text of the special tokens by name (`bos_token`, …)
 * @throws SyntaxError where the template is not Jinja; the rendering throws what the template raises
 */
export function compileChatTemplate(source: string, specialTokens: Readonly<Record<string, string>>): RenderPrompt {
  const template = new Template(`{%- set strftime_now = undefined -%}${source}`);
  return (messages) =>
    template.render({ ...specialTokens, messages, tools: null, documents: null, add_generation_prompt: true });
}
