/** How the learning rate goes after the warm-up: down a line to 0, down half a cosine to 0, or on as it is. */
export const schedules = ["linear", "cosine", "constant"] as const;
export type Schedule = (typeof schedules)[number];

/**
 * The learning rate of a step: up a line during the warm-up, then by the schedule.
 *
 * @param step from 1
 * @param steps of the whole training
 * @param warmup share of the steps, rounded up
 */
export function learningRateAt(peak: number, schedule: Schedule, warmup: number, step: number, steps: number): number {
  const warmupSteps = Math.ceil(warmup * steps);
  if (step <= warmupSteps) return (peak * step) / warmupSteps;
  // The last step still learns: the line and the cosine reach 0 one step after it.
  const done = (step - 1 - warmupSteps) / Math.max(1, steps - warmupSteps);
  if (schedule === "linear") return peak * (1 - done);
  if (schedule === "cosine") return (peak * (1 + Math.cos(Math.PI * done))) / 2;
  return peak;
}
