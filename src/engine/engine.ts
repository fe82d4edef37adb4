import type { ArrayOf, DType, Tensor } from "../graph/tensor.js";
import type { Value } from "../graph/value.js";

/**
 * A graph with named results. Its `input` leaves are fed at each run; its `state` leaves are read from the states passed to the
 * run.
 */
export interface Program {
  /** Results that a run returns, by name. */
  readonly outputs: Readonly<Record<string, Value>>;
  /** New contents of the state, by the name of the state leaf; shapes do not change. */
  readonly updates: ReadonlyMap<string, Value>;
}

/** Values of the `input` leaves, by name, with the leaves' shapes and types. */
export type Feeds = Readonly<Record<string, ArrayOf[DType]>>;

/** Tensors that stay in the engine between runs: parameters, optimizer moments, caches. */
export interface State {
  readonly names: readonly string[];
  /** Copies the tensors with these names (all by default), in order. */
  read(names?: readonly string[]): Promise<Map<string, Tensor>>;
  /** Frees the memory; the state cannot be used afterwards. */
  free(): Promise<void>;
}

/** A program prepared for an engine. */
export interface Executable {
  /**
   * Runs the program once. Each state leaf is read from the first of `states` that has its name; the program's updates are
   * written there.
   *
   * @throws Error if a feed or state tensor is missing or does not have the size of its leaf
   */
  run(feeds: Feeds, states?: readonly State[]): Promise<Record<string, Tensor>>;
  /** Frees the prepared program. */
  release(): Promise<void>;
}

/** How a program will be used. */
export interface Usage {
  /**
   * Whether the state that the program does not update stays unchanged for many runs. An engine may then spend time, and as much
   * memory again, on a faster layout; runs after a change are still correct. Default false.
   */
  readonly frozen?: boolean;
}

/** An engine and its device, regardless of the number of threads. */
export interface EngineDescription {
  /** "onnx" or "tfjs" for this library's engines. */
  readonly engine: string;
  /** ONNX Runtime's execution provider. */
  readonly provider?: string;
  /** TensorFlow.js's backend. */
  readonly backend?: string;
}

/** Runs graphs. The event loop stays free while a program runs. */
export interface Engine {
  /** Bytes of all states that were created and not yet freed, at their initial sizes. */
  readonly stateBytes: number;
  /**
   * Single-threaded engines for work that can be divided: as many as this engine has threads; empty if it has one thread, or if
   * ops run on a device. They are closed with this one.
   */
  readonly lanes: readonly Engine[];
  /**
   * Copies tensors into the engine, one at a time. Tensors of an async iterable are moved instead of copied, so that a model read
   * from files is never in memory twice.
   */
  createState(tensors: Iterable<readonly [string, Tensor]> | AsyncIterable<readonly [string, Tensor]>): Promise<State>;
  prepare(program: Program, usage?: Usage): Promise<Executable>;
  /** The engine and its device, including a device it chose itself. */
  describe(): Promise<EngineDescription>;
  /** Frees everything and closes the engine after the current run; queued calls are rejected. */
  close(): Promise<void>;
}
