import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ultrafeedback } from "../../../src/data/formats/ultrafeedback.js";

const place = { file: "f", row: 0 };
const user = { role: "user", content: "Hi" };
const says = (content: string) => ({ role: "assistant", content });
const row = {
  prompt: "Hi",
  prompt_id: "p",
  chosen: [user, says("a")],
  rejected: [user, says("b")],
  score_chosen: 8,
  score_rejected: 3.5,
  model: "m",
};
const fails = (changes: object, message: RegExp) =>
  assert.throws(() => ultrafeedback.parse({ ...row, ...changes }, place), { name: "InputError", message });

describe("UltraFeedback-binarized", () => {
  test("takes the turns before the last as the prompt", () => {
    assert.deepEqual(ultrafeedback.parse(row, place), {
      id: "p",
      prompt: [user],
      chosen: "a",
      rejected: "b",
      chosenScore: 8,
      rejectedScore: 3.5,
    });
  });

  test("reads rows without id and scores", () => {
    const bare = { prompt: "Hi", chosen: row.chosen, rejected: row.rejected, score_chosen: null };
    assert.deepEqual(ultrafeedback.parse(bare, place), { id: "0", prompt: [user], chosen: "a", rejected: "b" });
  });

  test("refuses bad rows", () => {
    fails({ rejected: undefined }, /^f, row 0: field "rejected" is missing; expected a list of messages/);
    fails({ rejected: [user, says("a")] }, /"chosen" and "rejected" are equal/);
    fails({ chosen: [user, says("")] }, /the response in "chosen" is empty/);
    fails({ chosen: [user, { role: "assistant", content: 5 }] }, /field "chosen\[1\]\.content" is 5; expected text/);
    fails(
      { chosen: [user, { role: "bot", content: "a" }] },
      /field "chosen\[1\]\.role" is "bot"; expected "system", "user", "assistant" or "tool"/,
    );
    fails({ score_chosen: "8" }, /field "score_chosen" is "8"; expected a number/);
    fails({ prompt: 1 }, /field "prompt" is 1; expected text/);
    fails(
      { chosen: [] },
      /found a prompt of turns \[\] in field "chosen", expected a prompt that ends with a user turn/,
    );
    fails({ chosen: [user, user] }, /found turns \["user"\] in field "chosen", expected a single assistant turn/);
    fails({ chosen: [{ role: "user", content: "Ho" }, says("a")] }, /the conversations differ before the last turn/);
  });
});
