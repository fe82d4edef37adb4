import type { ArrayOf, DType, Tensor } from "../graph/tensor.js";
import type { Value } from "../graph/value.js";

/**
 * A graph with named results. Its `input` leaves are fed at each run; its `state` leaves are read from the state passed to
 * the run.
 */
export interface Program {
  /** Results that a run returns, by name. */
  readonly outputs: Readonly<Record<string, Value>>;
  /** New contents of the state, by the name of the state leaf; shapes do not change. */
  readonly updates: ReadonlyMap<string, Value>;
}

/** Numbers for the `input` leaves, by name; shapes and types are those of the leaves. */
export type Feeds = Readonly<Record<string, ArrayOf[DType]>>;

/** Tensors that live in the engine between runs: parameters, optimizer moments, caches. */
export interface State {
  readonly names: readonly string[];
  /** Copies of the tensors of these names (all of them by default), in order. */
  read(names?: readonly string[]): Promise<Map<string, Tensor>>;
  /** Frees the memory; the state cannot be used afterwards. */
  free(): Promise<void>;
}

/** A program prepared for an engine. */
export interface Executable {
  /**
   * Runs the program once. Each state leaf is read from the first of `states` that has its name;
   * the program's updates are written there.
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
   * Whether the state that the program does not update stays unchanged for many runs. An engine may then spend time, and as
   * much memory again, on a faster layout; runs after a change are still correct. Default false.
   */
  readonly frozen?: boolean;
}

/** An engine, and on what it runs. How many threads it has is no part of it. */
export interface EngineDescription {
  /** "onnx" or "tfjs" for those of this library. */
  readonly engine: string;
  /** ONNX Runtime's execution provider. */
  readonly provider?: string;
  /** TensorFlow.js's backend. */
  readonly backend?: string;
}

/** Runs graphs. The event loop stays free while a program runs. */
export interface Engine {
  /** Bytes of the states that have been created and not been freed, as they were created. */
  readonly stateBytes: number;
  /**
   * Engines of one thread each, for work that falls into parts: as many as this one has threads, and none where that is
   * one, or where ops run on a device. They are closed with this one.
   */
  readonly lanes: readonly Engine[];
  /**
   * Copies tensors into the engine, one at a time. Tensors of an async iterable are moved instead of copied, so that a
   * model that is read from files is never in memory twice.
   */
  createState(tensors: Iterable<readonly [string, Tensor]> | AsyncIterable<readonly [string, Tensor]>): Promise<State>;
  prepare(program: Program, usage?: Usage): Promise<Executable>;
  /** The engine and the device that it runs on, also where that was left to it. */
  describe(): Promise<EngineDescription>;
  /** Frees everything and closes the engine after the current run; queued calls are rejected. */
  close(): Promise<void>;
}
