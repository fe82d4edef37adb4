import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { displaySymbol, type MimeBundle } from "../../../src/base/mime.js";
import { showResponses, type ShownResponse } from "../../../src/notebook/text/show-responses.js";
import { onlyOurMarkup } from "../markup.js";

const bundle = (rows: readonly ShownResponse[]) => showResponses(rows)[displaySymbol]() as MimeBundle;

it("a prompt is shown once above its responses, and other fields above each response", () => {
  const rows = [
    { prompt: "Primes?", response: "2, 3", reward: 0.81236, seed: 3, tokens: [1] },
    { prompt: "Primes?", response: "5" },
    { prompt: [{ role: "user", content: "More?" }], response: "7" } as const,
    { response: "9" },
  ];
  assert.equal(
    bundle(rows)["text/plain"],
    [
      "prompt: Primes?\nresponse · reward 0.8124 · seed 3: 2, 3",
      "response: 5",
      "user: More?\nresponse: 7",
      "response: 9",
    ].join("\n\n"),
  );
  assert.equal([...(bundle(rows)["text/html"] as string).matchAll(/Primes\?/g)].length, 1);
});

it("nothing in the data becomes markup", () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("<b>", '">', "</div>"));
  fc.assert(
    fc.property(text, text, text, (prompt, response, name) =>
      onlyOurMarkup(bundle([{ prompt, response, [`x${name}`]: name } as ShownResponse])["text/html"]),
    ),
  );
});
