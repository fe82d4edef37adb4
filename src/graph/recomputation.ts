import { checkpoint } from "./build.js";
import type { Value } from "./value.js";

/**
 * What a gradient reads of the forward pass, computed again between checkpoints (Chen et al. 2016, arXiv 1604.06174):
 * only the checkpoints are kept until the gradient comes to them. What follows the last checkpoint is not computed
 * again, for the gradient begins there; nor is what stands before the first.
 *
 * Values are passed in the reverse order of their creation.
 */
export class Recomputation {
  /** The checkpoints that have not been passed yet. */
  private readonly ahead: Value[];
  /** Where the values that are computed again begin; undefined beside the checkpoints. */
  private from: Value | undefined;
  private after: readonly Value[] = [];
  private readonly copies = new Map<Value, Value>();

  /** @param checkpoints in the order of their creation */
  constructor(checkpoints: readonly Value[]) {
    this.ahead = [...checkpoints];
  }

  /**
   * Goes on to a value; true where it is the end of another stretch between checkpoints.
   *
   * @param after what must be known before the stretch is computed again, or it would be as good as kept
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

  /** The value as it is computed again. */
  of(value: Value): Value {
    if (this.from === undefined) return value;
    const known = this.copies.get(value);
    if (known) return known;
    const copy = this.copy(value, this.from);
    this.copies.set(value, copy);
    return copy;
  }

  private copy(value: Value, from: Value): Value {
    // What the stretch makes of what is fed alone, such as a mask, is computed again too.
    if (value.op === "input") return checkpoint(value, this.after);
    if (value.id < from.id || value.inputs.length === 0) return value;
    // Where no input is another, this is the value itself.
    return value.graph.value(
      value.op,
      value.inputs.map((input) => this.of(input)),
      value.attributes,
    );
  }
}
