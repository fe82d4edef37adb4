import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { Message } from "../../../../src/model/tokenizer/chat/chat.js";
import { compileChatTemplate, dialogueTemplate } from "../../../../src/model/tokenizer/chat/chat-template.js";

const { conversations, templates } = JSON.parse(readFileSync("test/fixtures/chat/renderings.json", "utf8")) as {
  conversations: readonly (readonly Message[])[];
  templates: Record<
    string,
    { readonly template: string; readonly texts: readonly (readonly [string, string] | null)[] }
  >;
};
const specialTokens = { bos_token: "<s>", eos_token: "</s>" };

describe("compileChatTemplate matches apply_chat_template of transformers for", () => {
  for (const [name, { template, texts }] of Object.entries(templates)) {
    test(name, () => {
      const render = compileChatTemplate(template, specialTokens);
      conversations.forEach((conversation, i) => {
        const expected = texts[i];
        if (!expected) assert.throws(() => render(conversation, false));
        else assert.deepEqual([render(conversation, false), render(conversation, true)], expected);
      });
    });
  }
});

test("dialogueTemplate renders a conversation in the format of HH-RLHF", () => {
  const render = compileChatTemplate(dialogueTemplate, {});
  assert.equal(
    render([{ role: "user", content: " Hi {{ there }}\n" }], true),
    "\n\nHuman:  Hi {{ there }}\n\n\nAssistant:",
  );
  const turns: readonly Message[] = [
    { role: "system", content: "Be brief." },
    { role: "user", content: "Hi" },
    { role: "assistant", content: "Hello" },
  ];
  assert.equal(render(turns, false), "\n\nSystem: Be brief.\n\nHuman: Hi\n\nAssistant: Hello");
});

test("a template can use special tokens but not the current date", () => {
  const source = "{{ bos_token }}{% if strftime_now is defined %}{{ strftime_now('%Y') }}{% else %}no clock{% endif %}";
  assert.equal(compileChatTemplate(source, specialTokens)([], true), "<s>no clock");
  assert.throws(
    () => compileChatTemplate("{{ strftime_now('%Y') }}", {})([], true),
    /writes today's date, .*; put a date's text, such as '26 Jul 2024', in place of strftime_now/,
  );
});

test("a template that does not parse or that raises an exception throws", () => {
  assert.throws(() => compileChatTemplate("{% for %}", {}));
  assert.throws(() => compileChatTemplate("{{ raise_exception('no system turns') }}", {})([], true), /no system turns/);
});
