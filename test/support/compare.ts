import assert from "node:assert/strict";
import type { Tensor } from "../../src/graph/tensor.js";

type Numbers = ArrayLike<number>;

/** ‖found − expected‖ / ‖expected‖, in the Euclidean norm. */
export function relativeError(found: Numbers, expected: Numbers): number {
  assert.equal(found.length, expected.length);
  let difference = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (found[i]! - expected[i]!) ** 2;
    size += expected[i]! ** 2;
  }
  return Math.sqrt(difference / size);
}

/** max |found − expected| */
export function largestDifference(found: Numbers, expected: Numbers): number {
  assert.equal(found.length, expected.length);
  return Array.from(expected).reduce((largest, x, i) => Math.max(largest, Math.abs(found[i]! - x)), 0);
}

/** Asserts that each number is within `tolerance` of the expected one, relative to max(1, |expected|). */
export function assertClose(found: Numbers, expected: Numbers, tolerance: number, what = "numbers"): void {
  assert.equal(found.length, expected.length, `${what}: length`);
  for (let i = 0; i < expected.length; i++) {
    const accepted = tolerance * Math.max(1, Math.abs(expected[i]!));
    // Written so that NaN fails.
    const close = Math.abs(found[i]! - expected[i]!) <= accepted;
    assert.ok(close, `${what}[${i}]: ${found[i]}, not ${expected[i]}`);
  }
}

/** Asserts that two sets of named tensors hold the same bytes. */
export function assertSameTensors(found: ReadonlyMap<string, Tensor>, expected: ReadonlyMap<string, Tensor>): void {
  assert.deepEqual([...found.keys()], [...expected.keys()]);
  for (const [name, { data }] of expected) {
    const same = bytesOf(found.get(name)!.data).equals(bytesOf(data));
    assert.ok(same, `${name} differs by ${largestDifference(found.get(name)!.data, data)}`);
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: NodeJS.TypedArray): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
