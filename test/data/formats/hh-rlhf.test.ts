import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { hhRlhf } from "../../../src/data/formats/hh-rlhf.js";

const place = { file: "f", line: 3 };
const parse = (chosen: string, rejected: string) => hhRlhf.parse({ chosen, rejected }, place);

describe("HH-RLHF", () => {
  const prompt = "\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant:";

  test("ends the prompt at the last shared assistant turn and keeps the space before each response", () => {
    assert.deepEqual(parse(`${prompt} yes`, `${prompt} you`), { id: "3", prompt, chosen: " yes", rejected: " you" });
  });

  test("keeps turns within a response in the response", () => {
    const chosen = " no\n\nHuman: d\n\nAssistant: e";
    assert.deepEqual(parse(prompt + chosen, `${prompt} no`), { id: "3", prompt, chosen, rejected: " no" });
  });

  test("splits texts into prompt and response without loss", () => {
    const piece = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("\n\nHuman:", "\n\nAssistant:", "\n\n", " "),
    );
    const texts = fc.array(piece).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(texts, texts, texts, (shared, a, b) => {
        fc.pre(a !== b && a !== "" && b !== "");
        const start = `\n\nHuman: x${shared}\n\nAssistant:`;
        // If one begins with the other, the shorter may end with a marker: an empty response, which is refused.
        fc.pre(!(start + a).endsWith("\n\nAssistant:") && !(start + b).endsWith("\n\nAssistant:"));
        const pair = parse(start + a, start + b);
        assert.equal(String(pair.prompt) + pair.chosen, start + a);
        assert.equal(String(pair.prompt) + pair.rejected, start + b);
        assert.ok(String(pair.prompt).length >= start.length && String(pair.prompt).endsWith("\n\nAssistant:"));
      }),
    );
  });

  test("accepts a response of a single space", () => {
    assert.equal(parse(`${prompt} `, `${prompt} you`).chosen, " ");
  });

  test("refuses bad rows", () => {
    assert.throws(() => parse(prompt, `${prompt} x`), {
      name: "InputError",
      message: /^f:3: the response in "chosen" is empty$/,
    });
    assert.throws(() => parse(`${prompt} x`, `${prompt} x`), /f:3: "chosen" and "rejected" are equal: /);
    assert.throws(
      () => parse("\n\nHuman: a\n\nAssistant: b", "\n\nHuman: c\n\nAssistant: b"),
      /f:3: the dialogues share no prompt up to /,
    );
    assert.throws(() => hhRlhf.parse({ chosen: prompt }, place), /f:3: field "rejected" is missing; expected text/);
    assert.throws(
      () => hhRlhf.parse({ chosen: prompt, rejected: 7 }, place),
      /f:3: field "rejected" is 7; expected text/,
    );
  });
});
