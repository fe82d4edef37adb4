import type { DType, Shape, Tensor } from "../../graph/tensor.js";
import type { Feeds } from "../engine.js";
import type { Provider } from "./providers.js";
import type { RowWrite } from "./row-writes.js";

/** A tensor's name in the graph with its type and shape. */
export interface Leaf {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** What the worker needs to run a lowered program. */
export interface PreparedProgram {
  readonly model: Uint8Array;
  readonly inputs: readonly Leaf[];
  readonly states: readonly Leaf[];
  readonly outputs: readonly Leaf[];
  readonly updates: readonly (Leaf & { readonly inPlace: boolean })[];
  readonly rowWrites: readonly RowWrite[];
}

/** How a session is made. */
export interface SessionSettings {
  /** onnxruntime's execution provider. */
  readonly provider: Provider;
  /** Threads of one session; 0 is one for each physical core. */
  readonly threads: number;
}

/** What the worker is given at its start. */
export interface WorkerData {
  readonly settings: SessionSettings;
  /** What the two threads share of their gate. */
  readonly gate: Int32Array<SharedArrayBuffer>;
}

/** What the engine asks of its worker, with the type of the answer. */
export interface Calls {
  createState(): number;
  /** Adds a tensor to a state, or puts it in the place of the one of that name. */
  writeState(state: number, name: string, tensor: Tensor): void;
  readState(state: number, names: readonly string[]): [string, Tensor][];
  freeState(state: number): void;
  prepare(program: PreparedProgram): number;
  run(executable: number, feeds: Feeds, states: readonly number[]): Record<string, Tensor>;
  release(executable: number): void;
}

export interface Request<K extends keyof Calls = keyof Calls> {
  readonly id: number;
  readonly call: K;
  readonly args: Parameters<Calls[K]>;
}

export type Response =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string };
