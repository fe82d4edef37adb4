import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { zermelo } from "../../src/stats/zermelo.js";
import { assertClose } from "../support/compare.js";

test("the strengths of two competitors have the ratio of their votes plus pseudo-counts", () => {
  const [a, b] = zermelo([
    [0, 7],
    [2, 0],
  ]) as [number, number];
  assertClose([a / b, a * b], [7.5 / 2.5, 1], 1e-12);
  // Nine votes to none: log 19, the largest target of nine annotators.
  const [w, l] = zermelo([
    [0, 9],
    [0, 0],
  ]) as [number, number];
  assertClose([Math.log(w / l)], [Math.log(2 * 9 + 1)], 1e-12);
});

test("votes in the shares that strengths imply give these strengths back", () => {
  const strengths = [1, 2, 4, 0.5];
  const wins = strengths.map((own, i) => strengths.map((other, j) => (i === j ? 0 : (1e6 * own) / (own + other))));
  const found = zermelo(wins, 1e-9);
  assertClose(
    found.map((value) => value / found[0]!),
    strengths,
    1e-6,
  );
});

test("everyone's votes equal those expected from the strengths, in any order of the competitors", () => {
  const table = fc.array(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 4, maxLength: 4 }), {
    minLength: 4,
    maxLength: 4,
  });
  fc.assert(
    fc.property(table, (wins) => {
      const found = zermelo(wins, 0.5);
      const count = (i: number, j: number) => (i === j ? 0 : wins[i]![j]! + 0.5);
      found.forEach((own, i) => {
        const [votes, expected] = found.reduce(
          ([a, b], other, j) => [a + count(i, j), b + ((count(i, j) + count(j, i)) * own) / (own + other)],
          [0, 0],
        ) as [number, number];
        assert.ok(Math.abs(votes - expected) < 1e-8, `${votes} ${expected}`);
      });
      const order = [2, 0, 3, 1];
      assertClose(
        zermelo(order.map((i) => order.map((j) => wins[i]![j]!))),
        order.map((i) => found[i]!),
        1e-9,
      );
    }),
  );
});

test("a malformed table of votes is refused, and so are pseudo-counts of 0", () => {
  assert.throws(() => zermelo([[0, 1], [1]]), {
    name: "InputError",
    message: "wins: found the row [1], expected 2 numbers in [0, 1000000000], one for each competitor",
  });
  assert.throws(
    () =>
      zermelo([
        [0, -1],
        [1, 0],
      ]),
    /^InputError: wins: found the row \[0,-1\]/,
  );
  assert.throws(
    () =>
      zermelo(
        [
          [0, 9],
          [0, 0],
        ],
        0,
      ),
    { name: "InputError", message: "pseudoCounts: found 0, expected a number in [1e-9, 1000000000]" },
  );
});

test("a single competitor has the strength 1, and counts at their bounds give finite strengths", () => {
  assert.deepEqual(zermelo([[0]]), [1]);
  for (const [votes, pseudoCounts] of [
    [9, 1e-9],
    [1e9, 1e-9],
    [0, 1e-9],
    [1e9, 1e9],
  ] as const) {
    const [a, b] = zermelo(
      [
        [0, votes],
        [0, 0],
      ],
      pseudoCounts,
    ) as [number, number];
    assertClose([Math.log(a / b)], [Math.log((votes + pseudoCounts) / pseudoCounts)], 1e-9);
  }
});

test("counts outside their bounds are refused, and so are strengths too far apart for a float64", () => {
  const unanimous = [
    [0, 9],
    [0, 0],
  ];
  for (const odd of [1e-300, 1e10, NaN, Infinity])
    assert.throws(() => zermelo(unanimous, odd), { name: "InputError", message: /^pseudoCounts: found / });
  assert.throws(
    () =>
      zermelo([
        [0, 1e308],
        [0, 0],
      ]),
    { name: "InputError", message: /^wins: found the row \[0,1e\+308\], expected 2 numbers in \[0, 1000000000\]/ },
  );
  // Each beats only the next one, and strengths differ by a factor of e^41 from one to the next.
  const chain = Array.from({ length: 60 }, (_, i) => Array.from({ length: 60 }, (_, j) => (j === i + 1 ? 1e9 : 0)));
  assert.throws(() => zermelo(chain, 1e-9), { name: "InputError", message: /lie too far apart for a float64/ });
});
