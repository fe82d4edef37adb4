import assert from "node:assert/strict";
import { it } from "node:test";
import { from } from "arquero";
import { namedRowsFrom, rowsFrom } from "../../src/plot/source.js";
import { alignSteps } from "./rows.js";

const steps = alignSteps(1, 3, 0.1);

/** A run with a getter, not an own property. */
class Run {
  get steps() {
    return steps;
  }
}

it("rows are read from an array, an Arquero table, or a run with either", () => {
  for (const source of [steps, from(steps), { steps }, { steps: from(steps) }, new Run()]) {
    assert.deepEqual(rowsFrom("loss", "steps", source), steps);
    assert.deepEqual(namedRowsFrom("loss", "steps", source), [["", steps]]);
  }
});

it("several sources are read by name", () => {
  assert.deepEqual(namedRowsFrom("loss", "steps", { DPO: steps, SeRA: new Run() }), [
    ["DPO", steps],
    ["SeRA", steps],
  ]);
});

it("anything else is refused with the value found and what was expected", () => {
  const message = "plot.loss: found 7, expected rows, or a run with a table `steps`";
  for (const sources of [7, { DPO: 7 }, { steps: { a: 1 } }]) {
    assert.throws(() => namedRowsFrom("loss", "steps", sources as never), { name: "InputError" });
  }
  assert.throws(() => namedRowsFrom("loss", "steps", { DPO: 7 } as never), { message });
});
