import assert from "node:assert/strict";
import { it } from "node:test";
import { table } from "arquero";
import type { TopLevelSpec } from "vega-lite";
import { loss } from "../../src/plot/over-steps.js";
import type { StepRow } from "../../src/plot/rows.js";
import { averageBlocks } from "../../src/plot/step-blocks.js";
import { alignSteps } from "./rows.js";

const row = (iteration: number, step: number, value: number | null): StepRow =>
  ({ phase: "align", iteration, step, loss: value }) as StepRow;

function blocksOf(spec: TopLevelSpec) {
  const { values } = (
    spec as { data: { values: { iteration: number; step: number; mean: number; least: number; greatest: number }[] } }
  ).data;
  return values.map(({ iteration, step, mean, least, greatest }) => ({ iteration, step, mean, least, greatest }));
}

it("a short run is drawn step by step", () => {
  assert.deepEqual(blocksOf(loss([row(1, 1, 0.7), row(1, 2, 0.5)])), [
    { iteration: 1, step: 1, mean: 0.7, least: 0.7, greatest: 0.7 },
    { iteration: 1, step: 2, mean: 0.5, least: 0.5, greatest: 0.5 },
  ]);
});

it("a long run is averaged over blocks that do not cross iterations", () => {
  const rows = [1, 2].flatMap((iteration) => Array.from({ length: 35 }, (_, at) => row(iteration, at + 1, at % 2)));
  const blocks = blocksOf(loss(rows));
  assert.deepEqual(blocks[0], { iteration: 1, step: 1.5, mean: 0.5, least: 0, greatest: 1 });
  assert.deepEqual(blocks[17], { iteration: 1, step: 34.5, mean: 0.5, least: 0, greatest: 1 });
  assert.deepEqual(blocks[18], { iteration: 2, step: 36.5, mean: 0.5, least: 0, greatest: 1 });
  assert.equal(blocks.length, 36);
});

it("blocks are as equal as possible, so that no short last block looks like a change", () => {
  const steps = Array.from({ length: 9 }, (_, at) => ({ row: row(1, at + 1, at), step: at + 1 }));
  assert.deepEqual(
    averageBlocks(steps, "loss", 4).map(({ step, mean }) => ({ step, mean })),
    [
      { step: 2, mean: 1 },
      { step: 5, mean: 4 },
      { step: 8, mean: 7 },
    ],
  );
});

it("steps continue across iterations that restart their count, and stay the same otherwise", () => {
  const anew = [row(1, 10, 1), row(1, 20, 1), row(2, 10, 1), row(3, 10, 1)];
  const onward = [row(1, 10, 1), row(1, 20, 1), row(2, 30, 1), row(3, 40, 1)];
  const steps = [10, 20, 30, 40];
  assert.deepEqual(
    blocksOf(loss(anew)).map(({ step }) => step),
    steps,
  );
  assert.deepEqual(
    blocksOf(loss(onward)).map(({ step }) => step),
    steps,
  );
});

it("a step without a loss is left out", () => {
  assert.deepEqual(
    blocksOf(loss([row(1, 1, null), row(1, 2, 0.5)])).map(({ step }) => step),
    [2],
  );
});

it("an Arquero table gives the same plot as its rows", () => {
  const rows = alignSteps(2, 5, 0.1);
  const names = Object.keys(rows[0]!) as (keyof StepRow)[];
  const columns = Object.fromEntries(names.map((name) => [name, rows.map((each) => each[name])]));
  assert.deepEqual(loss(table(columns)), loss(rows));
});

it("six runs have six colours, and more are refused", () => {
  const named = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`run ${at}`, [row(1, 1, at)]]));
  const { layer } = loss(named(6)) as unknown as { layer: { encoding: { color: { scale: { range: string[] } } } }[] };
  assert.equal(new Set(layer[0]!.encoding.color.scale.range).size, 6);
  assert.throws(() => loss(named(7)), {
    name: "InputError",
    message: /^plot\.loss: found 7 series, expected at most 6/,
  });
});

it("a run without steps is left out if another run has some", () => {
  const spec = loss({ DPO: [row(1, 1, 0.5)], SeRA: [] }) as unknown as { data: { values: { series: string }[] } };
  assert.deepEqual(
    spec.data.values.map(({ series }) => series),
    ["DPO"],
  );
});
