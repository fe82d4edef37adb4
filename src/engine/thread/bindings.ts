import { sizeOf, type ArrayOf, type DType, type Shape } from "../../graph/tensor.js";
import type { Feeds } from "../engine.js";
import type { Leaf } from "./calls.js";

/* Bindings of a program's leaves in a run: feeds, and state tensors; each state is a map of an engine's own tensors. */

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array, uint8: Uint8Array } as const;

/** The object that a thread created under this number. */
export function get<T>(table: ReadonlyMap<number, T>, id: number, what: string): T {
  const found = table.get(id);
  if (found === undefined) throw new Error(`this ${what} has been freed`);
  return found;
}

/** The values fed for an input. */
export function feedOf(leaf: Leaf, feeds: Feeds): ArrayOf[DType] {
  const data = feeds[leaf.name];
  if (data === undefined) throw new Error(`the input "${leaf.name}" is not fed`);
  if (!(data instanceof arrays[leaf.dtype]) || data.length !== sizeOf(leaf.shape)) {
    throw new Error(
      `the input "${leaf.name}" is ${leaf.dtype}[${leaf.shape}], fed ${data.constructor.name}(${data.length})`,
    );
  }
  return data;
}

/** Throws unless a state's tensor has the type and shape of a program's leaf. */
export function checkFits(leaf: Leaf, dtype: string, shape: Shape): void {
  if (dtype !== leaf.dtype || shape.join() !== leaf.shape.join()) {
    throw new Error(`the state "${leaf.name}" is ${dtype}[${shape}], the program wants ${leaf.dtype}[${leaf.shape}]`);
  }
}

/** The first of the states that contains the name. */
export function owner<S extends { has(name: string): boolean }>(name: string, bound: readonly S[]): S {
  const state = bound.find((candidate) => candidate.has(name));
  if (state === undefined) throw new Error(`no state has a tensor "${name}"`);
  return state;
}

/** The tensor with this name in the first state that has it. */
export function lookUp<T>(name: string, bound: readonly ReadonlyMap<string, T>[]): T {
  return owner(name, bound).get(name)!;
}
