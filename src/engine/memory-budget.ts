import { freemem, totalmem } from "node:os";

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
