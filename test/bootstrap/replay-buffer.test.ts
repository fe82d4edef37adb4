import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../src/base/random.js";
import { ReplayBuffer } from "../../src/bootstrap/replay-buffer.js";

const response = (example: number) => ({ example, tokens: Int32Array.of(example, 100 + example) });
const filled = (capacity: number, count: number) =>
  ReplayBuffer.empty(capacity).with(Array.from({ length: count }, (_, i) => response(i)));
const examplesIn = (buffer: ReplayBuffer) => buffer.entries.map(({ example }) => example);

describe("ReplayBuffer", () => {
  it("drops the oldest entries beyond its capacity", () => {
    assert.deepEqual(examplesIn(filled(3, 2)), [0, 1]);
    assert.deepEqual(examplesIn(filled(3, 2).with([response(7), response(8)])), [1, 7, 8]);
    assert.deepEqual(examplesIn(filled(3, 5)), [2, 3, 4]);
  });

  it("counts draws in a new buffer and does not change itself", () => {
    const before = filled(4, 4);
    const { drawn, buffer } = before.draw(50, Random.seeded(1));
    const times = examplesIn(before).map((example) => drawn.filter((entry) => entry.example === example).length);
    assert.deepEqual(
      buffer.entries.map(({ draws }) => draws),
      times,
    );
    assert.deepEqual(
      before.entries.map(({ draws }) => draws),
      [0, 0, 0, 0],
    );
    assert.ok(
      times.every((count) => count > 0),
      "with replacement, and each one",
    );
  });

  it("draws with weight 1 / (number of earlier draws + 1)", () => {
    // An entry that was drawn three times before is drawn a quarter as often as a new one.
    const worn = ReplayBuffer.from(
      2,
      new Map(
        [...filled(2, 2).tensors()].map(([name, values]) => [
          name,
          name === "draws" ? { ...values, data: Float32Array.of(3, 0) } : values,
        ]),
      ),
    );
    const { drawn } = worn.draw(5000, Random.seeded(2));
    const share = drawn.filter(({ example }) => example === 0).length / 5000;
    // ¼ / (1 + ¼), with a standard deviation of 0.006.
    assert.ok(Math.abs(share - 0.2) < 0.025, `${share}`);
  });

  it("can be restored from its tensors, also if it is empty", () => {
    const { buffer } = filled(4, 4)
      .with([{ example: 9, tokens: new Int32Array(0) }])
      .draw(9, Random.seeded(3));
    const again = ReplayBuffer.from(4, buffer.tensors());
    assert.deepEqual(again, buffer);
    assert.deepEqual(again.with([response(5)]), buffer.with([response(5)]));
    assert.deepEqual(ReplayBuffer.from(2, ReplayBuffer.empty(2).tensors()), ReplayBuffer.empty(2));
  });

  it("throws a RangeError if it is empty", () => {
    assert.throws(() => ReplayBuffer.empty(2).draw(1, Random.seeded(1)), RangeError);
  });
});
