import type { ArrayOf, DType, Tensor } from "../graph/tensor.js";
import type { Value } from "../graph/value.js";

/**
 * A graph with its results named. Its `input` leaves are fed at each run; its `state` leaves are
 * read from the state that the run is given.
 */
export interface Program {
  /** Results that a run gives back, by name. */
  readonly outputs: Readonly<Record<string, Value>>;
  /** New contents of the state, by the state leaf's name; the shape stays. */
  readonly updates: ReadonlyMap<string, Value>;
}

/** Numbers for the `input` leaves, by name; shapes and types are those of the leaves. */
export type Feeds = Readonly<Record<string, ArrayOf[DType]>>;

/** Tensors that live in the engine between runs: parameters, optimizer moments, caches. */
export interface State {
  readonly names: readonly string[];
  /** Copies of the tensors of these names (all of them by default), in order. */
  read(names?: readonly string[]): Promise<Map<string, Tensor>>;
  /** Frees the memory. The state cannot be used any more. */
  free(): Promise<void>;
}

/** A program made ready for an engine. */
export interface Executable {
  /**
   * Runs the program once. State leaves are looked up in `states`, the first that has the name;
   * the program's updates are written there.
   *
   * @throws Error where a feed or a state tensor is missing or has another size than its leaf
   */
  run(feeds: Feeds, states?: readonly State[]): Promise<Record<string, Tensor>>;
  /** Frees what was made ready. */
  release(): Promise<void>;
}

/** How a program is going to be used. */
export interface Usage {
  /**
   * Whether the state that the program does not update will stay as it is for many runs. An engine may then take the time
   * to arrange it for speed, and memory for as much again; a run after a change is as right as any other. Default false.
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
  /**
   * Copies tensors into the engine, one after the other. Those of an async iterable are given away instead: their
   * memory moves, so that a model read from its files is nowhere held twice.
   */
  createState(tensors: Iterable<readonly [string, Tensor]> | AsyncIterable<readonly [string, Tensor]>): Promise<State>;
  prepare(program: Program, usage?: Usage): Promise<Executable>;
  /** What it is and what it really runs on, also where that was left to it. */
  describe(): Promise<EngineDescription>;
  /** Frees everything and ends the engine, after the run that is on; what waits behind it is rejected. */
  close(): Promise<void>;
}
