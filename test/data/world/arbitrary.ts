import fc from "fast-check";
import type { WorldRequest } from "../../../src/data/world/request.js";
import { domains, tones, verbs, type Domain } from "../../../src/data/world/vocabulary.js";

/** Any request of the world, for property tests. */
export const anyRequest: fc.Arbitrary<WorldRequest> = fc.constantFrom(...verbs).chain((verb) => {
  const domain: Domain = domains[verb];
  return fc
    .record({
      object: fc.constantFrom(...domain.objects),
      items: fc.shuffledSubarray([...domain.items], { minLength: 3, maxLength: 4 }),
      steps: fc.integer({ min: 2, max: 4 }),
      forbids: fc.boolean(),
      beginAt: fc.option(fc.integer({ min: 0, max: 1 }), { nil: undefined }),
      tone: fc.constantFrom(...tones),
      goal: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }),
    })
    .map(({ object, items: [other, ...items], steps, forbids, beginAt, tone, goal }) => ({
      verb,
      object,
      items,
      steps,
      ...(forbids && { forbidden: other! }),
      ...(beginAt !== undefined && { beginWith: items[beginAt]! }),
      tone,
      ...(goal !== undefined && { goal }),
    }));
});
