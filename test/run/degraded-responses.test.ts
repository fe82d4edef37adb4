import assert from "node:assert/strict";
import test from "node:test";
import { degradedResponses } from "../../src/run/degraded-responses.js";

const words = ["<pad>", "<eos>", "heat", "the", "soup", "add", "rice", ".", "is", "ready", "deep", "pan"];
const ids = (text: string) => Int32Array.from(text.split(" "), (word) => words.indexOf(word));
const text = (tokens: Int32Array) =>
  [...tokens]
    .filter((id) => id > 1)
    .map((id) => words[id]!)
    .join(" ");
const pair = {
  prompt: ids("heat"),
  chosen: ids("heat the soup . add deep pan rice . <eos>"),
  rejected: ids("is the . <eos>"),
  padId: 0,
  text,
};
const shown = (values: ArrayLike<number>) => Array.from(values, (id) => (id === -1 ? "–" : words[id]!)).join(" ");
const of = (own: Partial<Parameters<typeof degradedResponses>[0]>) =>
  degradedResponses({ keyContent: "rake", degrade: "mask", ...own }).of(pair).tokens!;

test("degradedResponses masks the top phrases, then all; stop words, punctuation and the end token stay", () => {
  const { chosen, rejected } = of({});
  // Three phrases: "add deep pan rice" before "heat" and "soup".
  assert.equal(shown(chosen.half!), "<pad> the soup . <pad> <pad> <pad> <pad> . <eos>");
  assert.equal(shown(chosen.none!), "<pad> the <pad> . <pad> <pad> <pad> <pad> . <eos>");
  assert.deepEqual(
    [rejected.half, rejected.none].map((side) => shown(side!)),
    ["is the . <eos>", "is the . <eos>"],
  );
});

test("degradedResponses marks removed tokens, so that the column stays as long as the response", () => {
  assert.equal(shown(of({ degrade: "remove" }).chosen.none!), "– the – . – – – – . <eos>");
});

test("random key content has as many tokens as RAKE's, but others, reproducibly and never the end token", () => {
  const [rake, random] = [of({}), of({ keyContent: "random" })];
  for (const version of ["half", "none"]) {
    const count = (values: ArrayLike<number>) => Array.from(values).filter((id) => id === 0).length;
    assert.equal(count(random.chosen[version]!), count(rake.chosen[version]!));
    assert.equal(Array.from(random.chosen[version]!).at(-1), 1);
  }
  assert.notDeepEqual(random.chosen, rake.chosen);
  assert.deepEqual(of({ keyContent: "random" }), random);
  // A token that `half` lacks, `none` lacks too.
  assert.ok(Array.from(random.chosen.half!).every((id, at) => id !== 0 || Array.from(random.chosen.none!)[at] === 0));
});
