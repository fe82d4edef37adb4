import { freemem, totalmem } from "node:os";

/** Share of what is free that is taken: what runs beside, and what an estimate misses, has the rest. */
const margin = 0.75;

const step = 2 ** 28;

/**
 * The memory that a process may use if nobody says how much: three quarters of what is free on the machine, or in the
 * control group where it is in one, in steps of 256 MiB.
 */
export function defaultMemory(): number {
  // Node before 20.13 knows neither.
  const { availableMemory = freemem, constrainedMemory = () => 0 } = process as Partial<typeof process>;
  const limit = constrainedMemory();
  const free = Math.min(availableMemory(), totalmem(), limit > 0 ? limit : Infinity);
  return Math.max(step, Math.floor((margin * free) / step) * step);
}

/**
 * What a process takes beside the model and its programs: about 250 MB for Node, the engine's library and the data's tokens, and
 * the garbage that its threads' heaps hold until it is collected, 150 MB in a run of SmolLM2 (docs/benchmarks.md).
 */
const processBytes = 450e6;

/** What is held beside programs, in bytes: the process, and its state. */
export function heldMemory(state: number): number {
  return processBytes + state;
}

/**
 * What is left of the memory for programs.
 *
 * @param memory bytes in all
 * @param state bytes of what is held beside them
 */
export function programMemory(memory: number, state: number): number {
  return Math.max(0, memory - heldMemory(state));
}

/** An estimate of a program's memory with what engines take beyond it: pieces that do not fit where others were, panels of matrices. */
export function withMargin(bytes: number): number {
  return Math.ceil(1.25 * bytes);
}
