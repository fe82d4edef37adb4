import { once } from "node:events";
import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { getHeapStatistics } from "node:v8";
import { Worker } from "node:worker_threads";
import { errorAt, InputError } from "../base/errors.js";
import type { ParquetBatch } from "./parquet-thread.js";
import type { PlacedRow, Row } from "./row.js";

const program = fileURLToPath(new URL("./parquet-thread.js", import.meta.url));

/** Memory for the rows of a row group, in bytes: so much, and so much for each byte of the file. */
const memory = { least: 512e6, perByte: 64 };
/** Seconds to read a batch: so many, and so many for each byte of the file. */
const time = { least: 20, perByte: 2e-6 };

/**
 * Reads the rows of a Parquet file (any codec), one row group at a time; rows are counted from 0. 64-bit integers become
 * numbers, or text if a number would round them. The file is read in a thread of its own, within memory and time in
 * proportion to its size: a few bytes can declare billions of rows.
 *
 * @throws {InputError} for a truncated file, a damaged footer or row group, or one that takes too much memory or time
 */
export async function* readParquet(path: string): AsyncGenerator<Iterable<PlacedRow>> {
  const { size } = await stat(path);
  const mostMemory = Math.min(getHeapStatistics().heap_size_limit, memory.least + memory.perByte * size);
  const worker = new Worker(program, { workerData: path, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: Math.ceil(mostMemory / 1e6) } });
  const limits = { megabytes: Math.ceil(mostMemory / 1e6), seconds: Math.ceil(time.least + time.perByte * size) };
  try {
    for (let row = 0; ; ) {
      const batch = await nextBatch(worker, path, limits);
      if ("end" in batch) return;
      if ("problem" in batch) throw errorAt({ file: path }, batch.problem);
      const start = row;
      yield batch.rows.map((fields, index) => ({ row: fields as Row, place: { file: path, row: start + index } }));
      row += batch.rows.length;
    }
  } finally {
    await worker.terminate();
  }
}

/** The next batch of a file's thread, which keeps the process alive only while it is waited for. */
async function nextBatch(worker: Worker, path: string, { megabytes, seconds }: { megabytes: number; seconds: number }): Promise<ParquetBatch> {
  const stop = new AbortController();
  // Ticks are counted, not time: neither a paused process nor a sleeping machine is a slow file.
  let ticks = 0;
  const clock = setInterval(() => ++ticks > seconds && stop.abort(), 1000);
  worker.ref();
  try {
    const message = once(worker, "message", { signal: stop.signal });
    worker.postMessage("next");
    const [batch] = (await message) as [ParquetBatch];
    return batch;
  } catch (error) {
    throw problemOf(error as NodeJS.ErrnoException, path, stop.signal.aborted ? `more than ${seconds} s` : `more than ${megabytes} MB of memory`);
  } finally {
    clearInterval(clock);
    worker.unref();
  }
}

function problemOf(error: NodeJS.ErrnoException, path: string, limit: string): InputError {
  if (error.name === "AbortError" || error.code === "ERR_WORKER_OUT_OF_MEMORY") {
    return errorAt({ file: path }, `takes ${limit} to read; the file is damaged, or its row groups are too large (write it with smaller ones)`, error);
  }
  return errorAt({ file: path }, `damaged Parquet file (${error.message}); download or create it again`, error);
}
