import { freemem, totalmem } from "node:os";
import { formatBytes } from "../base/byte-size.js";
import { InputError } from "../base/errors.js";

/** Fraction of the free memory that is used: the rest is for other processes, and for what estimates miss. */
const margin = 0.75;

const step = 2 ** 28;

/**
 * The default memory limit of a process: three quarters of the free memory of the machine or, if there is one, of the control
 * group, in steps of 256 MiB.
 */
export function defaultMemory(): number {
  // Node before 20.13 has neither function.
  const { availableMemory = freemem, constrainedMemory = () => 0 } = process as Partial<typeof process>;
  const limit = constrainedMemory();
  const free = Math.min(availableMemory(), totalmem(), limit > 0 ? limit : Infinity);
  return Math.max(step, Math.floor((margin * free) / step) * step);
}

/**
 * Memory of a process besides the model and its programs: about 250 MB for Node, the engine's library and the data's tokens, and
 * uncollected garbage in its threads' heaps, 150 MB in a run of SmolLM2 (docs/benchmarks.md).
 */
const processBytes = 450e6;

/** Memory besides programs, in bytes: the process, and its state. */
export function heldMemory(state: number): number {
  return processBytes + state;
}

/**
 * Memory that remains for programs.
 *
 * @param memory bytes in total
 * @param state bytes of state besides programs
 */
export function programMemory(memory: number, state: number): number {
  return Math.max(0, memory - heldMemory(state));
}

/** Adds to an estimate of a program's memory what engines use beyond it: fragmentation, and packed panels of matrices. */
export function withMargin(bytes: number): number {
  return Math.ceil(1.25 * bytes);
}

/** Work that does not fit into a memory budget, even at its smallest. */
export interface MemoryShortage {
  /** The budget in bytes. */
  readonly memory: number;
  /** Bytes of state besides programs. */
  readonly state: number;
  /** What that state is, to follow "the process": ` and the model`. */
  readonly holders: string;
  /** The work with its verb: `scoring 256 tokens takes`. */
  readonly work: string;
  /** Bytes of its smallest program. */
  readonly least: number;
  /** What would help besides more memory. */
  readonly advice: readonly string[];
}

/** An {@link InputError} that says what the work needs together, and the least memory that it fits into. */
export function memoryError({ memory, state, holders, work, least, advice }: MemoryShortage): InputError {
  return new InputError(
    `memory: found ${formatBytes(memory)}, but the process${holders} hold ${formatBytes(heldMemory(state))}, and ${work} ${formatBytes(least)} more; ` +
      [`raise it to ${(leastMemory(state, least) / 1e9).toFixed(1)}GB`, ...advice].join(", or "),
  );
}

/** The least memory, in tenths of a GB, that programs of `bytes` beside the state fit into. */
export function leastMemory(state: number, bytes: number): number {
  return Math.ceil((heldMemory(state) + bytes) / 1e8) * 1e8;
}
