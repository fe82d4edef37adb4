import assert from "node:assert/strict";
import test from "node:test";
import { InputError } from "../../../../src/base/errors.js";
import type { Message } from "../../../../src/model/tokenizer/chat/chat.js";
import { compileChatTemplate } from "../../../../src/model/tokenizer/chat/chat-template.js";
import { ConversationFormat } from "../../../../src/model/tokenizer/chat/conversation-format.js";

const tokens = ["<|im_end|>", "<|im_start|>", "</s>", "  "];
const format = (source: string) =>
  new ConversationFormat(compileChatTemplate(source, { eos_token: "</s>" }), tokens, "t.jinja");
const turns = (turn: string, opening: string) =>
  `{% for message in messages %}${turn}{% endfor %}{% if add_generation_prompt %}${opening}{% endif %}`;
const messages: readonly Message[] = [{ role: "user", content: "Hi" }];

test("a response is the text that the template adds, up to the token that ends the turn", () => {
  const chatml = format(
    turns(
      "{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}",
      "{{ '<|im_start|>assistant\\n' }}",
    ),
  );
  assert.equal(chatml.prompt(messages), "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
  assert.equal(chatml.response(messages, "Hello\n"), "Hello\n<|im_end|>");
  assert.equal(chatml.response(messages, ""), "<|im_end|>");
  assert.equal(chatml.response(messages, "a<|im_end|>\n"), "a<|im_end|>\n<|im_end|>");
  assert.equal(chatml.endToken, "<|im_end|>");
});

test("the template's own white space and trimming are kept", () => {
  const inst = format(
    turns(
      "{% if message.role == 'user' %}[INST] {{ message.content }} [/INST]{% else %} {{ message.content | trim }} {{ eos_token }}{% endif %}",
      "",
    ),
  );
  assert.equal(inst.prompt(messages), "[INST] Hi [/INST]");
  assert.equal(inst.response(messages, "\n Hello "), " Hello </s>");
});

test("text after the response is omitted if the template ends a turn without a token", () => {
  const plain = format(turns("{{ message.role }}: {{ message.content }}\n\n", "assistant:"));
  assert.equal(plain.response(messages, "Hello"), " Hello");
  assert.equal(plain.endToken, undefined);
});

test("a response is its content and end token if the template renders an answered prompt differently", () => {
  const thinking = format(
    turns("<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n", "<|im_start|>assistant\n<think>\n"),
  );
  assert.equal(thinking.response(messages, "Hello"), "Hello<|im_end|>");
});

test("a template that refuses a conversation causes an InputError with its message", () => {
  const strict = format(
    "{% if messages | length != 1 %}{{ raise_exception('one turn, please') }}{% endif %}{{ messages[0].content }}",
  );
  assert.equal(strict.endToken, undefined);
  assert.equal(strict.prompt(messages), "Hi");
  assert.throws(
    () => strict.response(messages, "Hello"),
    (error: Error) => {
      assert.ok(error instanceof InputError);
      assert.equal(
        error.message,
        "t.jinja: found turns (user, assistant) that the chat template refuses (one turn, please), expected turns that it takes",
      );
      return true;
    },
  );
});
