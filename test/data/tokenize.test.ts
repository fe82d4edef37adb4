import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { Message } from "../../src/model/tokenizer/chat/chat.js";
import { compileChatTemplate } from "../../src/model/tokenizer/chat/chat-template.js";
import { ConversationFormat } from "../../src/model/tokenizer/chat/conversation-format.js";
import { tokenizerFromFiles } from "../../src/model/tokenizer/load-tokenizer.js";
import type { Tokenizer } from "../../src/model/tokenizer/tokenizer.js";
import {
  encodePrompt,
  encodeResponse,
  tokenizeDemonstrations,
  tokenizePairs,
  tokenizePrompts,
} from "../../src/data/tokenize.js";
import type { PreferencePair } from "../../src/data/pair.js";
import { byteTokenizer } from "./byte-tokenizer.js";

const tokenizer = byteTokenizer({ bos: true });
const plain = byteTokenizer({ bos: false });
const ids = (text: string) => tokenizer.encode(text);
const pair = (prompt: PreferencePair["prompt"], chosen: string, rejected: string, id = "x"): PreferencePair => ({
  id,
  prompt,
  chosen,
  rejected,
});
const none = { prompts: 0, promptTokens: 0, responses: 0, responseTokens: 0 };

describe("tokenizePairs", () => {
  test("adds BOS before the prompt and EOS after each response", () => {
    assert.deepEqual(tokenizePairs([pair("ab", "c", "de")], tokenizer, { contextLength: 16 }), {
      pairs: [
        {
          id: "x",
          prompt: Int32Array.of(1, ...ids("ab")),
          chosen: Int32Array.of(...ids("c"), 2),
          rejected: Int32Array.of(...ids("de"), 2),
        },
      ],
      truncation: none,
      identical: 0,
      skipped: [],
      unwritten: {},
    });
    const [withoutBos] = tokenizePairs([pair("ab", "c", "de")], plain, { contextLength: 16 }).pairs;
    assert.deepEqual(withoutBos!.prompt, Int32Array.from(ids("ab")));
  });

  test("keeps the mark of a flipped pair", () => {
    const pairs = [{ ...pair("ab", "c", "de"), flipped: true }, pair("ab", "c", "de", "y")];
    const tokenized = tokenizePairs(pairs, tokenizer, { contextLength: 16 }).pairs;
    assert.deepEqual(
      tokenized.map(({ flipped }) => flipped),
      [true, undefined],
    );
  });

  test("applies the chat template to a conversation", () => {
    const { pairs } = tokenizePairs([pair([{ role: "user", content: "a" }], "b", "c")], tokenizer, {
      contextLength: 64,
    });
    assert.equal(tokenizer.decode(pairs[0]!.prompt), "<user>a<assistant>");
  });

  test("counts what the chat template leaves out of prompts", () => {
    const templated = (template: string): Tokenizer => {
      const format = new ConversationFormat(compileChatTemplate(template, {}), [], "template.jinja");
      return { ...tokenizer, renderPrompt: (messages) => ({ bos: "", text: format.prompt(messages) }) };
    };
    const turns: Message[] = [
      { role: "system", content: "be brief" },
      { role: "user", content: "add" },
      { role: "assistant", content: "", tool_calls: [{ name: "sum" }], reasoning_content: "hm" },
      { role: "tool", content: " 4\n" },
    ];
    const pairs = [pair(turns, "b", "c"), pair(turns.slice(0, 2), "b", "c", "y")];
    const unwritten = (template: string) => tokenizePairs(pairs, templated(template), { contextLength: 64 }).unwritten;
    assert.deepEqual(
      unwritten(
        "{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}{{ m.tool_calls }}{{ m.reasoning_content }}{% endfor %}",
      ),
      {},
    );
    assert.deepEqual(
      unwritten(
        "{% for m in messages %}{% if m.role != 'system' %}<{{ m.role }}>{{ m.content }}{% endif %}{% endfor %}",
      ),
      { '"tool_calls"': 1, '"reasoning_content"': 1, 'a turn of role "system"': 2 },
    );
    // A turn with changed text counts as written, and so does one that the template requires.
    assert.deepEqual(
      unwritten(
        "{% for m in messages %}{{ m.content | upper }}{{ m.tool_calls }}{{ m.reasoning_content }}{% endfor %}",
      ),
      {},
    );
    assert.deepEqual(
      unwritten(
        "{% if messages[0].role != 'system' %}{{ raise_exception('no') }}{% endif %}{% for m in messages[1:] %}{{ m.content }}{{ m.tool_calls }}{{ m.reasoning_content }}{% endfor %}",
      ),
      {},
    );
  });

  test("cuts the prompt of both responses to fit the longer one, and counts every cut", () => {
    const { pairs, truncation } = tokenizePairs([pair("abcdef", "gh", "ijkl")], tokenizer, { contextLength: 9 });
    assert.equal(tokenizer.decode(pairs[0]!.prompt), "def");
    assert.deepEqual([pairs[0]!.prompt[0], pairs[0]!.chosen.at(-1), pairs[0]!.rejected.at(-1)], [1, 2, 2]);
    assert.deepEqual(truncation, { ...none, prompts: 1, promptTokens: 3 });
  });

  test("cuts the end and the EOS of a response that is too long for the context", () => {
    const { pairs, truncation } = tokenizePairs([pair("abc", "defghij", "k")], tokenizer, { contextLength: 8 });
    assert.equal(tokenizer.decode(pairs[0]!.prompt), "c");
    assert.deepEqual(pairs[0]!.chosen, Int32Array.from(ids("defghi")));
    assert.deepEqual(pairs[0]!.rejected, Int32Array.of(...ids("k"), 2));
    assert.deepEqual(truncation, { prompts: 1, promptTokens: 2, responses: 1, responseTokens: 2 });
  });

  test("counts pairs with responses that are identical in tokens", () => {
    assert.equal(
      tokenizePairs([pair("a", "bbbbb1", "bbbbb2"), pair("a", "b", "c")], tokenizer, { contextLength: 7 }).identical,
      1,
    );
  });

  test("refuses, cuts or skips a prompt that is longer than the context", () => {
    const pairs = [pair("abcdefgh", "i", "j", "long"), pair("a", "b", "c", "short")];
    const message =
      'prompt of "long": 9 tokens do not fit a context of 8 with room for a response; set truncatePrompts to keep the ends of long prompts, or skipBadRows to leave them out';
    assert.throws(() => tokenizePairs(pairs, tokenizer, { contextLength: 8 }), { name: "InputError", message });
    const cut = tokenizePairs(pairs, tokenizer, { contextLength: 8, truncatePrompts: true });
    assert.equal(tokenizer.decode(cut.pairs[0]!.prompt), "defgh");
    assert.deepEqual(cut.truncation, { ...none, prompts: 1, promptTokens: 3 });
    const skipped = tokenizePairs(pairs, tokenizer, { contextLength: 8, skipBadRows: true });
    assert.deepEqual(
      skipped.pairs.map(({ id }) => id),
      ["short"],
    );
    assert.deepEqual(skipped.skipped, [{ id: "long", reason: message }]);
    assert.deepEqual(skipped.truncation, none);
  });

  test("applies maxLength and maxPromptLength below the context, and refuses invalid ones", () => {
    const pairs = [pair("abcdefgh", "ij", "k", "long"), pair("a", "b", "c", "short")];
    const fit = { contextLength: 40, truncatePrompts: true };
    const together = tokenizePairs(pairs, tokenizer, { ...fit, maxLength: 8 });
    assert.deepEqual(together.pairs, tokenizePairs(pairs, tokenizer, { ...fit, contextLength: 8 }).pairs);
    const prompts = tokenizePairs(pairs, tokenizer, { ...fit, maxPromptLength: 4 });
    assert.deepEqual(
      prompts.pairs.map(({ prompt }) => [prompt[0], tokenizer.decode(prompt)]),
      [
        [1, "fgh"],
        [1, "a"],
      ],
    );
    assert.deepEqual(prompts.truncation, { ...none, prompts: 1, promptTokens: 5 });
    const message =
      'prompt of "long": 9 tokens are more than maxPromptLength = 4; set truncatePrompts to keep the ends of long prompts, or skipBadRows to leave them out';
    assert.throws(() => tokenizePairs(pairs, tokenizer, { contextLength: 40, maxPromptLength: 4 }), {
      name: "InputError",
      message,
    });
    assert.throws(() => tokenizePairs(pairs, tokenizer, { ...fit, maxLength: 41 }), {
      message: "maxLength: found 41, expected a whole number of tokens from 3 to 40, the model's context",
    });
    assert.throws(() => tokenizePairs(pairs, tokenizer, { ...fit, maxPromptLength: 1 }), {
      message: "maxPromptLength: found 1, expected a whole number of tokens from 2",
    });
  });

  test("refuses a prompt without tokens, unless the tokenizer has a BOS", () => {
    assert.throws(
      () => tokenizePairs([pair("", "a", "b")], plain, { contextLength: 8 }),
      /prompt of "x": the prompt has no tokens, and the tokenizer has no BOS/,
    );
    assert.deepEqual(
      tokenizePairs([pair("", "a", "b")], tokenizer, { contextLength: 8 }).pairs[0]!.prompt,
      Int32Array.of(1),
    );
  });

  test("refuses a context that is too small for a pair", () => {
    for (const contextLength of [2, 0, -5, 7.5, NaN]) {
      assert.throws(() => tokenizePairs([], tokenizer, { contextLength }), {
        message: `contextLength: found ${contextLength}, expected a whole number of at least 3 tokens`,
      });
    }
    assert.deepEqual(
      tokenizePairs([pair("abc", "d", "e")], plain, { contextLength: 2, truncatePrompts: true }).pairs[0]!.prompt,
      Int32Array.from(ids("c")),
    );
  });
});

