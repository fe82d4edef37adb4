import { InputError } from "../../base/errors.js";
import type { BootstrappedRow } from "../../bootstrap/index.js";
import type { MarginRow, StepRow } from "../../plot/rows.js";
import { readIdentity, type RunFacts } from "../../run/folder/identity.js";
import { runLayout } from "../../run/folder/layout.js";
import { RunFolder } from "../../run/folder/run-folder.js";
import type { LoggedStep } from "../../run/logged-step.js";
import type { RunSummary } from "../../run/summary.js";

/** The parts of a run that a report reads. */
export interface RunTables {
  readonly summary: RunSummary;
  /** The run's options and other identifying facts: its method, digests of model and data, the engine. */
  readonly facts: RunFacts;
  readonly steps: readonly StepRow[];
  readonly margins: readonly MarginRow[];
  /** The pairs bootstrapped before the last iteration that has any. */
  readonly bootstrapped: { readonly iteration: number; readonly pairs: readonly BootstrappedRow[] } | undefined;
}

/**
 * Reads the tables of a finished run. Missing parts (margins and bootstrapped pairs of an iteration, steps of a run
 * without training) are empty.
 *
 * @throws InputError if the folder contains no run, the run has not finished, or a file is not as the run wrote it
 */
export async function readRunTables(path: string): Promise<RunTables> {
  const identity = await readIdentity(path);
  if (!identity) throw new InputError(`${path}: not the folder of a run`);
  const folder = await RunFolder.open(path);
  const summary = await folder.readJson(runLayout.summary);
  const margins: MarginRow[] = [];
  let bootstrapped: RunTables["bootstrapped"];
  for (const { iteration } of summary.iterations) {
    const files = runLayout.iteration(iteration);
    margins.push(...(await folder.readRowsIfPresent(files.margins)).map((row) => ({ iteration, ...row })));
    const pairs = await folder.readRowsIfPresent(files.bootstrapped);
    if (pairs.length > 0) bootstrapped = { iteration, pairs };
  }
  return { summary, facts: identity.facts, steps: await stepsIn(folder), margins, bootstrapped };
}

/**
 * Reads the logged training steps of a run.
 *
 * @throws InputError if `metrics.jsonl` is not as the run wrote it
 */
export async function readSteps(path: string): Promise<readonly StepRow[]> {
  return stepsIn(await RunFolder.open(path));
}

async function stepsIn(folder: RunFolder): Promise<readonly StepRow[]> {
  return (await folder.readRowsIfPresent(runLayout.metrics)).map(stepRow);
}

const rewards = ["rewards/chosen", "rewards/rejected", "rewards/margins", "rewards/accuracies"] as const;

function stepRow({ phase, iteration, step, ...logged }: LoggedStep): StepRow {
  const figure = (name: string) => (typeof logged[name] === "number" ? logged[name] : null);
  return {
    phase,
    iteration,
    step,
    loss: figure("loss") ?? NaN,
    ...Object.fromEntries(rewards.map((name) => [name, figure(name)])),
  };
}
