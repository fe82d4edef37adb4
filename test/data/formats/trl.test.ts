import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { trlConversationalImplicit } from "../../../src/data/formats/trl-conversational.js";
import { trlExplicit } from "../../../src/data/formats/trl-explicit.js";
import { trlImplicit } from "../../../src/data/formats/trl-implicit.js";

const place = { file: "f", line: 9 };
const user = { role: "user", content: "Hi" };
const says = (content: string) => ({ role: "assistant", content });

describe("TRL explicit prompt", () => {
  const row = { prompt: "The sky is", chosen: " blue.", rejected: " green." };

  test("reads three texts, with an id and scores if present", () => {
    assert.deepEqual(trlExplicit.parse(row, place), { id: "9", ...row });
    assert.deepEqual(trlExplicit.parse({ ...row, id: 12, score_chosen: 1 }, place), {
      id: "12",
      ...row,
      chosenScore: 1,
    });
  });

  test("refuses bad rows", () => {
    assert.throws(
      () => trlExplicit.parse({ ...row, prompt: 4 }, place),
      /^InputError: f:9: field "prompt" is 4; expected text$/,
    );
    assert.throws(
      () => trlExplicit.parse({ prompt: "a", chosen: "b" }, place),
      /field "rejected" is missing; expected text/,
    );
    assert.throws(() => trlExplicit.parse({ ...row, rejected: "" }, place), /the response in "rejected" is empty/);
    assert.throws(
      () => trlExplicit.parse({ ...row, rejected: row.chosen }, place),
      /"chosen" and "rejected" are equal/,
    );
  });
});

describe("TRL implicit prompt", () => {
  const split = (chosen: string, rejected: string) => {
    const pair = trlImplicit.parse({ chosen, rejected }, place);
    return [pair.prompt, pair.chosen, pair.rejected];
  };

  test("takes the longest common prefix as the prompt and leaves its last space to the responses", () => {
    assert.deepEqual(split("The sky is blue.", "The sky is green."), ["The sky is", " blue.", " green."]);
    assert.deepEqual(split("Q: 2+2?\nA: 4", "Q: 2+2?\nA: 5"), ["Q: 2+2?\nA:", " 4", " 5"]);
    assert.deepEqual(split("Q?\ncats", "Q?\ndogs"), ["Q?\n", "cats", "dogs"]);
  });

  test("never ends the prompt within a word or a character", () => {
    assert.deepEqual(split("This is a cat.", "This is a car."), ["This is a", " cat.", " car."]);
    assert.deepEqual(split("Mood: 😀", "Mood: 😁"), ["Mood:", " 😀", " 😁"]);
  });

  test("splits texts into prompt and response without loss", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        fc.pre(a !== b && !a.startsWith(b) && !b.startsWith(a));
        const [prompt, chosen, rejected] = split(`Question: ${a}`, `Question: ${b}`);
        assert.equal(`${prompt}${chosen}`, `Question: ${a}`);
        assert.equal(`${prompt}${rejected}`, `Question: ${b}`);
      }),
    );
  });

  test("refuses bad rows", () => {
    assert.throws(
      () => split("yes", "no"),
      /f:9: "chosen" and "rejected" share no prompt at their beginning: "yes" and "no"/,
    );
    assert.throws(() => split("Say it.", "Say it."), /"chosen" and "rejected" are equal/);
    assert.throws(
      () => split("Say it. ", "Say it."),
      /the whole of "rejected" is the beginning of "chosen": "Say it\."/,
    );
  });
});

describe("TRL conversational", () => {
  const pair = { id: "9", prompt: [user], chosen: "a", rejected: "b" };

  test("reads an explicit prompt", () => {
    assert.deepEqual(trlExplicit.parse({ prompt: [user], chosen: [says("a")], rejected: [says("b")] }, place), pair);
    assert.deepEqual(trlExplicit.parse({ prompt: [user], chosen: "a", rejected: "b" }, place), pair);
  });

  test("reads an implicit prompt", () => {
    assert.deepEqual(
      trlConversationalImplicit.parse({ chosen: [user, says("a")], rejected: [user, says("b")] }, place),
      pair,
    );
  });

  test("refuses bad rows", () => {
    const explicit = (row: object) => () =>
      trlExplicit.parse({ prompt: [user], chosen: [says("a")], rejected: [says("b")], ...row }, place);
    assert.throws(explicit({ chosen: 4 }), /f:9: field "chosen" is 4; expected text or a list of messages/);
    assert.throws(
      explicit({ chosen: [] }),
      /found turns \[\] in field "chosen", expected a single assistant turn after the prompt/,
    );
    assert.throws(explicit({ chosen: [user, says("a")] }), /found turns \["user","assistant"\] in field "chosen"/);
    assert.throws(explicit({ prompt: [] }), /found a prompt of turns \[\] in field "prompt"/);
    assert.throws(
      explicit({ rejected: undefined }),
      /field "rejected" is missing; expected text or a list of messages/,
    );
    assert.throws(explicit({ rejected: [3] }), /field "rejected\[0\]" is 3; expected a message \{role, content\}/);
  });
});