test("tokenizeDemonstrations follows the same rules", () => {
  const demonstrations = [{ id: "x", prompt: "abc", response: "def" }];
  assert.deepEqual(tokenizeDemonstrations(demonstrations, tokenizer, { contextLength: 7 }), {
    demonstrations: [{ id: "x", prompt: Int32Array.of(1, ...ids("bc")), response: Int32Array.of(...ids("def"), 2) }],
    truncation: { ...none, prompts: 1, promptTokens: 1 },
    skipped: [],
    unwritten: {},
  });
});

test("encodePrompt gives text one BOS, and a conversation only that of its template", () => {
  const written = { ...tokenizer, encode: (text: string) => [1, ...tokenizer.encode(text)] };
  assert.deepEqual(encodePrompt("a", written), [1, ...ids("a")]);
  const without = { ...tokenizer, renderPrompt: () => ({ bos: "", text: "a" }) };
  assert.deepEqual(encodePrompt([{ role: "user", content: "a" }], without), ids("a"));
});

test("encodeResponse ends a response with exactly one stop token", () => {
  const stops = { ...tokenizer, stopIds: [2, ...ids("!")] };
  assert.deepEqual(encodeResponse("a", "b", stops), [...ids("b"), 2]);
  assert.deepEqual(encodeResponse("a", "b!", stops), ids("b!"));
  assert.deepEqual(encodeResponse("a", "", stops), [2]);
});

