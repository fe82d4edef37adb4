import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { InputError } from "../../../src/base/errors.js";
import { displaySymbol, type Displayable, type MimeBundle } from "../../../src/base/mime.js";
import { showPair, showPairs } from "../../../src/notebook/text/show-pairs.js";
import { onlyOurMarkup } from "../markup.js";

const bundle = (shown: Displayable) => shown[displaySymbol]() as MimeBundle;

const sky = { id: "17", prompt: "Why?", chosen: "The sky is blue.", rejected: "The sky is green." };

it("a pair shows all its fields and marks the words that differ", () => {
  const pair = {
    ...sky,
    chosenScore: 0.8125,
    rejectedScore: -1,
    flipped: true,
    source: "bootstrapped",
    margin: 1 / 3,
  } as const;
  assert.equal(
    bundle(showPair(pair))["text/plain"],
    [
      "pair 17 · bootstrapped · margin 0.3333 · ⇄ label flipped",
      "prompt: Why?",
      "[-rejected · score -1-] {+chosen · score 0.8125+}:",
      "The sky is [-green-]{+blue+}.",
    ].join("\n"),
  );
  const markup = bundle(showPair(pair))["text/html"] as string;
  assert.match(markup, /✓ chosen<\/b> <span[^>]*>score 0\.8125<\/span>.*The sky is <u style="[^"]*">blue<\/u>\./s);
  assert.match(markup, /✗ rejected<\/b> <span[^>]*>score -1<\/span>.*The sky is <u style="[^"]*">green<\/u>\./s);
});

it("texts with little in common are shown separately, without marks", () => {
  const shown = bundle(showPair({ prompt: "Why?", chosen: "Because.", rejected: "I do not know" }));
  assert.equal(shown["text/plain"], "prompt: Why?\nchosen: Because.\nrejected: I do not know");
  assert.doesNotMatch(shown["text/html"] as string, /<u /);
});

it("a conversation is shown turn by turn", () => {
  const prompt = [
    { role: "system", content: "Be brief." },
    { role: "user", content: "Why?" },
  ] as const;
  const shown = bundle(showPair({ ...sky, prompt }));
  assert.match(shown["text/plain"] as string, /^pair 17\nsystem: Be brief\.\nuser: Why\?\n/);
  assert.match(shown["text/html"] as string, />system<.*>Be brief\.<.*>user<.*>Why\?</s);
});

it("a long list shows its first pairs and the total count", () => {
  const many = Array.from({ length: 1234 }, (_, i) => ({ ...sky, id: `n${i}` }));
  const text = bundle(showPairs(many))["text/plain"] as string;
  assert.deepEqual(
    [...text.matchAll(/pair (n\d)/g)].map(([, id]) => id),
    ["n0", "n1", "n2", "n3", "n4"],
  );
  assert.match(text, /\n\n5 of 1,234 pairs$/);
  assert.doesNotMatch(bundle(showPairs(many.slice(0, 2), { limit: 2 }))["text/plain"] as string, / of /);
  assert.equal(bundle(showPairs([]))["text/plain"], "no pairs");
  assert.throws(() => showPairs(many, { limit: 0 }), new InputError("limit: found 0, expected a whole number from 1"));
});

it("nothing in the data becomes markup", () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("<b>", "</div>", '"><u>', "&amp;"));
  fc.assert(
    fc.property(text, text, text, (id, prompt, response) => {
      const role = id as "user";
      const pair = { id, prompt: [{ role, content: prompt }], chosen: `same ${response}`, rejected: `same ${prompt}` };
      onlyOurMarkup(bundle(showPairs([pair, { ...pair, prompt }]))["text/html"]);
    }),
  );
});
