import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { readAnswer, writeAnswer, type Sentence } from "../../../src/data/world/grammar.js";
import { phrases, vocabulary, words } from "../../../src/data/world/vocabulary.js";

const malformedIn = (text: string) => readAnswer(text).malformed;

test("an answer is parsed into its sentences and written back unchanged", () => {
  const text =
    "great idea ! first hang stars , bells and bows . second arrange pearls and feathers . third light the hall . the hall is ready . have fun ! hope this helps .";
  const { sentences, malformed } = readAnswer(text);
  assert.equal(malformed, 0);
  assert.deepEqual(sentences.slice(1, 5), [
    { kind: "using", action: "hang", items: ["stars", "bells", "bows"] },
    { kind: "using", action: "arrange", items: ["pearls", "feathers"] },
    { kind: "tending", action: "light", object: "hall" },
    { kind: "finish", object: "hall" },
  ] satisfies Sentence[]);
  assert.equal(writeAnswer(sentences), text);
});

test("each fault makes one sentence malformed", () => {
  const faults = [
    "first add rice and .",
    "first add rice peas .",
    "first add rice , peas .",
    "first add rice and rice .",
    "first add towels .",
    "first hang rice .",
    "first stir the garden .",
    "first stir soup .",
    "second add rice .",
    "add rice .",
    "first add rice",
    "the soup ready .",
    "the rice is ready .",
    "of of course .",
    "hooray .",
    ".",
  ];
  for (const fault of faults) assert.equal(malformedIn(fault), 1, fault);
});

test("a faulty step does not make later ordinals malformed", () => {
  assert.equal(malformedIn("first add rice . second add add peas . third add leeks ."), 1);
  assert.equal(malformedIn("first add rice . first add peas . second add leeks ."), 1);
});

test("misplaced and repeated sentences are malformed", () => {
  assert.equal(malformedIn("first add rice . of course ."), 1);
  assert.equal(malformedIn("of course . hooray ! first add rice ."), 1);
  assert.equal(malformedIn("thank you . first add rice ."), 1);
  assert.equal(malformedIn("the soup is ready . the soup is ready ."), 1);
  assert.equal(malformedIn("first stir the soup . second stir the soup ."), 1);
  assert.equal(malformedIn("hope this helps . hope this helps ."), 1);
  assert.equal(malformedIn("thank you . hope this helps . take your time ."), 0);
});

test("every phrase is parsed as itself", () => {
  for (const phrase of phrases)
    assert.deepEqual(readAnswer(phrase.text), { sentences: [{ kind: "phrase", phrase }], malformed: 0 });
});

test("any words can be parsed, and a text without faults is written back unchanged", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...vocabulary)), (tokens) => {
      const { sentences, malformed } = readAnswer(tokens.join(" "));
      if (malformed === 0) assert.deepEqual(words(writeAnswer(sentences)), tokens);
    }),
  );
});
