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
