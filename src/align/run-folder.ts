import { appendFile, mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../base/errors.js";
import { naming, unfinished, writeFileAtomic, writeJson } from "../base/files.js";

/**
 * The folder of a run. Every result is written whole under its own name when it is done, so a run
 * that was killed goes on by asking for its results again: what is there is read, what is not is made.
 */
export class RunFolder {
  constructor(readonly path: string) {}

  file(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  /** Whether a result is there. */
  async has(name: string): Promise<boolean> {
    return (await stat(this.file(name)).catch(() => undefined)) !== undefined;
  }

  /** A JSON value: read if it is there, else made and written. */
  async json<T>(name: string, make: () => Promise<T>): Promise<T> {
    if (await this.has(name)) return JSON.parse(await readFile(this.file(name), "utf8")) as T;
    const value = await make();
    await writeJson(this.file(name), value);
    return value;
  }

  /** Rows of a JSON Lines file: read if it is there, else made and written. */
  async rows<T>(name: string, make: () => Promise<readonly T[]>): Promise<readonly T[]> {
    if (await this.has(name)) return this.readRows<T>(name);
    const rows = await make();
    await writeFileAtomic(this.file(name), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    return rows;
  }

  /** Rows of a JSON Lines file; none where it is not there. */
  async known<T>(name: string): Promise<readonly T[]> {
    return (await this.has(name)) ? this.readRows<T>(name) : [];
  }

  /**
   * Rows that all of a run stands on: written if they are not there, else compared with what is.
   *
   * @throws InputError naming the first row that the run began with and that is another now
   */
  async fixedRows(name: string, rows: readonly object[]): Promise<void> {
    const known = await this.rows<object>(name, async () => rows);
    const length = Math.max(known.length, rows.length);
    for (let i = 0; i < length; i++) {
      if (JSON.stringify(known[i]) === JSON.stringify(rows[i])) continue;
      throw new InputError(
        `${this.file(name)}:${i + 1}: found other data than the run's (${known.length} rows, now ${rows.length}), ` +
          "expected the data that the run began with",
      );
    }
  }

  /**
   * Rows that come one after another, each kept as soon as it is there. Rows that an interrupted
   * run has kept are read; `make` is told how many, and goes on after them.
   */
  async growingRows<T>(name: string, make: (known: number) => AsyncIterable<T>): Promise<readonly T[]> {
    const rows = [...(await this.repairRows<T>(name, () => true))];
    for await (const row of make(rows.length)) {
      await this.append(name, row);
      rows.push(row);
    }
    return rows;
  }

  /** Adds a row to a JSON Lines file. */
  async append(name: string, row: unknown): Promise<void> {
    await naming(this.file(name), () => appendFile(this.file(name), `${JSON.stringify(row)}\n`));
  }

  /** Cuts a JSON Lines file before the first row that `keep` refuses, or that was being written when the run was killed. */
  async repairRows<T>(name: string, keep: (row: T) => boolean): Promise<readonly T[]> {
    await mkdir(this.path, { recursive: true });
    if (!(await this.has(name))) {
      await writeFileAtomic(this.file(name), "");
      return [];
    }
    const lines = (await readFile(this.file(name), "utf8")).split("\n").slice(0, -1);
    const rows = lines.map((line) => JSON.parse(line) as T);
    const end = rows.findIndex((row) => !keep(row));
    const kept = end === -1 ? lines.length : end;
    await writeFileAtomic(this.file(name), lines.slice(0, kept).map((line) => `${line}\n`).join(""));
    return rows.slice(0, kept);
  }

  /** Removes the halves of files that were being written when the run was killed. */
  async sweep(): Promise<void> {
    const names = await readdir(this.path, { recursive: true });
    for (const name of names.filter((file) => file.endsWith(unfinished))) await this.remove(name);
  }

  /** Removes a file that is not needed any more. */
  async remove(name: string): Promise<void> {
    await rm(this.file(name), { force: true });
  }

  private async readRows<T>(name: string): Promise<readonly T[]> {
    const lines = (await readFile(this.file(name), "utf8")).split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as T);
  }
}
