import assert from "node:assert/strict";
import test from "node:test";
import { compileChatTemplate, dialogueTemplate } from "../../src/model/chat-template.js";

test("a conversation reads as HH-RLHF's dialogues do", () => {
  const render = compileChatTemplate(dialogueTemplate, {});
  assert.equal(render([{ role: "user", content: " Hi {{ there }}\n" }]), "\n\nHuman:  Hi {{ there }}\n\n\nAssistant:");
  assert.equal(
    render([
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello" },
      { role: "user", content: "Bye" },
    ]),
    "\n\nSystem: Be brief.\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Bye\n\nAssistant:",
  );
});

test("a template has the special tokens, and no clock", () => {
  const source = "{{ bos_token }}{% if strftime_now is defined %}{{ strftime_now('%Y') }}{% else %}no clock{% endif %}";
  assert.equal(compileChatTemplate(source, { bos_token: "<s>" })([]), "<s>no clock");
});

test("a template that does not parse, and one that raises, throw", () => {
  assert.throws(() => compileChatTemplate("{% for %}", {}));
  assert.throws(() => compileChatTemplate("{{ raise_exception('no system turns') }}", {})([]), /no system turns/);
});
