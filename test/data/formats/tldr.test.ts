import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { tldr } from "../../../src/data/formats/tldr.js";

const place = { file: "f", line: 1 };
const row = {
  info: { id: "t3_x", post: "I lost my keys.", title: "Keys", subreddit: "advice", site: null },
  summaries: [
    { text: " Keys lost.", policy: "ref" },
    { text: " Help.", policy: "sup1" },
  ],
  choice: 1,
  worker: "w",
};
const fails = (changes: object, message: RegExp) =>
  assert.throws(() => tldr.parse({ ...row, ...changes }, place), { name: "InputError", message });

describe("TL;DR comparisons", () => {
  test("takes the summary at `choice` as chosen", () => {
    const prompt = "SUBREDDIT: r/advice\n\nTITLE: Keys\n\nPOST: I lost my keys.\n\nTL;DR:";
    assert.deepEqual(tldr.parse(row, place), { id: "t3_x", prompt, chosen: " Help.", rejected: " Keys lost." });
    assert.equal(tldr.parse({ ...row, choice: 0 }, place).chosen, " Keys lost.");
  });

  test("refuses bad rows", () => {
    fails({ choice: 2 }, /^f:1: field "choice" is 2; expected 0 or 1/);
    fails({ choice: undefined }, /field "choice" is missing/);
    fails(
      { summaries: [{ text: "a" }] },
      /field "summaries" is \[{"text":"a"}\]; expected a list of two summaries|field "summaries\[1\]" is missing/,
    );
    fails({ summaries: [{ text: 1 }, { text: "a" }] }, /field "summaries\[0\]\.text" is 1; expected text/);
    fails({ summaries: [{ text: "a" }, { text: "a" }] }, /"chosen" and "rejected" are equal/);
    fails({ info: { ...row.info, post: null } }, /field "info\.post" is null; expected text/);
  });
});
