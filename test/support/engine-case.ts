import assert from "node:assert/strict";
import type { Engine, Feeds } from "../../src/engine/engine.js";
import type { Tensor } from "../../src/graph/tensor.js";
import type { Value } from "../../src/graph/value.js";
import type { BuiltCase } from "../graph/cases/case.js";

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/** Runs values of a case's graph on an engine. */
export async function runCase(engine: Engine, { leaves, feeds }: BuiltCase, outputs: readonly Value[]): Promise<Tensor[]> {
  const inputs: Record<string, Feeds[string]> = {};
  const kept: [string, Tensor][] = [];
  for (const { op, attributes: { name, dtype, shape } } of leaves) {
    const data = arrays[dtype].from(feeds[name]!);
    if (op === "input") inputs[name] = data;
    else kept.push([name, { dtype, shape, data }]);
  }
  const state = await engine.createState(kept);
  const executable = await engine.prepare({
    outputs: Object.fromEntries(outputs.map((value, i) => [`y${i}`, value])),
    updates: new Map(),
  });
  const computed = await executable.run(inputs, [state]);
  await executable.release();
  await state.free();
  return outputs.map((_, i) => computed[`y${i}`]!);
}

/** Asserts that numbers are within `tolerance` of what is expected, as a share of the largest element. */
export function assertCloseToLargest(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  const [x, y] = [Array.from(found), Array.from(expected)];
  const accepted = tolerance * y.reduce((largest, element) => Math.max(largest, Math.abs(element)), 0) + 1e-6;
  const close = x.length === y.length && x.every((element, i) => Math.abs(element - y[i]!) <= accepted);
  assert.ok(close, `${what}: [${x}], not [${y}]`);
}
