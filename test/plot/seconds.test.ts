import assert from "node:assert/strict";
import { it } from "node:test";
import { seconds } from "../../src/plot/seconds.js";

for (const [training, unit, time] of [
  [60, "seconds", 60],
  [600, "minutes", 10],
  [36_000, "hours", 10],
] as const) {
  it(`${training} seconds are drawn in ${unit}`, () => {
    const spec = seconds([{ iteration: 1, seconds: { training } }]) as unknown as {
      data: { values: { time: number }[] };
      encoding: { x: { title: string } };
    };
    assert.equal(spec.encoding.x.title, unit);
    assert.deepEqual(
      spec.data.values.map((row) => row.time),
      [time],
    );
  });
}
