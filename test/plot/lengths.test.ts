import assert from "node:assert/strict";
import { it } from "node:test";
import { lengths } from "../../src/plot/lengths.js";

const responses = (...all: number[]) => all.map((length) => ({ length }));

it("lengths are counted, under a heading with their median and mean", () => {
  const spec = lengths({ SFT: responses(3, 3, 4, 8), SeRA: responses(8, 9, 9) }) as unknown as {
    data: { values: object[] };
  };
  const before = "SFT: median 3.5, mean 4.5 tokens";
  const after = "SeRA: median 9, mean 8.7 tokens";
  assert.deepEqual(spec.data.values, [
    { policy: before, from: 2.5, to: 3.5, range: "3", share: 0.5, responses: 2 },
    { policy: before, from: 3.5, to: 4.5, range: "4", share: 0.25, responses: 1 },
    { policy: before, from: 7.5, to: 8.5, range: "8", share: 0.25, responses: 1 },
    { policy: before, median: 3.5 },
    { policy: after, from: 7.5, to: 8.5, range: "8", share: 1 / 3, responses: 1 },
    { policy: after, from: 8.5, to: 9.5, range: "9", share: 2 / 3, responses: 2 },
    { policy: after, median: 9 },
  ]);
});

it("a response without a length is named in the error", () => {
  const rows = [{ length: 3 }, { response: "of course" }] as unknown as { length: number }[];
  assert.throws(() => lengths({ SFT: rows }), {
    name: "InputError",
    message: 'plot.lengths: the length of response 1 of "SFT" is undefined, expected a number of tokens',
  });
});
