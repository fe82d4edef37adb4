import { createRequire } from "node:module";
import { checkOptionNames } from "../base/option-names.js";
import type { TaskControls } from "../base/task.js";
import type { CardTraining } from "../hub/model-card.js";
import type { Uploaded, UploadFile } from "../hub/upload.js";
import { pushFolder, pushOptionNames, type PushOptions } from "../model/policy/push.js";
import { papersOf } from "../methods/papers.js";
import { factsByPath } from "../run/folder/identity.js";
import { runLayout } from "../run/folder/layout.js";
import { RunFolder } from "../run/folder/run-folder.js";
import type { IterationSummary } from "../run/summary.js";
import type { Run } from "./run.js";
import { withUpload } from "./transfer.js";

/** Options of {@link Run.push}. */
export interface PushRunOptions extends PushOptions {
  /** The iteration whose policy is pushed. Default: the last. */
  readonly iteration?: number | undefined;
}

/**
 * Uploads a policy from the run's folder to the hub; see {@link Run.push}.
 *
 * @param origin source of the model that the run began from
 */
export async function pushRun(
  run: Run,
  name: string,
  given: PushRunOptions,
  origin: string | undefined,
  controls: TaskControls,
): Promise<Uploaded> {
  checkOptionNames("push", given, [...pushOptionNames, "iteration"]);
  const { iteration = run.iterations.length - 1, ...options } = given;
  const { summary } = run.iteration(iteration);
  const folder = await RunFolder.open(run.folder);
  const { model } = runLayout.iteration(iteration);
  await folder.verifyFolder(model);
  const tokenizer = folder.isDone(runLayout.tokenizer) ? filesOf(folder, runLayout.tokenizer) : [];
  const about = { origin, training: trainingOf(run, summary), extra: tokenizer };
  return withUpload(name, (task) => pushFolder(folder.file(model), name, about, { ...options, ...task }), controls);
}

function filesOf(folder: RunFolder, of: string): UploadFile[] {
  return Object.keys(folder.sealsIn(of)).map((path) => ({ path, content: { file: folder.file(`${of}/${path}`) } }));
}

function trainingOf(
  { summary: { method, loss }, facts, iterations }: Run,
  { iteration }: IterationSummary,
): CardTraining {
  const require = createRequire(import.meta.url);
  const { version } = require("sera-lab/package.json") as { readonly version: string };
  const { engine } = facts;
  return {
    method,
    loss,
    papers: papersOf(method, loss),
    options: factsByPath(facts["options"] ?? {}),
    results: iterations.slice(0, iteration + 1).map(figuresOf),
    versions: { "sera-lab": version, Node: process.versions.node, engine: JSON.stringify(engine) },
  };
}

function figuresOf({
  iteration,
  pairsSelected,
  pairsBootstrapped,
  accuracy,
  meanMargin,
  goldReward,
  winRate,
  metrics,
}: IterationSummary) {
  return {
    iteration,
    "pairs selected": pairsSelected,
    "pairs bootstrapped": pairsBootstrapped,
    accuracy,
    "mean margin": meanMargin,
    "gold reward": goldReward,
    "win rate (a tie counts half)": winRate,
    ...metrics,
  };
}
