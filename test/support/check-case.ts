import assert from "node:assert/strict";
import type { Engine, Feeds, Usage } from "../../src/engine/engine.js";
import { gradients } from "../../src/graph/gradient.js";
import type { Tensor } from "../../src/graph/tensor.js";
import type { Value } from "../../src/graph/value.js";
import { buildCase, weighted, type BuiltCase, type Case } from "../graph/cases/case.js";
import { evaluate } from "./reference.js";

/** Largest accepted float32 error, relative to the largest element. */
const tolerance = 1e-5;

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array, uint8: Uint8Array };

/** Computes the values of a graph whose leaves are `inputs` and `states`, by name. */
export type Run = (
  outputs: readonly Value[],
  leaves: { readonly inputs: ReadonlyMap<string, Tensor>; readonly states: ReadonlyMap<string, Tensor> },
) => Promise<Tensor[]>;

/** A case's output, and the gradients of a weighted sum of it. */
export function outputsOf({ output, differentiated }: BuiltCase): Value[] {
  return [output, ...gradients(weighted([output], "slopes"), differentiated)];
}

/**
 * Computes a case's output and gradients, and compares them with the expected ones.
 *
 * @param by engine that computes the expected values. Default: the reference
 */
export async function checkCase(found: Case, run: Run, by?: Run): Promise<void> {
  const built = buildCase(found);
  const outputs = outputsOf(built);
  const leaves = { inputs: new Map<string, Tensor>(), states: new Map<string, Tensor>() };
  for (const {
    op,
    attributes: { name, dtype, shape },
  } of built.leaves) {
    leaves[op === "input" ? "inputs" : "states"].set(name, {
      dtype,
      shape,
      data: arrays[dtype].from(built.feeds[name]!),
    });
  }
  const expected = by
    ? (await by(outputs, leaves)).map(({ data }) => Array.from(data))
    : evaluate(outputs, built.feeds);
  const computed = await run(outputs, leaves);
  outputs.forEach(({ dtype, shape }, o) => {
    const { data, ...type } = computed[o]!;
    assert.deepEqual(type, { dtype, shape }, found.title);
    assertClose(Array.from(data), expected[o]!, `${found.title}: ${o === 0 ? "value" : `gradient ${o - 1}`}`);
  });
}

/** Runs graphs on an engine. */
export function runOn(engine: Engine, usage: Usage = {}): Run {
  return async (outputs, { inputs, states }) => {
    const state = await engine.createState(states);
    const program = { outputs: Object.fromEntries(outputs.map((value, i) => [`y${i}`, value])), updates: new Map() };
    const executable = await engine.prepare(program, usage);
    const feeds: Feeds = Object.fromEntries([...inputs].map(([name, { data }]) => [name, data]));
    const computed = await executable.run(feeds, [state]);
    await executable.release();
    await state.free();
    return outputs.map((_, i) => computed[`y${i}`]!);
  };
}

function assertClose(found: readonly number[], expected: readonly number[], what: string): void {
  const accepted = tolerance * Math.max(...expected.map(Math.abs)) + 1e-6;
  const close = found.length === expected.length && found.every((x, i) => Math.abs(x - expected[i]!) <= accepted);
  assert.ok(close, `${what}: [${found}], not [${expected}]`);
}
