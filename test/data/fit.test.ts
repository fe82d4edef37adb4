import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { fitToContext } from "../../src/data/fit.js";

describe("fitToContext", () => {
  test("does not change what fits", () => {
    assert.deepEqual(
      fitToContext(
        [1, 5, 6],
        1,
        [
          [7, 2],
          [8, 9, 2],
        ],
        6,
      ),
      {
        prompt: [1, 5, 6],
        responses: [
          [7, 2],
          [8, 9, 2],
        ],
      },
    );
  });

  test("cuts the prompt's beginning after the BOS to fit the longer response", () => {
    assert.deepEqual(
      fitToContext(
        [1, 5, 6, 7],
        1,
        [
          [8, 2],
          [8, 9, 2],
        ],
        5,
      ),
      {
        prompt: [1, 7],
        responses: [
          [8, 2],
          [8, 9, 2],
        ],
      },
    );
    assert.deepEqual(fitToContext([5, 6, 7], 0, [[8, 9, 2]], 5), { prompt: [6, 7], responses: [[8, 9, 2]] });
  });

  test("leaves room for a response still to be sampled", () => {
    const prompt = [1, 5, 6, 7];
    assert.deepEqual(fitToContext(prompt, 1, [], 4), { prompt: [1, 6, 7], responses: [] });
    assert.deepEqual(fitToContext(prompt, 1, [], 5, Infinity, 3), { prompt: [1, 7], responses: [] });
    assert.deepEqual(fitToContext(prompt, 1, [], 7, Infinity, 3), { prompt, responses: [] });
  });

  test("first cuts the prompt to its own limit, after the BOS", () => {
    assert.deepEqual(fitToContext([1, 5, 6, 7], 1, [[8, 2]], 9, 3), { prompt: [1, 6, 7], responses: [[8, 2]] });
    assert.deepEqual(fitToContext([5, 6, 7], 0, [[8, 2]], 9, 2), { prompt: [6, 7], responses: [[8, 2]] });
    assert.deepEqual(fitToContext([1, 5, 6, 7], 1, [[8, 9, 2]], 5, 3), { prompt: [1, 7], responses: [[8, 9, 2]] });
    assert.deepEqual(fitToContext([1, 5], 1, [[8, 2]], 9, 2), { prompt: [1, 5], responses: [[8, 2]] });
  });

  test("leaves a quarter of the context to the prompt, or all of a shorter prompt", () => {
    const response = [21, 22, 23, 24, 25, 26, 27, 28, 29, 2];
    const long = fitToContext([1, 5, 6, 7, 8], 1, [response], 12);
    assert.deepEqual(long, { prompt: [1, 7, 8], responses: [response.slice(0, 9)] });
    assert.deepEqual(fitToContext([1, 5], 1, [response], 11), { prompt: [1, 5], responses: [response.slice(0, 9)] });
  });

  test("cuts a response in a tiny context only if no prompt token would be left", () => {
    assert.deepEqual(
      fitToContext(
        [1, 5, 6],
        1,
        [
          [7, 8, 9, 2],
          [8, 2],
        ],
        5,
      ),
      {
        prompt: [1, 6],
        responses: [
          [7, 8, 9],
          [8, 2],
        ],
      },
    );
    assert.deepEqual(fitToContext([1], 1, [[7, 8, 9, 2]], 4), { prompt: [1], responses: [[7, 8, 9]] });
  });

  test("fits everything, keeps the responses' beginnings and the prompt's end, and cuts no more than needed", () => {
    const ids = fc.array(fc.integer({ min: 3, max: 9 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(
        ids,
        fc.constantFrom(0 as const, 1 as const),
        fc.array(ids, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 3, max: 14 }),
        (text, bos, responses, context) => {
          const prompt = bos ? [1, ...text] : text;
          const fitted = fitToContext(prompt, bos, responses, context);
          const longest = Math.max(...fitted.responses.map(({ length }) => length));
          assert.ok(fitted.prompt.length + longest <= context && fitted.prompt.length > bos && longest > 0);
          assert.deepEqual(fitted.prompt.slice(0, bos), prompt.slice(0, bos));
          assert.deepEqual(fitted.prompt.slice(bos), text.slice(text.length - (fitted.prompt.length - bos)));
          for (const [index, response] of fitted.responses.entries())
            assert.deepEqual(response, responses[index]!.slice(0, response.length));
          const isCut =
            fitted.prompt.length < prompt.length ||
            fitted.responses.some(({ length }, index) => length < responses[index]!.length);
          assert.ok(!isCut || fitted.prompt.length + longest === context);
        },
      ),
    );
  });
});
