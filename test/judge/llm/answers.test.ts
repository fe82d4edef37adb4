import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { gradeAnswer, pairwiseAnswer, readAnswer } from "../../../src/judge/llm/answers.js";

const verdict = (text: string) => readAnswer(pairwiseAnswer, text);

describe("readAnswer", () => {
  it("finds the object in prose or a code fence, and the last of several", () => {
    const expected = { value: { reason: "so", verdict: "a" } };
    const object = '{"reason": "so", "verdict": "A"}';
    for (const text of [
      object,
      `\`\`\`json\n${object}\n\`\`\``,
      `I think {well}: ${object} That is all.`,
      `{"verdict": "B"}, no: ${object}`,
    ]) {
      assert.deepEqual(verdict(text), expected, text);
    }
    assert.deepEqual(verdict('{"verdict": " TIE "}'), { value: { reason: "", verdict: "tie" } });
  });

  it("describes what is wrong with an answer", () => {
    const wrong: Readonly<Record<string, string>> = {
      "": "the answer is empty; expected one JSON object",
      " \n": "the answer is empty; expected one JSON object",
      A: 'no JSON object in "A"',
      '{"verdict": "A"': 'no JSON object in "{\\"verdict\\": \\"A\\""',
      "{}": 'field "verdict" is missing; expected "A", "B" or "tie"',
      '{"verdict": "C"}': 'field "verdict" is "C"; expected "A", "B" or "tie"',
      '{"verdict": ["A"]}': 'field "verdict" is ["A"]; expected "A", "B" or "tie"',
      '{"reason": 3, "verdict": "A"}': 'field "reason" is 3; expected text',
    };
    for (const [text, message] of Object.entries(wrong)) assert.deepEqual(verdict(text), { wrong: message }, text);
    for (const [value, message] of [
      ["0", "at least 1"],
      ["10.5", "a whole number from 1 to 10"],
      ['"7"', "a whole number from 1 to 10"],
      ["null", "a whole number from 1 to 10"],
    ]) {
      assert.deepEqual(readAnswer(gradeAnswer, `{"grade": ${value}}`), {
        wrong: `field "grade" is ${value}; expected ${message}`,
      });
    }
  });

  it("reads any reason, after any text without an opening brace", () => {
    const letters = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(
        letters,
        letters.map((text) => text.replaceAll("{", "(")),
        fc.constantFrom("A", "B", "tie"),
        (reason, before, choice) => {
          const text = `${before}${JSON.stringify({ reason, verdict: choice })}`;
          assert.deepEqual(verdict(text), { value: { reason, verdict: choice.toLowerCase() } });
        },
      ),
    );
  });

  it("never throws, and returns a valid verdict or what is wrong", () => {
    const pieces = fc.array(
      fc.oneof(fc.constantFrom("{", "}", '"', ":", "verdict", "A", ",", "\\", "[", "null"), fc.json()),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        const read = verdict(parts.join(""));
        assert.ok(
          "wrong" in read
            ? /^(the answer is empty|no JSON object in|field ")/.test(read.wrong)
            : ["a", "b", "tie"].includes(read.value.verdict),
        );
      }),
    );
  });

  it("does not take quadratic time for a million braces", () => {
    const started = performance.now();
    verdict(`${"{".repeat(1_000_000)}}`);
    assert.ok(performance.now() - started < 30_000);
  });
});
