import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { loadResponses } from "../../src/judge/load-responses.js";
import { pairResponses } from "../../src/judge/pair-responses.js";
import { emptyFolder } from "../support/folder.js";

describe("pairResponses", () => {
  it("pairs by id, or by prompt, in the order of the first list", () => {
    const a = [
      { id: "2", prompt: "two", response: "a2" },
      { id: "1", prompt: "one", response: "a1" },
    ];
    const b = [
      { id: "1", prompt: "one", response: "b1" },
      { id: "2", prompt: "two", response: "b2" },
    ];
    const expected = [
      { id: "2", prompt: "two", a: "a2", b: "b2" },
      { id: "1", prompt: "one", a: "a1", b: "b1" },
    ];
    assert.deepEqual(pairResponses(a, b), expected);
    const bare = (answers: typeof a) => answers.map(({ id: _, ...rest }) => rest);
    assert.deepEqual(
      pairResponses(bare(a), bare(b)),
      expected.map((row) => ({ ...row, id: row.prompt })),
    );
  });

  it("refuses lists that do not match", () => {
    const one = { id: "1", prompt: "p", response: "r" };
    const two = { ...one, id: "2" };
    assert.throws(() => pairResponses([], [one]), /responses: a is empty/);
    assert.throws(() => pairResponses([one], []), /responses: b is empty/);
    assert.throws(
      () => pairResponses([one, two, { ...one, id: "3" }], [one]),
      /responses: "2" and 1 more in a but not in b \(3 in a, 1 in b\); both must answer the same prompts/,
    );
    assert.throws(() => pairResponses([one], [one, two]), /responses: "2" in b but not in a \(1 in a, 2 in b\)/);
    assert.throws(() => pairResponses([one, one], [one]), /"1" occurs twice in a; expected one response per prompt/);
    assert.throws(
      () => pairResponses([one], [{ ...one, prompt: "q" }]),
      /"1" has the prompt "p" in a and "q" in b; the prompts must be equal/,
    );
  });
});

describe("loadResponses", () => {
  const file = (test: TestContext, ...rows: readonly object[]) => {
    const path = join(emptyFolder(test), "answers.jsonl");
    writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    return path;
  };

  it("reads prompts or looks them up by id", async (test) => {
    const conversation = [{ role: "user", content: "hi" }];
    const path = file(
      test,
      { prompt: "p", response: "" },
      { id: 7, prompt: conversation, response: "r" },
      { id: "x", response: "r", gold: 0.5 },
    );
    assert.deepEqual(await loadResponses(path, new Map([["x", "of x"]])), [
      { prompt: "p", response: "" },
      { id: "7", prompt: conversation, response: "r" },
      { id: "x", prompt: "of x", response: "r" },
    ]);
  });

  it("names a malformed row", async (test) => {
    await assert.rejects(
      loadResponses(file(test, { prompt: "p", response: "r" }, { prompt: "p" })),
      /answers\.jsonl:2: field "response" is missing; expected text/,
    );
    await assert.rejects(
      loadResponses(file(test, { response: "r" })),
      /answers\.jsonl:1: the row has no "prompt" and no "id"; add the prompt/,
    );
    await assert.rejects(
      loadResponses(file(test, { id: "x", response: "r" })),
      /answers\.jsonl:1: the row has no "prompt", and the prompt of id "x" is unknown; add/,
    );
    await assert.rejects(
      loadResponses(file(test, { prompt: 3, response: "r" })),
      /answers\.jsonl:1: field "prompt" is 3; expected text or a list of messages/,
    );
  });
});
