import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Converter } from "../../../src/kernel/session/converter.js";
import { answer } from "../../../src/kernel/session/questions.js";

describe("is_complete", () => {
  const none = {} as Converter;
  const cases = {
    "const a = 1;": "complete",
    "const a = {": "incomplete",
    "f(1,": "incomplete",
    "`text": "incomplete",
    "/* comment": "incomplete",
    "const a = )": "invalid",
    "if (a) { b() }": "complete",
  };
  for (const [code, status] of Object.entries(cases)) {
    it(`reports ${JSON.stringify(code)} as ${status}`, () => {
      assert.equal(answer(none, { kind: "is_complete", code }).status, status);
    });
  }
});
