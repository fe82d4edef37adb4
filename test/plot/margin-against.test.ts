import assert from "node:assert/strict";
import { it } from "node:test";
import type { TopLevelSpec } from "vega-lite";
import { marginAgainstLength, marginAgainstScore } from "../../src/plot/margin-against.js";
import { measured } from "./rows.js";

interface Row {
  readonly review: string;
  readonly x?: number;
  readonly y?: number;
  readonly slope?: number;
  readonly pairs?: number;
  readonly selection?: string;
}

function read(spec: TopLevelSpec): { rows: Row[]; subtitle: string[] } {
  const { data, title } = spec as unknown as { data: { values: Row[] }; title: { subtitle: string[] } };
  return { rows: data.values, subtitle: title.subtitle };
}

const pair = (ensemble: number, chosenLength: number | null, rejectedLength: number | null) => ({
  iteration: 2,
  id: `p${ensemble}`,
  ensemble,
  kept: ensemble > 1,
  chosenLength,
  rejectedLength,
});

it("a pair is a point at its length difference (chosen minus rejected) and its margin", () => {
  const { rows, subtitle } = read(marginAgainstLength([pair(1, 10, 14), pair(3, 20, 20), pair(2, 14, 10)]));
  assert.deepEqual(
    rows.slice(0, 3).map(({ x, y, selection }) => [x, y, selection]),
    [
      [-4, 1, "dropped"],
      [0, 3, "kept"],
      [4, 2, "kept"],
    ],
  );
  assert.equal(rows[3]!.slope, 0.125);
  assert.equal(subtitle[0], "Pearson's r = 0.50; line: least squares");
});

it("pairs without lengths are left out, and the subtitle counts them", () => {
  const { rows, subtitle } = read(marginAgainstLength([pair(1, 10, 14), pair(3, null, 20), pair(2, 14, null)]));
  assert.equal(rows.length, 1);
  assert.match(subtitle[0]!, /r = undefined/);
  assert.equal(subtitle[2], "left out: 2 pairs without these values");
});

it("up to 1,500 pairs per review are points; more are counted in cells, each pair once", () => {
  assert.equal(read(marginAgainstScore(measured(2, 1500))).rows.length, 1501);
  const pairs = [...measured(2, 1501), ...measured(3, 100)];
  const { rows } = read(marginAgainstScore(pairs));
  assert.ok(rows.length < 1200);
  for (const [review, kept] of [
    ["before iteration 2", 1051],
    ["before iteration 3", 70],
  ] as const) {
    const cells = rows.filter((row) => row.review === review && row.selection === "kept");
    assert.equal(
      cells.reduce((sum, row) => sum + row.pairs!, 0),
      kept,
    );
  }
});

it("pairs without scores are refused", () => {
  assert.throws(() => marginAgainstScore([pair(1, 10, 14)]), {
    name: "InputError",
    message: /^plot\.marginAgainstScore: no reviewed pair has chosenScore and rejectedScore$/,
  });
});
