import { Random } from "../../src/base/random.js";
import type { MarginRow, StepRow } from "../../src/plot/rows.js";
import type { LoggedStep } from "../../src/run/logged-step.js";

/** Steps of a run with a reward margin that grows by `gain` per step; each iteration counts its steps from 1. */
export function alignSteps(iterations: number, stepsEach: number, gain: number): (LoggedStep & StepRow)[] {
  return Array.from({ length: iterations * stepsEach }, (_, at) => {
    const margin = gain * at;
    return {
      phase: "align",
      iteration: 1 + Math.floor(at / stepsEach),
      step: 1 + (at % stepsEach),
      loss: Math.round(1e4 * Math.log1p(Math.exp(-margin))) / 1e4,
      "rewards/chosen": margin / 4,
      "rewards/rejected": (-3 * margin) / 4,
      "rewards/margins": margin,
      "rewards/accuracies": 0.5 + (at % 4) / 8,
    };
  });
}

/** Steps of SFT. */
export function sftSteps(count: number): (LoggedStep & StepRow)[] {
  return Array.from({ length: count }, (_, at) => ({ phase: "sft", iteration: 0, step: at + 1, loss: 4 - at / count }));
}

/** Reviewed pairs; the 70 % with the greatest margins were kept. */
export function reviewed(iteration: number, pairs: number): MarginRow[] {
  const random = Random.seeded(iteration);
  return Array.from({ length: pairs }, () => iteration * (0.6 + random.normal()))
    .sort((a, b) => b - a)
    .map((ensemble, rank) => ({ iteration, ensemble, kept: rank < 0.7 * pairs }));
}

/** Reviewed pairs with all their fields; margins are greater if the chosen response scores higher. */
export function measured(iteration: number, pairs: number): MarginRow[] {
  const random = Random.seeded(iteration);
  return reviewed(iteration, pairs).map((row, at) => ({
    ...row,
    id: `p${at}`,
    chosenLength: 20 + random.integer(20),
    rejectedLength: 20 + random.integer(20),
    chosenScore: 0.5 + row.ensemble / 40,
    rejectedScore: 0.4 + random.integer(10) / 50,
    flipped: at % 10 === 0,
  }));
}
