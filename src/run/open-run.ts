import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { objectiveOf } from "../align/pair-objective.js";
import { bytesIn, formatBytes } from "../base/byte-size.js";
import { InputError, quote } from "../base/errors.js";
import { writeFileAtomic, writeJson } from "../base/files.js";
import { notePlace, reported, reportedIfSlow } from "../base/task.js";
import { pairRow } from "../data/pair-row.js";
import type { TokenizedDemonstration, TokenizedPair } from "../data/tokenize.js";
import { requireTrainable } from "../model/parameters/quantization/quantized-weights.js";
import type { Policy } from "../model/policy/policy.js";
import { checkHeldOut, checkPairColumns, checkTrainings, requireIds } from "./check-run.js";
import { RunContext } from "./context.js";
import type { Executor, RunRequirements } from "./executor.js";
import { readIdentity, requireSame, runIdentity, writeIdentity, type RunIdentity } from "./folder/identity.js";
import { runLayout } from "./folder/layout.js";
import { lockFolder } from "./folder/lock.js";
import { hasResults, RunFolder } from "./folder/run-folder.js";
import type { HeldOut, RunControls, RunInput } from "./input.js";
import { LocalExecutor } from "./local-executor.js";
import { isKnown, type Method } from "./method.js";
import { checkPart, identityOf, lossOf, sftTable, trainingOptions } from "./options/index.js";
import { resultsRevision } from "./results-revision.js";
import { rewritten } from "./rewritten.js";
import { runMethod } from "./run-method.js";
import { Stages } from "./stages.js";
import type { RunSummary } from "./summary.js";
import { tracked } from "./tracking.js";

/** Folder of a run, and how it is opened. */
export interface RunPlace {
  /** Default: `runs/<method>-<digest>`, the same folder for the same run. */
  readonly folder?: string | undefined;
  /**
   * Whether the folder must be new ("new"), must already contain the run ("resume"), or either ("any"): an existing run
   * is resumed, and a finished one is read. Default "any".
   */
  readonly mode?: "new" | "resume" | "any" | undefined;
  /** Discards the results of the iterations from this one on and repeats them. */
  readonly redoFrom?: number | undefined;
}

/** A finished run. */
export interface OpenedRun {
  readonly folder: string;
  readonly summary: RunSummary;
}

/**
 * Runs a method in a folder: the only way to begin a run, to resume it and to read it.
 *
 * A run is identified by everything that its results depend on, and its folder records this identity: another run is
 * never read, resumed or overwritten. The folder is locked against other processes. Everything is stored there; called
 * again with the same arguments, the run resumes where it stopped and ends with the same bytes as one that never
 * stopped.
 *
 * @throws InputError if there are no pairs, the method lacks a name, version or options, the folder contains another
 *   run or is in use, one of its files was changed or damaged, or the input lacks something that the method needs;
 *   DivergenceError if training produces NaN or infinite values; the signal's reason if it was aborted
 */
export async function openRun(
  method: Method,
  given: RunInput,
  place: RunPlace = {},
  controls: RunControls = {},
): Promise<OpenedRun> {
  return openPrepared(await prepareMethod(method, given, controls), place, controls);
}

/** A run that has been checked but not begun. */
export interface PreparedRun {
  readonly method: Method;
  /** The input, with its pairs rewritten if the method does that. */
  readonly input: RunInput;
}

/**
 * The first half of {@link openRun}: rewrites the pairs if the method does that, and checks everything that needs no
 * training, sampling or judging, except the columns of rules ({@link checkPairColumns}).
 *
 * @throws InputError as {@link openRun}
 */
export async function prepareMethod(method: Method, given: RunInput, controls: RunControls): Promise<PreparedRun> {
  if (!isKnown(method)) checkPart("method", "method", method);
  if (given.columns) checkPart("column rule", "columns", given.columns);
  refuseUnused(method, given);
  requireTrainable(given.start.config);
  if (given.pairs.length === 0 && !given.demonstrations?.length) throw new InputError("no preference pairs given");
  requireIds("demonstration", given.demonstrations ?? []);
  // Check before rewriting, which may call a paid editor.
  checkTrainings(method, given);
  const input = await rewritten(method, given, controls);
  checkHeldOut(input.heldOut);
  input.on?.check(requirementsOf(method, input));
  method.check?.(input);
  return { method, input };
}

