import type { MessagePort } from "node:worker_threads";
import type { DType, Shape, Tensor } from "../../graph/tensor.js";
import type { Feeds } from "../engine.js";

/** A tensor's name in the graph with its type and shape. */
export interface Leaf {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** Calls of an engine to its thread, with the result types; `Prepared` is a program in the form that the thread expects. */
export interface Calls<Prepared> {
  createState(): number;
  /** Adds a tensor to a state, or replaces the one of that name. */
  writeState(state: number, name: string, tensor: Tensor): void;
  readState(state: number, names: readonly string[]): [string, Tensor][];
  freeState(state: number): void;
  prepare(program: Prepared): number;
  run(executable: number, feeds: Feeds, states: readonly number[]): Record<string, Tensor>;
  release(executable: number): void;
  /** The thread's provider or backend. */
  device(): string;
}

export interface Request<K extends keyof Calls<never> = keyof Calls<never>> {
  readonly id: number;
  readonly call: K;
  readonly args: readonly unknown[];
}

export type Response =
  | { readonly id: number; readonly result: unknown }
  /** An error's message, and whether the user's input caused it. */
  | { readonly id: number; readonly error: string; readonly isInputError: boolean };

/** Data passed to a thread when it starts. */
export interface ThreadData<Settings> {
  readonly settings: Settings;
  /** The shared memory of their gate. */
  readonly gate: Int32Array<SharedArrayBuffer>;
  /** The port of the calls. Default: the port to the parent thread. */
  readonly port?: MessagePort;
}
