import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { tldr } from "../../../src/data/formats/tldr.js";

const place = { file: "f", line: 1 };
const row = {
  info: { id: "t3_x", post: "I lost my keys.", title: "Keys", subreddit: "advice", site: null },
  summaries: [{ text: " Keys lost.", policy: "ref" }, { text: " Help.", policy: "sup1" }],
  choice: 1,
  worker: "w",
};
const fails = (changes: object, message: RegExp) => assert.throws(() => tldr.parse({ ...row, ...changes }, place), { name: "InputError", message });

describe("TL;DR comparisons", () => {
  test("the choice is the chosen summary", () => {
    const prompt = "SUBREDDIT: r/advice\n\nTITLE: Keys\n\nPOST: I lost my keys.\n\nTL;DR:";
    assert.deepEqual(tldr.parse(row, place), { id: "t3_x", prompt, chosen: " Help.", rejected: " Keys lost." });
    assert.equal(tldr.parse({ ...row, choice: 0 }, place).chosen, " Keys lost.");
  });

  test("bad rows", () => {
    fails({ choice: 2 }, /^f:1: found 2 in field "choice", expected 0 or 1/);
    fails({ choice: undefined }, /no field "choice"/);
    fails({ summaries: [{ text: "a" }] }, /found \[{"text":"a"}\] in field "summaries", expected a list of two summaries|no field "summaries\[1\]"/);
    fails({ summaries: [{ text: 1 }, { text: "a" }] }, /found 1 in field "summaries\[0\]\.text", expected text/);
    fails({ summaries: [{ text: "a" }, { text: "a" }] }, /"chosen" equal to "rejected"/);
    fails({ info: { ...row.info, post: null } }, /found null in field "info\.post", expected text/);
  });
});
