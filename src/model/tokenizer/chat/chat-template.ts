import { parse, tokenize } from "@huggingface/jinja";
import type { Message } from "./chat.js";
import { TemplateRun, type Node } from "./jinja/interpreter.js";
import { preparedTokens } from "./jinja/tokens.js";
import { valueOf } from "./jinja/values.js";

/**
 * The dialogue of Anthropic's HH-RLHF as a chat template: `\n\nHuman: …\n\nAssistant: …`, and `\n\nAssistant:` at the start of
 * the assistant's next turn, so that conversations and HH-RLHF's own text look the same.
 */
export const dialogueTemplate = [
  "{%- set names = {'system': 'System', 'user': 'Human', 'assistant': 'Assistant'} -%}",
  "{%- for message in messages -%}",
  "{{ '\\n\\n' + names[message['role']] + ': ' + message['content'] }}",
  "{%- endfor -%}",
  "{%- if add_generation_prompt -%}{{ '\\n\\nAssistant:' }}{%- endif -%}",
].join("");

/**
 * Renders a conversation as the text that a model reads.
 *
 * @param opensTurn whether the text ends with the start of the assistant's next turn
 */
export type RenderConversation = (messages: readonly Message[], opensTurn: boolean) => string;

/**
 * Prepares a Jinja chat template with the variables that transformers provides. It is parsed by Hugging Face's library and
 * rendered like Python's Jinja; unsupported features are refused by name. The template runs in a sandbox: it can access only
 * these variables, and one that loops forever or writes without end is stopped. It has no clock: if it wrote today's date, the
 * same data would give other tokens tomorrow.
 *
 * @param specialTokens text of the special tokens by name (`bos_token`, …)
 * @param now the date for `strftime_now`, in UTC. Default: the template has no such function, and a call is refused
 * @throws Error if the template is not valid Jinja; rendering throws what the template raises
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
