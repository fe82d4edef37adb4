import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { isWorldPrompt, parsePrompt, writePrompt } from "../../../src/data/world/request.js";
import { goalVocabulary, vocabulary, words } from "../../../src/data/world/vocabulary.js";
import { anyRequest } from "./arbitrary.js";

test("a request is written with one sentence per constraint", () => {
  const soup = { verb: "cook", object: "soup", items: ["rice", "peas"], steps: 3, tone: "plain" } as const;
  assert.equal(writePrompt(soup), "cook a soup with rice and peas . use three steps . be plain .");
  assert.equal(
    writePrompt({ ...soup, items: ["rice", "peas", "leeks"], forbidden: "garlic", beginWith: "peas", tone: "polite" }),
    "cook a soup with rice , peas and leeks . use three steps . do not use garlic . begin with peas . be polite .",
  );
});

test("every request is parsed back from its prompt, which uses only the world's words", () => {
  fc.assert(
    fc.property(anyRequest, (request) => {
      const prompt = writePrompt(request);
      assert.deepEqual(parsePrompt(prompt), request);
      assert.ok(words(prompt).every((word) => goalVocabulary.includes(word)));
    }),
  );
});

test("spacing does not matter", () => {
  assert.equal(parsePrompt("  cook a soup with rice  and peas .\nuse two steps . be plain . ")?.steps, 2);
});

test("malformed and impossible requests are not world prompts", () => {
  const prompts = [
    "",
    "hello",
    "cook a soup with rice and peas . use three steps .",
    "cook a soup with rice . use three steps . be plain .",
    "cook a soup with rice and rice . use three steps . be plain .",
    "cook a soup with rice and towels . use three steps . be plain .",
    "cook a garden with rice and peas . use three steps . be plain .",
    "constructor a soup with rice and peas . use three steps . be plain .",
    "cook a soup with rice , peas . use three steps . be plain .",
    "cook a soup with rice and peas . use five steps . be plain .",
    "cook a soup with rice and peas . use three steps . be sad .",
    "cook a soup with rice and peas . use three steps . do not use rice . be plain .",
    "cook a soup with rice and peas . use three steps . begin with garlic . be plain .",
    "cook a soup with rice and peas . use three steps . be plain . please .",
    "goal zero . cook a soup with rice and peas . use three steps . be plain .",
    "cook a soup with rice and peas . use three steps . be plain . goal two .",
  ];
  for (const prompt of prompts) assert.ok(!isWorldPrompt(prompt), prompt);
});

test("any words of the world are parsed without an error", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...vocabulary)), (tokens) => {
      const request = parsePrompt(tokens.join(" "));
      assert.ok(request === undefined || writePrompt(request) === tokens.join(" "));
    }),
  );
});
