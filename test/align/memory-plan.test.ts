import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planMemory, stateBytes, type MemoryTask } from "../../src/align/memory-plan.js";
import { supervised } from "../../src/align/sft.js";
import { Random } from "../../src/base/random.js";
import { programMemory } from "../../src/engine/memory-budget.js";
import type { TokenSequence } from "../../src/model/scoring/batch.js";
import { batchCost } from "../../src/model/scoring/batch-cost.js";
import { tinyConfig } from "../support/tiny-model.js";

/** Wide enough that a few hundred tokens take megabytes. */
const config = { ...tinyConfig, hiddenSize: 256, intermediateSize: 1024, headSize: 64, layers: 4, contextLength: 2048 };
const sequences = (...lengths: number[]): TokenSequence[] =>
  lengths.map((length) => ({ prompt: new Int32Array(8), response: new Int32Array(length) }));

function plan(
  memory: number,
  examples: TokenSequence[],
  options: Partial<MemoryTask<TokenSequence>["options"]> = {},
  onDevice = false,
) {
  const task = {
    config,
    objective: supervised,
    examples,
    options: { batchSize: 8, epochs: 1, ...options },
    memory,
    onDevice,
  };
  const { steps, ...chosen } = planMemory(task, Random.seeded(1), batchCost(config));
  return { ...chosen, sizes: steps.flatMap(({ microBatches }) => microBatches.map(({ indices }) => indices.length)) };
}

const even = sequences(...new Array<number>(16).fill(240));
const plenty = 64e9;
/** The memory limit that leaves this much room for programs. */
const withRoom = (room: number) => {
  const state = stateBytes({ config, objective: supervised, options: { batchSize: 8, epochs: 1 } });
  return plenty - programMemory(plenty, state) + room;
};

describe("planMemory", () => {
  const whole = plan(plenty, even);

  it("plans each step as one batch without recomputation if there is room", () => {
    assert.deepEqual([whole.microBatchSize, whole.recompute, whole.sizes], [8, false, [8, 8]]);
  });

  it("plans smaller micro-batches for less room, and recomputes only if a single example does not fit otherwise", () => {
    const found = [1, 0.6, 0.3, 0.15].map((share) => plan(withRoom(share * whole.programBytes), even));
    const sizes = found.map(({ microBatchSize }) => microBatchSize);
    assert.deepEqual(
      sizes,
      [...sizes].sort((a, b) => b - a),
    );
    assert.ok(new Set(sizes).size > 2, `${sizes}`);
    for (const { programBytes, microBatchSize, sizes: own } of found) {
      assert.ok(programBytes <= whole.programBytes);
      assert.ok(own.every((size) => size <= microBatchSize));
      assert.equal(
        own.reduce((a, b) => a + b),
        16,
      );
    }
    const single = plan(plenty, even, { microBatchSize: 1 });
    const again = plan(plenty, even, { microBatchSize: 1, recompute: true });
    assert.ok(again.programBytes < single.programBytes);
    const tight = withRoom((again.programBytes + single.programBytes) / 2);
    assert.deepEqual(pick(plan(tight, even)), [1, true]);
    assert.deepEqual(pick(plan(tight, even, { microBatchSize: 1 })), [1, true]);
  });

  it("keeps a given microBatchSize or recompute", () => {
    assert.deepEqual(pick(plan(plenty, even, { microBatchSize: 3 })), [3, false]);
    assert.deepEqual(pick(plan(plenty, even, { recompute: true })), [8, true]);
  });

  it("limits a CPU program to 2 GiB, however much memory there is, but not a device program", () => {
    const long = sequences(...new Array<number>(32).fill(2000));
    const found = plan(plenty, long, { batchSize: 32 });
    assert.ok(found.microBatchSize < 32 && found.programBytes <= 2 ** 31, JSON.stringify(found));
    const onDevice = plan(plenty, long, { batchSize: 32 }, true);
    assert.ok(onDevice.microBatchSize === 32 && onDevice.programBytes > 2 ** 31, JSON.stringify(onDevice));
  });

  it("throws an InputError that says what would fit if the longest example does not", () => {
    const mixed = sequences(30, 30, 60, 1800);
    const least = plan(plenty, sequences(60), { recompute: true }).programBytes;
    assert.throws(() => plan(withRoom(1.05 * least), mixed), {
      name: "InputError",
      message:
        /^memory: found \d+ MB, but the process, the model and its training hold \d+ MB, and the longest example takes \d+ MB more; raise it to \d\.\dGB, or cut the texts \(examples of 68 tokens fit\), or train an adapter \(`lora`\) instead of all parameters$/,
    });
    assert.throws(
      () => plan(1e8, mixed),
      /memory: found 100 MB, but the process, the model and its training hold \d+ MB, and .*; raise it to \d\.\dGB, or train an adapter/,
    );
  });

  it("plans no steps without examples", () => {
    assert.deepEqual(plan(plenty, []).sizes, []);
  });
});

const pick = ({ microBatchSize, recompute }: { microBatchSize: number; recompute: boolean }) => [
  microBatchSize,
  recompute,
];