/** The second half of {@link openRun}. */
export async function openPrepared(
  { method, input }: PreparedRun,
  place: RunPlace,
  controls: RunControls,
): Promise<OpenedRun> {
  const { mode = "any", redoFrom } = place;
  if (place.folder !== undefined && (typeof place.folder !== "string" || place.folder === ""))
    throw new InputError(`folder: found ${quote(place.folder)}, expected a path`);
  const identity = await reportedIfSlow("digest of the start model", controls, () => identify(method, input));
  const path = place.folder ?? join("runs", `${method.name.replaceAll(" ", "-")}-${identity.digest.slice(0, 16)}`);
  const isThere = await requireOwnFolder(path, identity);
  if (mode === "new" && isThere) throw await held(path);
  // A run that was killed before its first result has left its identity.
  if (mode === "resume" && !isThere && (await readIdentity(path))?.digest !== identity.digest)
    throw new InputError(`${path}: holds no run to resume`);
  if (isThere && redoFrom === undefined) {
    const folder = await RunFolder.open(path);
    const ended = await readEnded(folder, input, controls);
    // An explicit resume reports any damage; a cell that is run again checks files one by one as it reads them.
    if (ended && mode === "resume")
      await checkFiles(folder, controls, (onProgress) => folder.verifyRecorded(onProgress));
    if (ended)
      return { folder: path, summary: await tracked(folder, identity, controls, () => Promise.resolve(ended)) };
  }
  const release = await lockFolder(path);
  try {
    // Another process may have worked here before the lock was taken.
    await requireOwnFolder(path, identity);
    await writeIdentity(path, identity);
    const folder = await openFolder(path, redoFrom);
    return {
      folder: path,
      summary: await tracked(folder, identity, controls, (controls) =>
        runLocked(method, input, folder, identity, controls),
      ),
    };
  } finally {
    await release();
  }
}

/** Returns the error for a folder that already holds the run that is to be new. */
async function held(path: string): Promise<InputError> {
  const { isFinished } = await RunFolder.open(path);
  return new InputError(
    isFinished
      ? `${path}: holds this run already, and it has ended; read it with --resume, or choose another folder`
      : `${path}: holds this run already; continue it with --resume, or choose another folder`,
  );
}

/** @throws InputError naming an input that would have no effect */
function refuseUnused(
  { name, given = [], labelsWithJudge = false, trainsOnDemonstrations = false }: Method,
  { judge, demonstrations }: RunInput,
): void {
  if (judge && !labelsWithJudge) {
    throw new InputError(
      `\`judge\`: the method ${quote(name)} labels nothing with a judge; leave it out. Methods with labelBy: "judge" use one, and your own where they state labelsWithJudge: true`,
    );
  }
  const ofSft = given.find((option) => Object.hasOwn(sftTable, option));
  if (ofSft !== undefined && trainsOnDemonstrations)
    throw new InputError(
      `\`${ofSft}\`: the method ${quote(name)} trains on demonstrations beside the pairs, and fine-tunes no start on them; leave it out`,
    );
  if (ofSft !== undefined && !demonstrations)
    throw new InputError(
      `\`${ofSft}\`: there is nothing to fine-tune the start on; pass \`demonstrations\`, or leave it out`,
    );
}

/**
 * Returns whether a folder contains this run, with results.
 *
 * @throws InputError if it contains another run; one that failed before its first result does not count
 */
async function requireOwnFolder(path: string, identity: RunIdentity): Promise<boolean> {
  const there = await readIdentity(path);
  if (!there || !(await hasResults(path))) return false;
  requireSame(path, there, identity);
  return true;
}

