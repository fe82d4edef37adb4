import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { MemoryChoice } from "../../align/memory-plan.js";
import { InputError, quote } from "../../base/errors.js";
import type { Schema } from "../../base/option-kinds.js";
import { isMissing, unfinished, writeFileAtomic, writeJson } from "../../base/files.js";
import { chunksOf, linesIn } from "../../base/lines.js";
import type { JsonFile, RowsFile } from "./files.js";
import { GrowingFile } from "./growing-file.js";
import { iterationOf, runLayout } from "./layout.js";
import { emptyManifest, readManifest, sealOf, writeManifest, type Manifest, type Seal } from "./manifest.js";

/** Seconds between two records of a growing file. */
const recordEvery = 2;

/**
 * The files of a run. A result is written whole, flushed, and then recorded with its digest in the manifest; only
 * recorded results count as done. A resumed run reads these and computes the rest. A file that differs from its record
 * is an error that names it.
 */
export class RunFolder {
  private readonly growing = new Map<string, GrowingFile>();

  private constructor(
    readonly path: string,
    private manifest: Manifest,
  ) {}

  /** @throws InputError if the manifest is damaged, or missing although there are results */
  static async open(path: string): Promise<RunFolder> {
    const manifest = await readManifest(path);
    if (!manifest && (await hasResults(path)))
      throw new InputError(
        `${path}: manifest.json is missing; redo the run from iteration 0 (\`redoFrom: 0\`), or use another folder`,
      );
    return new RunFolder(path, manifest ?? emptyManifest());
  }

  /** Returns a run folder with nothing done. */
  static empty(path: string): RunFolder {
    return new RunFolder(path, emptyManifest());
  }

  /** Returns the path of a file of the run. */
  file(path: string): string {
    return join(this.path, path);
  }

  /** Returns whether a result, a file or a folder with its files, is done. */
  isDone(path: string): boolean {
    return path in this.manifest.files || this.filesIn(path).length > 0;
  }

  /** Whether the run is finished. */
  get isFinished(): boolean {
    return this.isDone(runLayout.summary.path);
  }

  /** The last iteration with any finished result. */
  get lastDone(): number | undefined {
    const done = Object.keys(this.manifest.files).flatMap((path) => iterationOf(path) ?? []);
    return done.length === 0 ? undefined : Math.max(...done);
  }

  /** The last iteration whose model is done. */
  get lastTrained(): number | undefined {
    const trained = Object.keys(this.manifest.files).flatMap((path) => {
      const iteration = iterationOf(path);
      return iteration !== undefined && path.startsWith(`${runLayout.iteration(iteration).model}/`) ? [iteration] : [];
    });
    return trained.length === 0 ? undefined : Math.max(...trained);
  }

  /** Whether there is a checkpoint or any result of an iteration to resume from. */
  get hasBegun(): boolean {
    return this.manifest.checkpoint !== null || this.lastDone !== undefined;
  }

  /** Total recorded bytes. */
  get recordedBytes(): number {
    const { files, growing } = this.manifest;
    return [...Object.values(files), ...Object.values(growing)].reduce((total, { bytes }) => total + bytes, 0);
  }

  /** Returns the digests of the files in a folder of the run, by name; they identify a model. */
  sealsIn(folder: string): Readonly<Record<string, string>> {
    return Object.fromEntries(
      this.filesIn(folder).map((path) => [path.slice(folder.length + 1), this.manifest.files[path]!.sha256]),
    );
  }

  /** Returns a JSON value: reads it if it is done, else computes, writes and records it. */
  async json<T>(file: JsonFile<T>, make: () => Promise<T>): Promise<T> {
    if (this.isDone(file.path)) return this.readJson(file);
    const value = await make();
    this.requireReadable(file, value, JSON.stringify(value));
    await writeJson(this.file(file.path), value);
    await this.seal([file.path]);
    // Not `value`: a resumed run reads the file, so this one has to go on with the same content.
    return this.readJson(file);
  }

