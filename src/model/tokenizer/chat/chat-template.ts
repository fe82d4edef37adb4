import { parse, tokenize } from "@huggingface/jinja";
import type { Message } from "./chat.js";
import { TemplateRun, type Node } from "./jinja/interpreter.js";
import { preparedTokens } from "./jinja/tokens.js";
import { valueOf } from "./jinja/values.js";

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

/**
 * Turns a conversation into the text that a model reads.
 *
 * @param opensTurn whether the text goes on to where the assistant's next turn begins
 */
export type RenderConversation = (messages: readonly Message[], opensTurn: boolean) => string;

/**
 * Prepares a Jinja chat template with the variables that transformers gives it. It is parsed by Hugging Face's library and
 * rendered as Python's Jinja renders it; what is not supported is refused by name. The template runs in a sandbox: it
 * reaches nothing but these, and one that loops for ever or writes without end is stopped. It sees no clock: where it
 * writes today's date, the same data would give other tokens tomorrow.
 *
 * @param specialTokens text of the special tokens by name (`bos_token`, …)
 * @param now the date that `strftime_now` writes, in UTC. Default: the template has no such function, and a call is refused
 * @throws Error where the template is not Jinja; the rendering throws what the template raises
 */
export function compileChatTemplate(
  source: string,
  specialTokens: Readonly<Record<string, string>>,
  now?: Date,
): RenderConversation {
  const tokens = tokenize(source.replace(/\r\n?/g, "\n"), { lstrip_blocks: true, trim_blocks: true });
  const program = parse(preparedTokens(tokens) as typeof tokens) as unknown as Node;
  return (messages, opensTurn) => {
    const variables = {
      ...specialTokens,
      messages: valueOf(messages),
      tools: null,
      documents: null,
      add_generation_prompt: opensTurn,
    };
    return new TemplateRun(variables, now).render(program);
  };
}
