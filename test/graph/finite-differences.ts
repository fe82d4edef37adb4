import assert from "node:assert/strict";
import { gradients } from "../../src/graph/gradient.js";
import { sizeOf } from "../../src/graph/tensor.js";
import type { Value } from "../../src/graph/value.js";
import { evaluate } from "../support/reference.js";

type Leaf = Value<"input" | "state">;
type Feeds = Readonly<Record<string, readonly number[]>>;

/** Largest accepted difference, relative to the leaf's largest derivative. */
const tolerance = 1e-6;

/**
 * Checks the gradient of a loss against finite differences of the loss, evaluated in float64.
 *
 * @throws AssertionError naming the leaf and the element that differs
 */
export function checkGradients(loss: Value, leaves: readonly Leaf[], feeds: Feeds): void {
  const computed = evaluate(gradients(loss, leaves), feeds);
  leaves.forEach(({ attributes: { name, shape } }, l) => {
    const expected = Array.from({ length: sizeOf(shape) }, (_, i) => difference(loss, feeds, name, i));
    const accepted = tolerance * Math.max(...expected.map(Math.abs)) + 1e-9;
    assert.equal(computed[l]!.length, expected.length, `gradient of ${name}`);
    computed[l]!.forEach((found, i) => {
      const message = `gradient of ${name} element ${i}: ${found}, by differences ${expected[i]}`;
      assert.ok(Math.abs(found - expected[i]!) <= accepted, message);
    });
  });
}

/** d loss / d element, from the four points at ±h and ±2h; the error is of order h⁴. */
function difference(loss: Value, feeds: Feeds, name: string, element: number): number {
  const x = feeds[name]![element]!;
  const h = 1e-4 * Math.min(Math.max(Math.abs(x), 0.1), 10);
  const at = (step: number): number => {
    const moved = { ...feeds, [name]: feeds[name]!.with(element, x + step) };
    return evaluate([loss], moved)[0]![0]!;
  };
  return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
}