async function openFolder(path: string, redoFrom: number | undefined): Promise<RunFolder> {
  if (redoFrom === undefined) return RunFolder.open(path);
  if (!(Number.isInteger(redoFrom) && redoFrom >= 0))
    throw new InputError(`redoFrom: found ${quote(redoFrom)}, expected the number of an iteration`);
  // Redoing everything needs nothing from the old manifest, which may itself be damaged.
  const folder =
    redoFrom === 0 ? await RunFolder.open(path).catch(() => RunFolder.empty(path)) : await RunFolder.open(path);
  const next = (folder.lastDone ?? 0) + 1;
  if (redoFrom > next)
    throw new InputError(`redoFrom: found ${redoFrom}, expected at most ${next}, with which the run goes on`);
  await folder.redoFrom(redoFrom);
  return folder;
}

/** Returns the summary of a finished run, with the requested evaluation. */
async function readEnded(
  folder: RunFolder,
  { evaluate }: RunInput,
  { reporter }: RunControls,
): Promise<RunSummary | undefined> {
  if (!folder.isFinished) return undefined;
  const summary = await folder.readJson(runLayout.summary);
  if (evaluate && summary.evaluate !== evaluate.identity) return undefined;
  const { mtime } = await stat(folder.file(runLayout.summary.path));
  notePlace(
    reporter,
    `read from ${folder.path}, where the run ended on ${mtime.toISOString().slice(0, 16).replace("T", " ")} UTC`,
  );
  return summary;
}

/** Returns the options that were set, to tell the runs of a loop apart: `: beta 0.5, seed 1`. */
function settingsGiven({ given = [], options }: Method): string {
  const values: Readonly<Record<string, unknown>> = { ...options };
  const told = given.filter((name) => ["string", "number", "boolean"].includes(typeof values[name]));
  return told.length === 0 ? "" : `: ${told.map((name) => `${name} ${String(values[name])}`).join(", ")}`;
}

async function checkFiles(
  folder: RunFolder,
  controls: RunControls,
  check: (onProgress?: (done: number, total: number) => void) => Promise<void>,
): Promise<void> {
  await reported(
    "check the files of the run",
    "files",
    folder.recordedBytes > worthShowing ? controls : {},
    ({ onProgress }) => check(onProgress),
  );
}

async function runLocked(
  method: Method,
  input: RunInput,
  folder: RunFolder,
  identity: RunIdentity,
  controls: RunControls,
): Promise<RunSummary> {
  let executor: Executor | undefined;
  try {
    await checkFiles(folder, controls, (onProgress) => folder.verify(onProgress));
    const ended = await readEnded(folder, input, controls);
    if (ended) return ended;
    checkPairColumns(method, input);
    await announce(folder, method, controls);
    await folder.discard(runLayout.summary.path);
    const given = bytesIn(method.options.memory);
    const memory = folder.plannedMemory(given, input.start.programs.memory);
    if (given !== undefined && given !== memory)
      controls.reporter?.note?.(
        `memory: the run goes on within ${formatBytes(memory)}, which its training was planned for, and not within ${formatBytes(given)}; to plan it anew, repeat it from iteration 0 (redoFrom: 0, --redo-from 0)`,
      );
    executor = input.on ? await input.on.open(input.start, memory, controls) : new LocalExecutor(input.start, memory);
    if (input.dataNotes) await writeJson(folder.file(runLayout.data.path), input.dataNotes);
    const { fit } = input;
    if (fit) await folder.json(runLayout.fit, async () => fit);
    if (input.begunBy) await writeJson(folder.file(runLayout.command.path), input.begunBy);
    await keepTokenizer(folder, input.start);
    const left = new AbortController();
    const signal = AbortSignal.any([left.signal, ...(controls.signal ? [controls.signal] : [])]);
    const context = new RunContext(folder, executor, { ...controls, signal }, method.options.iterations);
    const { facts } = identity;
    // The start identifies the base model of adapters too, whose folders lack it.
    const modelKey = (iteration: number) => {
      const isStart = iteration === 0 && !input.demonstrations;
      const trained = isStart ? null : folder.sealsIn(runLayout.iteration(iteration).model);
      return JSON.stringify([facts.engine, facts.model, trained, ...(input.on ? [input.on.identity] : [])]);
    };
    const stages = new Stages(input, method.options, context, modelKey, method);
    await runMethod(method, stages, left);
    return await stages.end(method.name);
  } finally {
    await folder.close();
    await executor?.close();
  }
}

