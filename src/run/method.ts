import type { RunFolder } from "../align/run-folder.js";
import type { ProgramCache } from "../engine/program-cache.js";
import type { RunInput, RunControls } from "./input.js";
import type { MethodOptions } from "./options/index.js";
import { Stages } from "./stages.js";
import type { RunSummary } from "./summary.js";

/** A way to train a policy on preference pairs, with its settings: which stages follow on which. */
export interface Method {
  /** As the summary of a run has it. */
  readonly name: string;
  /** Of its code: another one for each change that changes results. */
  readonly version: string;
  /** All that it depends on besides the data. */
  readonly options: MethodOptions;
  run(stages: Stages): Promise<void>;
}

/**
 * Trains a policy by a method.
 *
 * Everything is left in `folder`; called again on the same folder with the same arguments it goes
 * on where it stopped, and ends with the same bytes as a run that never stopped.
 *
 * @throws InputError where there is no pair, the folder holds a run on other data, or the method is given none of what
 *   it needs; DivergenceError where training leads to numbers that are none; the signal's reason where it asked to stop
 */
export async function runMethod(
  method: Method,
  input: RunInput,
  folder: RunFolder,
  programs: ProgramCache,
  watch: RunControls = {},
): Promise<RunSummary> {
  const stages = await Stages.begin(input, method.options, folder, programs, watch);
  await method.run(stages);
  return stages.end(method.name);
}
