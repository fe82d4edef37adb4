/** Shape of the learning rate after the warm-up: linear decay to 0, half a cosine to 0, or constant. */
export const schedules = ["linear", "cosine", "constant"] as const;
export type Schedule = (typeof schedules)[number];

/**
 * Returns the learning rate of a step: a linear warm-up, then the schedule.
 *
 * @param step from 1
 * @param steps of the whole training
 * @param warmup share of the steps, rounded up
 */
export function learningRateAt(peak: number, schedule: Schedule, warmup: number, step: number, steps: number): number {
  const warmupSteps = Math.ceil(warmup * steps);
  if (step <= warmupSteps) return (peak * step) / warmupSteps;
  // The last step still learns: both decays reach 0 one step after it.
  const done = (step - 1 - warmupSteps) / Math.max(1, steps - warmupSteps);
  if (schedule === "linear") return peak * (1 - done);
  if (schedule === "cosine") return (peak * (1 + Math.cos(Math.PI * done))) / 2;
  return peak;
}