test("a cut prompt keeps its BOS, and gets none if it had none", () => {
  for (const [bos, expected] of [
    ["<bos>", [1, ...ids("cdef")]],
    ["", ids("bcdef")],
  ] as const) {
    const model = { ...tokenizer, renderPrompt: () => ({ bos, text: "abcdef" }) };
    const { pairs } = tokenizePairs([pair([{ role: "user", content: "" }], "gh", "i")], model, { contextLength: 8 });
    assert.deepEqual([...pairs[0]!.prompt], expected);
  }
});

describe("tokenizePrompts", () => {
  test("encodes prompts as tokenizePairs does, and leaves room for one token", () => {
    const prompts = [{ id: "x", prompt: "ab" }];
    const { prompts: encoded, ...counts } = tokenizePrompts(prompts, tokenizer, { contextLength: 4 });
    assert.deepEqual(encoded, [{ id: "x", prompt: Int32Array.of(1, ...ids("ab")) }]);
    assert.deepEqual(counts, { truncation: none, skipped: [], unwritten: {} });
    assert.throws(() => tokenizePrompts(prompts, tokenizer, { contextLength: 3 }), {
      name: "InputError",
      message: /^prompt of "x": /,
    });
    const cut = tokenizePrompts(prompts, tokenizer, { contextLength: 3, truncatePrompts: true });
    assert.deepEqual(cut.prompts[0]!.prompt, Int32Array.of(1, ...ids("b")));
    assert.equal(cut.truncation.promptTokens, 1);
  });

  test("truncates to three quarters of the context, or to maxPromptLength", () => {
    const prompts = [{ id: "x", prompt: "abcdefghij" }];
    const lengthWith = (options: object) =>
      tokenizePrompts(prompts, tokenizer, { contextLength: 12, ...options }).prompts[0]!.prompt.length;
    assert.equal(lengthWith({}), 11);
    assert.equal(lengthWith({ truncatePrompts: true }), 9);
    assert.equal(lengthWith({ truncatePrompts: true, maxPromptLength: 10 }), 10);
  });
});

