import type { MessagePort } from "node:worker_threads";
import type { DType, Shape, Tensor } from "../../graph/tensor.js";
import type { Feeds } from "../engine.js";

/** A tensor's name in the graph with its type and shape. */
export interface Leaf {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** What an engine asks of its thread, with the type of the answer; `Prepared` is a program as that thread wants it. */
export interface Calls<Prepared> {
  createState(): number;
  /** Adds a tensor to a state, or puts it in the place of the one of that name. */
  writeState(state: number, name: string, tensor: Tensor): void;
  readState(state: number, names: readonly string[]): [string, Tensor][];
  freeState(state: number): void;
  prepare(program: Prepared): number;
  run(executable: number, feeds: Feeds, states: readonly number[]): Record<string, Tensor>;
  release(executable: number): void;
  /** On what the thread runs: its provider or backend. */
  device(): string;
}

export interface Request<K extends keyof Calls<never> = keyof Calls<never>> {
  readonly id: number;
  readonly call: K;
  readonly args: readonly unknown[];
}

export type Response =
  | { readonly id: number; readonly result: unknown }
  /** An error's message, and whether the user's input is at fault. */
  | { readonly id: number; readonly error: string; readonly isInputError: boolean };

/** What a thread is given at its start. */
export interface ThreadData<Settings> {
  readonly settings: Settings;
  /** What the two threads share of their gate. */
  readonly gate: Int32Array<SharedArrayBuffer>;
  /** What the calls come through. Default: the port to the thread that started it. */
  readonly port?: MessagePort;
}
