import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../src/base/random.js";
import { crossedInterval } from "../../src/stats/crossed.js";
import { bootstrapInterval } from "../../src/stats/interval.js";

const random = () => Random.seeded(1);
const width = ({ low, high }: { low: number; high: number }) => high - low;

describe("crossedInterval", () => {
  it("has the mean of all values, within its bounds", () => {
    const { mean, low, high } = crossedInterval([[0, 1, 2], [3, 4, 5]], random());
    assert.equal(mean, 2.5);
    assert.ok(low < mean && mean < high);
  });

  it("is a point where all values are the same", () => {
    assert.deepEqual(crossedInterval([[2, 2], [2, 2]], random()), { mean: 2, low: 2, high: 2 });
  });

  it("of one row is about that over its columns alone", () => {
    const draw = Random.seeded(7);
    const row = Array.from({ length: 200 }, () => draw.normal());
    const [crossed, plain] = [crossedInterval([row], random()), bootstrapInterval(row, random())];
    assert.ok(Math.abs(width(crossed) / width(plain) - 1) < 0.1);
  });

  it("is wider where the rows differ than where only the columns do", () => {
    const draw = Random.seeded(7);
    const column = Array.from({ length: 100 }, () => draw.normal());
    const same = [column, column, column];
    const different = same.map((row, i) => row.map((value) => value + i));
    assert.ok(width(crossedInterval(different, random())) > 2 * width(crossedInterval(same, random())));
  });

  it("takes rows that stand for the same columns, and some of them", () => {
    assert.throws(() => crossedInterval([], random()), RangeError);
    assert.throws(() => crossedInterval([[]], random()), RangeError);
    assert.throws(() => crossedInterval([[1, 2], [1]], random()), { message: "rows of different lengths" });
  });
});
