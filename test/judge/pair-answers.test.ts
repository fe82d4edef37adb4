import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { loadAnswers } from "../../src/judge/load-answers.js";
import { pairAnswers } from "../../src/judge/pair-answers.js";
import { emptyFolder } from "../support/folder.js";

describe("pairAnswers", () => {
  it("pairs by id, or by prompt, in the order of the first", () => {
    const a = [{ id: "2", prompt: "two", response: "a2" }, { id: "1", prompt: "one", response: "a1" }];
    const b = [{ id: "1", prompt: "one", response: "b1" }, { id: "2", prompt: "two", response: "b2" }];
    const expected = [{ id: "2", prompt: "two", a: "a2", b: "b2" }, { id: "1", prompt: "one", a: "a1", b: "b1" }];
    assert.deepEqual(pairAnswers(a, b), expected);
    const bare = (answers: typeof a) => answers.map(({ id: _, ...rest }) => rest);
    assert.deepEqual(pairAnswers(bare(a), bare(b)), expected.map((row) => ({ ...row, id: row.prompt })));
  });

  it("refuses what does not fit together", () => {
    const one = { id: "1", prompt: "p", response: "r" };
    const two = { ...one, id: "2" };
    assert.throws(() => pairAnswers([], [one]), /answers: found none in a, expected at least one/);
    assert.throws(() => pairAnswers([one], []), /answers: found none in b/);
    assert.throws(() => pairAnswers([one, two, { ...one, id: "3" }], [one]), /answers: found 3 in a and 1 in b, and "2" and 1 more in a alone, expected the same prompts in b/);
    assert.throws(() => pairAnswers([one], [one, two]), /found 1 in a and 2 in b, and "2" in b alone, expected the same prompts in a/);
    assert.throws(() => pairAnswers([one, one], [one]), /found "1" twice in a, expected one answer to each prompt/);
    assert.throws(() => pairAnswers([one], [{ ...one, prompt: "q" }]), /found different prompts of "1", "p" in a and "q" in b, expected one/);
  });
});

describe("loadAnswers", () => {
  const file = (test: TestContext, ...rows: readonly object[]) => {
    const path = join(emptyFolder(test), "answers.jsonl");
    writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    return path;
  };

  it("reads prompts, or finds them by id", async (test) => {
    const conversation = [{ role: "user", content: "hi" }];
    const path = file(test, { prompt: "p", response: "" }, { id: 7, prompt: conversation, response: "r" }, { id: "x", response: "r", gold: 0.5 });
    assert.deepEqual(await loadAnswers(path, new Map([["x", "of x"]])), [
      { prompt: "p", response: "" },
      { id: "7", prompt: conversation, response: "r" },
      { id: "x", prompt: "of x", response: "r" },
    ]);
  });

  it("names the row that is bad", async (test) => {
    await assert.rejects(loadAnswers(file(test, { prompt: "p", response: "r" }, { prompt: "p" })), /answers\.jsonl:2: found no field "response", expected text/);
    await assert.rejects(loadAnswers(file(test, { response: "r" })), /answers\.jsonl:1: found neither a prompt nor an id, expected a prompt in the row/);
    await assert.rejects(loadAnswers(file(test, { id: "x", response: "r" })), /answers\.jsonl:1: found no prompt, and none of the id "x", expected a prompt/);
    await assert.rejects(loadAnswers(file(test, { prompt: 3, response: "r" })), /answers\.jsonl:1: found 3 in field "prompt", expected text or a list of messages/);
  });
});
