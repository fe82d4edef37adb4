import type { Tensor } from "../../graph/tensor.js";
import type { Value } from "../../graph/value.js";
import type { Program } from "../engine.js";

/*
 * onnxruntime-node copies every output of a run into a new array, even one that was given a buffer. A cache of keys and values in
 * which a run changes one row in a hundred must therefore not be an output: the run returns the rows, and they are put into the
 * cache when it is done.
 */

/** Rows of a state tensor that a run changes; `index` and `rows` name outputs of the run. */
export interface RowWrite {
  readonly name: string;
  readonly index: string;
  readonly rows: string;
}

/** Converts those updates of a program that only write rows to outputs, and lists them. */
export function splitRowWrites(program: Program): { program: Program; rowWrites: readonly RowWrite[] } {
  const outputs: Record<string, Value> = { ...program.outputs };
  const updates = new Map<string, Value>();
  const rowWrites: RowWrite[] = [];
  // Keys and values of all layers are written at the same indices: one output serves them all.
  const indices = new Map<Value, string>();
  for (const [name, update] of program.updates) {
    const [data, index, rows] = update.inputs;
    if (update.op === "writeAt" && data!.op === "state" && (data as Value<"state">).attributes.name === name) {
      const write = { name, index: indices.get(index!) ?? `index of ${name}`, rows: `rows of ${name}` };
      indices.set(index!, write.index);
      outputs[write.index] = index!;
      outputs[write.rows] = rows!;
      rowWrites.push(write);
    } else updates.set(name, update);
  }
  return { program: { outputs, updates }, rowWrites };
}

/** Puts `rows` [...lead, d] into `data` [...lead, n, d] at `index` [...lead]. */
export function writeRows(data: Tensor, index: Tensor, rows: Tensor): void {
  const [n, d] = data.shape.slice(-2) as [number, number];
  for (let place = 0; place < index.data.length; place++) {
    data.data.set(rows.data.subarray(place * d, (place + 1) * d), (place * n + index.data[place]!) * d);
  }
}
