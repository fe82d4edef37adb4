import { checkpoint } from "./build.js";
import type { Value } from "./value.js";

/**
 * Recomputes the forward values that a gradient reads, between checkpoints (Chen et al. 2016, arXiv 1604.06174): only the
 * checkpoints are kept until the gradient reaches them. Values after the last checkpoint are not recomputed, because the gradient
 * begins there, nor are values before the first.
 *
 * Values are passed in the reverse order of their creation.
 */
export class Recomputation {
  /** The checkpoints not yet passed. */
  private readonly ahead: Value[];
  /** Start of the values that are recomputed; undefined outside the checkpoints. */
  private from: Value | undefined;
  private after: readonly Value[] = [];
  private readonly copies = new Map<Value, Value>();

  /** @param checkpoints in the order of their creation */
  constructor(checkpoints: readonly Value[]) {
    this.ahead = [...checkpoints];
  }

  /**
   * Advances to a value; true if it ends another segment between checkpoints.
   *
   * @param after values that must be known before the segment is recomputed; without them it could be computed early and kept
   */
  enter(value: Value, after: () => readonly Value[]): boolean {
    const reachedCheckpoint = this.ahead.at(-1) !== undefined && value.id <= this.ahead.at(-1)!.id;
    if (!reachedCheckpoint) return false;
    while (this.ahead.length > 0 && value.id <= this.ahead.at(-1)!.id) this.ahead.pop();
    this.copies.clear();
    this.from = this.ahead.at(-1);
    this.after = this.from ? after() : [];
    if (this.from) this.copies.set(this.from, checkpoint(this.from.inputs[0]!, this.after));
    return true;
  }

  /** The recomputed copy of the value. */
  of(value: Value): Value {
    if (this.from === undefined) return value;
    const known = this.copies.get(value);
    if (known) return known;
    const copy = this.copy(value, this.from);
    this.copies.set(value, copy);
    return copy;
  }

  private copy(value: Value, from: Value): Value {
    // Anything the segment computes from inputs alone, such as a mask, is recomputed too.
    if (value.op === "input") return checkpoint(value, this.after);
    if (value.id < from.id || value.inputs.length === 0) return value;
    // If all inputs are unchanged, this returns the value itself.
    return value.graph.value(
      value.op,
      value.inputs.map((input) => this.of(input)),
      value.attributes,
    );
  }
}
