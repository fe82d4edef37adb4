import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ultrafeedback } from "../../../src/data/formats/ultrafeedback.js";

const place = { file: "f", row: 0 };
const user = { role: "user", content: "Hi" };
const says = (content: string) => ({ role: "assistant", content });
const row = { prompt: "Hi", prompt_id: "p", chosen: [user, says("a")], rejected: [user, says("b")], score_chosen: 8, score_rejected: 3.5, model: "m" };
const fails = (changes: object, message: RegExp) => assert.throws(() => ultrafeedback.parse({ ...row, ...changes }, place), { name: "InputError", message });

describe("UltraFeedback-binarized", () => {
  test("the turns before the last are the prompt", () => {
    assert.deepEqual(ultrafeedback.parse(row, place), { id: "p", prompt: [user], chosen: "a", rejected: "b", chosenScore: 8, rejectedScore: 3.5 });
  });

  test("without id and scores", () => {
    const bare = { prompt: "Hi", chosen: row.chosen, rejected: row.rejected, score_chosen: null };
    assert.deepEqual(ultrafeedback.parse(bare, place), { id: "0", prompt: [user], chosen: "a", rejected: "b" });
  });

  test("bad rows", () => {
    fails({ rejected: undefined }, /^f, row 0: found no field "rejected", expected a list of messages/);
    fails({ rejected: [user, says("a")] }, /"chosen" equal to "rejected"/);
    fails({ chosen: [user, says("")] }, /an empty response in "chosen"/);
    fails({ chosen: [user, { role: "assistant", content: 5 }] }, /found 5 in field "chosen\[1\]\.content", expected text/);
    fails({ chosen: [user, { role: "bot", content: "a" }] }, /found "bot" in field "chosen\[1\]\.role", expected "system", "user" or "assistant"/);
    fails({ score_chosen: "8" }, /found "8" in field "score_chosen", expected a number/);
    fails({ prompt: 1 }, /found 1 in field "prompt", expected text/);
    fails({ chosen: [] }, /found a prompt of turns \[\] in field "chosen", expected a prompt that ends with a turn of the user/);
    fails({ chosen: [user, user] }, /found turns \["user"\] in field "chosen", expected one turn of the assistant/);
    fails({ chosen: [{ role: "user", content: "Ho" }, says("a")] }, /found conversations that part before the last turn/);
  });
});