/** Tells where the run is, and how far it has got. */
async function announce(folder: RunFolder, method: Method, { reporter }: RunControls): Promise<void> {
  if (!folder.hasBegun) return notePlace(reporter, `new run in ${folder.path}${settingsGiven(method)}`);
  const { lastTrained = 0 } = folder;
  notePlace(reporter, `resuming the run in ${folder.path}${lastTrained > 0 ? ` after iteration ${lastTrained}` : ""}`);
  reporter?.resumed?.((await folder.readRowsIfPresent(runLayout.metrics)).length);
}

function requirementsOf(
  { name, objective, options, columns, drawsPairs = false }: Method,
  input: RunInput,
): RunRequirements {
  const loss = lossOf(options);
  return {
    start: input.start,
    objective: objective?.(loss) ?? objectiveOf(loss),
    training: trainingOptions(options),
    pairs: input.pairs,
    demonstrations: input.demonstrations !== undefined,
    columns: columns ?? input.columns,
    method: name,
    drawsPairs,
  };
}

/** Bytes above which checking takes long enough to show its progress. */
const worthShowing = 5e8;

/** Stores the tokenizer of a run that trains adapters, whose folders have none. */
async function keepTokenizer(folder: RunFolder, { config, tokenizer }: Policy): Promise<void> {
  if (!config.adapter || folder.isDone(runLayout.tokenizer)) return;
  for (const [file, text] of tokenizer.files)
    await writeFileAtomic(folder.file(`${runLayout.tokenizer}/${file}`), text);
  await folder.seal([runLayout.tokenizer]);
}

async function identify(
  { name, version, options }: Method,
  { start, pairs, heldOut, validation, demonstrations, columns, judge, on }: RunInput,
): Promise<RunIdentity> {
  return runIdentity({
    results: resultsRevision,
    method: { name, version },
    options: identityOf(withoutMemory(options)),
    model: await start.fingerprint(),
    engine: await start.programs.engine.describe(),
    data: {
      pairs: pairsFacts(pairs),
      ...(heldOut && { heldOut: { ...heldOutFacts(heldOut), gold: heldOut.gold !== undefined } }),
      ...(validation && { validation: pairsFacts(validation) }),
      ...(demonstrations && { demonstrations: rowsFacts(demonstrations, demonstrationText) }),
    },
    ...(columns && { columns: identityOf({ rule: columns }).rule }),
    ...(judge && { judge: judge.identity }),
    ...(on && { on: on.identity }),
  });
}

/** Removes the memory budget from the options: it changes how a run executes, not its identity. */
function withoutMemory({ memory: _, ...options }: Method["options"]): object {
  return options;
}

const heldOutFacts = ({ pairs, prompts }: HeldOut) =>
  prompts ? { prompts: rowsFacts(prompts, ({ id, prompt }) => JSON.stringify([id, [...prompt]])) } : pairsFacts(pairs);

const pairsFacts = (pairs: readonly TokenizedPair[]) => rowsFacts(pairs, (pair) => JSON.stringify(pairRow(pair)));

const demonstrationText = ({ id, prompt, response }: TokenizedDemonstration) =>
  JSON.stringify([id, [...prompt], [...response]]);

function rowsFacts<T>(rows: readonly T[], textOf: (row: T) => string) {
  const hash = createHash("sha256");
  for (const row of rows) hash.update(textOf(row)).update("\n");
  return { rows: rows.length, sha256: hash.digest("hex") };
}