describe("tokens compared with TRL's DPOTrainer", () => {
  interface TrlPair {
    readonly prompt: PreferencePair["prompt"];
    readonly chosen: string | readonly Message[];
    readonly rejected: string | readonly Message[];
  }
  const { pairs, tokenizers } = JSON.parse(readFileSync("test/fixtures/chat/pairs.json", "utf8")) as {
    pairs: readonly TrlPair[];
    tokenizers: Record<
      string,
      {
        readonly tokenizer: string;
        readonly config: object;
        readonly tokens: readonly (readonly [number[], number[], number[]])[];
      }
    >;
  };
  const content = (response: string | readonly Message[]) =>
    typeof response === "string" ? response : response[0]!.content;

  /** Texts with a token across the boundary when prompt and response are encoded together. */
  const overBoundary = new Set([1, 3]);
  /** Conversations with a prompt that the template writes differently once it is answered. */
  const rewritten = new Set(["qwen2 thinking 5", "qwen2 thinking 6", "mistral 6"]);

  /** Returns TRL's response up to the first of the stop tokens at its end. */
  function ended(response: readonly number[], model: Tokenizer): readonly number[] {
    let end = response.length;
    while (
      end > 0 &&
      model.decode(response.slice(end - 1)).trim() === "" &&
      !model.stopIds.includes(response[end - 1]!)
    )
      end--;
    while (end > 1 && model.stopIds.includes(response[end - 2]!)) end--;
    return response.slice(0, end);
  }

  for (const [name, { tokenizer: file, config, tokens }] of Object.entries(tokenizers)) {
    test(name, () => {
      const model = tokenizerFromFiles(
        new Map([
          ["tokenizer.json", readFileSync(`test/fixtures/tokenizers/${file}.json`, "utf8")],
          ["tokenizer_config.json", JSON.stringify(config)],
        ]),
      );
      pairs.forEach(({ prompt, chosen, rejected }, i) => {
        const [trlPrompt, ...trlResponses] = tokens[i]!;
        const ours = encodePrompt(prompt, model);
        [chosen, rejected].map(content).forEach((text, side) => {
          const response = encodeResponse(prompt, text, model);
          const trl = ended(trlResponses[side]!, model);
          if (overBoundary.has(i)) {
            assert.notDeepEqual(ours, trlPrompt);
            assert.equal(model.decode([...ours, ...response]), model.decode([...trlPrompt, ...trl]));
            assert.deepEqual(ours.slice(0, trlPrompt.length - 1), trlPrompt.slice(0, -1));
          } else if (rewritten.has(`${name} ${i}`)) {
            assert.ok(ours.length > trlPrompt.length);
            assert.equal(model.decode(response), text);
          } else {
            assert.deepEqual(ours, trlPrompt, JSON.stringify(prompt));
            assert.deepEqual(response, trl, JSON.stringify([prompt, text]));
          }
        });
      });
    });
  }
});