  /** Returns rows of a JSON Lines file: reads them if they are done, else computes, writes and records them. */
  async rows<T>(file: RowsFile<T>, make: () => Promise<readonly T[]>): Promise<readonly T[]> {
    if (this.isDone(file.path)) return this.readRows(file);
    const rows = await make();
    await writeFileAtomic(this.file(file.path), chunksOf(this.linesOf(file, rows)));
    await this.seal([file.path]);
    return rows;
  }

  /** @throws InputError if the file is not done, or differs from its record */
  async readJson<T>({ path, schema }: JsonFile<T>): Promise<T> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.read(path)) chunks.push(chunk);
    return this.parse(path, schema, Buffer.concat(chunks).toString("utf8"));
  }

  /** @throws InputError if the file is not done, or differs from its record */
  async readRows<T>({ path, schema }: RowsFile<T>): Promise<readonly T[]> {
    const rows: T[] = [];
    let unfit: unknown;
    for await (const line of linesIn(this.read(path))) {
      if (unfit) continue;
      try {
        rows.push(this.parse(path, schema, line));
      } catch (error) {
        // If the file is damaged, that is the error to report, and it is known only at the end.
        unfit = error;
      }
    }
    if (unfit) throw unfit;
    return rows;
  }

  /** Returns rows of a file that not every run has; empty if it is not done. */
  async readRowsIfPresent<T>(file: RowsFile<T>): Promise<readonly T[]> {
    return this.isDone(file.path) || file.path in this.manifest.growing ? this.readRows(file) : [];
  }

  /**
   * Returns rows that arrive one by one and are stored as they arrive. Rows stored by an interrupted run are read and
   * passed to `make`, which continues after them. The file stays until {@link discard}.
   */
  async growRows<T>(file: RowsFile<T>, make: (known: readonly T[]) => AsyncIterable<T>): Promise<readonly T[]> {
    const kept = await this.readRowsIfPresent(file);
    const rows = [...kept];
    let recorded = performance.now();
    try {
      for await (const row of make(kept)) {
        await this.append(file, row);
        rows.push(row);
        if (performance.now() - recorded < recordEvery * 1000) continue;
        await this.record([file.path]);
        recorded = performance.now();
      }
    } finally {
      await this.record([file.path]);
    }
    return rows;
  }

  /** Appends a row to a growing file. It counts from the next record on. */
  async append<T>({ path }: RowsFile<T>, row: T): Promise<void> {
    const file =
      this.growing.get(path) ?? (await GrowingFile.open(this.file(path), this.manifest.growing[path]?.bytes ?? 0));
    this.growing.set(path, file);
    await file.append(row);
  }

  /** Records the current content of the growing files together with `change`, in one write of the manifest. */
  async record(growing: readonly string[], change: Partial<Manifest> = {}): Promise<void> {
    const seals: Record<string, Seal> = {};
    for (const path of growing) {
      const file = this.growing.get(path);
      if (file) seals[path] = await file.seal();
    }
    await this.write({ growing: { ...this.manifest.growing, ...seals }, ...change });
  }

  /**
   * Records files, and all files in folders, as done, together with the current content of the growing files. All of
   * them must be on disk.
   */
  async seal(paths: readonly string[], growing: readonly string[] = []): Promise<void> {
    const files = { ...this.manifest.files };
    for (const path of paths) {
      for (const file of await this.filesOnDisk(path)) {
        const { bytes, sha256 } = await sealOf(this.file(file));
        files[file] = { bytes, sha256 };
      }
    }
    await this.record(growing, { files });
  }

  /** Forgets a file and removes it. */
  async discard(path: string): Promise<void> {
    await this.growing.get(path)?.close();
    this.growing.delete(path);
    if (path in this.manifest.growing || path in this.manifest.files) {
      await this.write({
        growing: without(this.manifest.growing, [path]),
        files: without(this.manifest.files, [path]),
      });
    }
    await rm(this.file(path), { force: true });
  }

  /** Returns the checkpoint file from which the training of an iteration resumes; undefined if there is none. */
  async checkpoint(iteration: number): Promise<string | undefined> {
    const { checkpoint } = this.manifest;
    if (checkpoint?.iteration !== iteration) return undefined;
    await this.check(checkpoint.path, checkpoint);
    return this.file(checkpoint.path);
  }

  /**
   * Replaces the previous checkpoint, and records the growing files at that step.
   *
   * @param write writes the file
   */
  async keepCheckpoint(
    iteration: number,
    growing: readonly string[],
    write: (file: string) => Promise<void>,
  ): Promise<void> {
    const before = this.manifest.checkpoint;
    // Never reuse the previous name: the previous checkpoint counts until the manifest is rewritten.
    const path = runLayout.iteration(iteration).checkpoint(numberIn(before?.path) + 1);
    await write(this.file(path));
    const { bytes, sha256 } = await sealOf(this.file(path));
    await this.record(growing, { checkpoint: { path, iteration, bytes, sha256 } });
    if (before) await rm(this.file(before.path), { force: true });
  }

  /** Removes the checkpoint of an iteration; call it once the trained model is done. */
  async dropCheckpoint(iteration: number): Promise<void> {
    const { checkpoint } = this.manifest;
    if (checkpoint?.iteration !== iteration) return;
    await this.write({ checkpoint: null });
    await rm(this.file(checkpoint.path), { force: true });
  }

  /** Adds seconds of work; they are written with the next record. */
  addSeconds(iteration: number, kind: string, seconds: number): void {
    const kinds = this.manifest.seconds[iteration] ?? {};
    this.manifest = {
      ...this.manifest,
      seconds: { ...this.manifest.seconds, [iteration]: { ...kinds, [kind]: (kinds[kind] ?? 0) + seconds } },
    };
  }

  /**
   * Returns the memory budget of the run in bytes, which is written with the next record: the recorded one once a
   * training has been planned or begun with it; before that, the given one.
   *
   * @param given bytes that the user asks for, if so
   * @param otherwise bytes if none are given or recorded
   */
  plannedMemory(given: number | undefined, otherwise: number): number {
    const { memory: recorded, checkpoint, growing } = this.manifest;
    const hasBegun =
      Object.keys(recorded?.trainings ?? {}).length > 0 || checkpoint !== null || runLayout.metrics.path in growing;
    const isKept = recorded !== undefined && (hasBegun || given === undefined);
    const memory = isKept ? recorded : { bytes: given ?? otherwise, trainings: {} };
    this.manifest = { ...this.manifest, memory };
    return memory.bytes;
  }

  /** Returns how the training of an iteration fits into the planned memory, if it has begun. */
  memoryChoice(iteration: number): MemoryChoice | undefined {
    return this.manifest.memory?.trainings[iteration];
  }

  /** Stores how a training fits into memory; it is written with the next record. */
  keepMemoryChoice(iteration: number, choice: MemoryChoice): void {
    const { memory } = this.manifest;
    if (memory)
      this.manifest = {
        ...this.manifest,
        memory: { ...memory, trainings: { ...memory.trainings, [iteration]: choice } },
      };
  }

  secondsOf(iteration: number, kind: string): number {
    return this.manifest.seconds[iteration]?.[kind] ?? 0;
  }

  /**
   * Checks everything that is recorded, so that a run resumes only from what it wrote; truncates what was being written
   * when it stopped.
   *
   * @throws InputError naming the first damaged or missing file, and the iteration from which the run can be redone
   */
  async verify(onProgress?: (done: number, total: number) => void): Promise<void> {
    await this.verifyRecorded(onProgress);
    for (const [path, { bytes }] of Object.entries(this.manifest.growing)) await truncate(this.file(path), bytes);
    await this.sweep();
  }

  /** Like {@link verify}, but changes nothing, since another process may own the run. */
  async verifyRecorded(onProgress?: (done: number, total: number) => void): Promise<void> {
    const { files, checkpoint, growing } = this.manifest;
    const all = [...Object.entries(files), ...(checkpoint ? [[checkpoint.path, checkpoint] as const] : [])];
    for (const [i, [path, seal]] of all.entries()) {
      await this.check(path, seal);
      onProgress?.(i + 1, all.length);
    }
    for (const [path, seal] of Object.entries(growing)) await this.check(path, seal, true);
  }

  /** Checks the files of a model's folder: all, or those that will be read. */
  async verifyFolder(folder: string, isRead: (path: string) => boolean = () => true): Promise<void> {
    for (const path of this.filesIn(folder).filter(isRead)) await this.check(path, this.manifest.files[path]!);
  }

  /**
   * Discards the results of the iterations from `first` on, and the summary; input files are written again.
   *
   * @throws InputError if the step log is damaged and has to be redone too
   */
  async redoFrom(first: number): Promise<void> {
    const stays = (path: string) => {
      const iteration = iterationOf(path);
      return iteration !== undefined && iteration < first;
    };
    const metrics = first === 0 ? undefined : await this.metricsBefore(first);
    const { files, growing, checkpoint, seconds, memory } = this.manifest;
    const isBefore = ([iteration]: [string, unknown]) => Number(iteration) < first;
    const gone = [...Object.keys(files), ...Object.keys(growing)].filter(
      (path) => !stays(path) && path !== runLayout.metrics.path,
    );
    await this.write({
      files: without(files, gone),
      growing: {
        ...without(growing, [...gone, runLayout.metrics.path]),
        ...(metrics && { [runLayout.metrics.path]: metrics }),
      },
      checkpoint: checkpoint && checkpoint.iteration < first ? checkpoint : null,
      seconds: Object.fromEntries(Object.entries(seconds).filter(isBefore)),
      // A run that is redone from the start gets a new memory plan.
      memory:
        first === 0 || !memory
          ? undefined
          : { ...memory, trainings: Object.fromEntries(Object.entries(memory.trainings).filter(isBefore)) },
    });
    for (const path of gone) await rm(this.file(path), { recursive: true, force: true });
    if (checkpoint && checkpoint.iteration >= first) await rm(this.file(checkpoint.path), { force: true });
  }

  /** Closes the open files. */
  async close(): Promise<void> {
    for (const file of this.growing.values()) await file.close();
    this.growing.clear();
  }

  /** Writes the manifest, to save the seconds of interrupted work. */
  save(): Promise<void> {
    return this.write({});
  }

  private filesIn(folder: string): string[] {
    return Object.keys(this.manifest.files).filter((path) => path.startsWith(`${folder}/`));
  }

  private async filesOnDisk(path: string): Promise<string[]> {
    if ((await stat(this.file(path))).isFile()) return [path];
    const names = await readdir(this.file(path));
    return (await Promise.all(names.sort().map((name) => this.filesOnDisk(`${path}/${name}`)))).flat();
  }

  /**
   * Reads the recorded part of a file, in chunks.
   *
   * @throws InputError at the end, if the content differs from its record
   */
  private async *read(path: string): AsyncGenerator<Buffer> {
    const growing = this.manifest.growing[path];
    const seal = this.manifest.files[path] ?? growing;
    if (!seal) throw new InputError(`${this.file(path)}: the run has not come to it yet`);
    const hash = createHash("sha256");
    let bytes = 0;
    // Only the beginning of a growing file is recorded, possibly nothing.
    const range = growing ? { end: Math.max(0, seal.bytes - 1) } : {};
    try {
      for await (const chunk of createReadStream(this.file(path), range) as AsyncIterable<Buffer>) {
        const part = chunk.subarray(0, Math.max(0, seal.bytes - bytes));
        bytes += chunk.length;
        hash.update(part);
        yield part;
      }
    } catch (error) {
      this.unreadable(path, error);
    }
    const isWhole = growing ? bytes >= seal.bytes : bytes === seal.bytes;
    if (!isWhole || hash.digest("hex") !== seal.sha256) throw this.damaged(path);
  }

  /** @throws InputError as {@link requireReadable} */
  private *linesOf<T>(file: RowsFile<T>, rows: readonly T[]): Generator<string> {
    for (const row of rows) {
      const line = JSON.stringify(row);
      this.requireReadable(file, row, line);
      yield line;
    }
  }

  /**
   * @param text the value as JSON, if it has such a form
   * @throws InputError if a value, which may come from a method's untyped code, could not be read from its file
   */
  private requireReadable<T>({ path, schema }: JsonFile<T> | RowsFile<T>, value: T, text = "null"): void {
    const read = schema.safeParse(JSON.parse(text));
    if (read.success) return;
    const { path: at, message } = read.error.issues[0]!;
    const found = at.reduce<unknown>((whole, name) => (whole as Readonly<Record<PropertyKey, unknown>>)[name], value);
    throw new InputError(
      `${this.file(path)}: ${at.join(".") || "the row"}: found ${quote(found)}, which cannot be stored (${message})`,
    );
  }

  private parse<T>(path: string, schema: Schema<T>, text: string): T {
    const parsed = schema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
    const { path: at, message } = parsed.error.issues[0]!;
    throw new InputError(
      `${this.file(path)}: ${at.join(".") || "the row"} is not as this version of sera-lab writes it (${message}): ${quote(text)}`,
    );
  }

  /** @param isPrefix whether the file may be longer than its record */
  private async check(path: string, { bytes, sha256 }: Seal, isPrefix = false): Promise<void> {
    try {
      const { size } = await stat(this.file(path));
      const isWhole = isPrefix ? size >= bytes : size === bytes;
      if (isWhole && (await sealOf(this.file(path), bytes)).sha256 === sha256) return;
    } catch (error) {
      this.unreadable(path, error);
    }
    throw this.damaged(path);
  }

  private unreadable(path: string, error: unknown): never {
    const isGone = isMissing(error) || (error instanceof Error && "code" in error && error.code === "EISDIR");
    throw isGone ? this.damaged(path, "missing") : error;
  }

  private damaged(path: string, how = "changed or damaged since the run wrote it"): InputError {
    const first = this.redoOf(path);
    return new InputError(
      `${this.file(path)}: ${how}; make it again with \`redoFrom: ${first}\`, or use another folder`,
    );
  }

  /** Returns the first iteration to redo for a file; inputs and the summary cost no training. */
  private redoOf(path: string): number {
    if (path === runLayout.metrics.path) return 0;
    return iterationOf(path) ?? (this.lastDone ?? 0) + 1;
  }

  private async write(change: Partial<Manifest>): Promise<void> {
    const manifest = { ...this.manifest, ...change };
    await writeManifest(this.path, manifest);
    this.manifest = manifest;
  }

  /** Returns the seal of the logged steps of iterations before `first`. */
  private async metricsBefore(first: number): Promise<Seal | undefined> {
    const { path } = runLayout.metrics;
    if (!(path in this.manifest.growing)) return undefined;
    const rows = await this.readRows(runLayout.metrics);
    const end = rows.findIndex(({ iteration }) => iteration >= first);
    const before = end === -1 ? rows.length : end;
    const hash = createHash("sha256");
    let [bytes, count] = [0, 0];
    for await (const line of linesIn(this.read(path))) {
      if (count++ === before) break;
      hash.update(`${line}\n`);
      bytes += Buffer.byteLength(line) + 1;
    }
    return { bytes, sha256: hash.digest("hex") };
  }

  /** Removes partial files that were being written when the run stopped, and superseded checkpoints. */
  private async sweep(): Promise<void> {
    const checkpoint = this.manifest.checkpoint?.path;
    const names = (await readdir(this.path, { recursive: true })).map((name) => name.replaceAll("\\", "/"));
    const isHalf = (name: string) =>
      name.endsWith(unfinished) || /^iteration-\d+\/model\.(partial|replaced)$/.test(name);
    const isOld = (name: string) => /^iteration-\d+\/checkpoint-\d+\.safetensors$/.test(name) && name !== checkpoint;
    for (const name of names)
      if (isHalf(name) || isOld(name)) await rm(this.file(name), { recursive: true, force: true });
  }
}

/** Returns whether a run's folder contains results. */
export async function hasResults(path: string): Promise<boolean> {
  const found = await stat(join(path, runLayout.iteration(0).folder)).catch(() => undefined);
  return found !== undefined;
}

function without<T>(record: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));
}

function numberIn(checkpoint: string | undefined): number {
  return Number(/-(\d+)\.safetensors$/.exec(checkpoint ?? "")?.[1] ?? 0);
}
