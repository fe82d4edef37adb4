import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { Random } from "../../../src/base/random.js";
import { goldReward } from "../../../src/data/world/gold.js";
import { writePrompt } from "../../../src/data/world/request.js";
import { vocabulary, words } from "../../../src/data/world/vocabulary.js";
import { answer, writers, type Writer } from "../../../src/data/world/writers.js";
import { anyRequest } from "./arbitrary.js";

const flawless: Writer = {
  name: "flawless",
  missing: 0,
  extra: 0,
  forbidden: 0,
  steps: 0,
  order: 0,
  tone: 0,
  rude: 0,
  finish: 0,
  garbled: 0,
  chatty: 0,
};
const seeds = fc.nat(1e6).map((seed) => Random.seeded(seed));

test("a writer without slips earns 1 on every request", () => {
  fc.assert(
    fc.property(anyRequest, seeds, fc.constantFrom(0, 1), (request, random, chatty) => {
      const response = answer(request, { ...flawless, chatty }, random);
      assert.equal(goldReward(writePrompt(request), response).total, 1, response);
    }),
  );
});

test("every writer uses only the world's words, and the same seed gives the same answer", () => {
  fc.assert(
    fc.property(anyRequest, fc.constantFrom(...writers), fc.nat(1e6), (request, writer, seed) => {
      const response = answer(request, writer, Random.seeded(seed));
      assert.ok(
        words(response).every((word) => vocabulary.includes(word)),
        response,
      );
      assert.equal(answer(request, writer, Random.seeded(seed)), response);
    }),
  );
});

test("each slip changes only its own parts of the gold reward", () => {
  const spoiled = {
    missing: ["coverage"],
    extra: ["extra"],
    forbidden: ["extra", "avoidance"],
    steps: ["steps"],
    order: ["order"],
    tone: ["tone"],
    rude: ["tone"],
    finish: ["finish"],
  } as const;
  const best = { coverage: 1, extra: 0, avoidance: 1, steps: 1, order: 1, tone: 1, finish: 1, fluency: 1 };
  fc.assert(
    fc.property(
      // A forbidden item and one to begin with, so that every slip has something to spoil.
      anyRequest.filter(({ forbidden, beginWith }) => forbidden !== undefined && beginWith !== undefined),
      fc.constantFrom(...(Object.keys(spoiled) as (keyof typeof spoiled)[])),
      seeds,
      (request, slip, random) => {
        const response = answer(request, { ...flawless, [slip]: 1 }, random);
        const { total: _, ...parts } = goldReward(writePrompt(request), response);
        for (const part of Object.keys(best) as (keyof typeof best)[]) {
          const costs = (spoiled[slip] as readonly string[]).includes(part);
          assert.equal(parts[part] !== best[part], costs, `${slip} → ${part}: ${response}`);
        }
      },
    ),
  );
});

test("the first writer is the best and the last one the worst", () => {
  const random = Random.seeded(3);
  const requests = fc.sample(anyRequest, { numRuns: 300, seed: 3 });
  const mean = (writer: Writer) =>
    requests.reduce(
      (sum, request) => sum + goldReward(writePrompt(request), answer(request, writer, random)).total,
      0,
    ) / requests.length;
  const means = writers.map(mean);
  assert.equal(writers.length, 7);
  assert.ok(means[0]! > 0.9 && means[6]! < 0.45, means.join(" "));
  assert.ok(
    means.slice(1, 6).every((value) => value < means[0]! && value > means[6]!),
    means.join(" "),
  );
});
