import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { getHeapStatistics } from "node:v8";
import { errorAt, type InputError } from "../base/errors.js";
import { restoreNumbers } from "./json-numbers.js";
import type { ParquetBatch } from "./parquet-process.js";
import type { PlacedRow, Row } from "./row.js";

const program = fileURLToPath(new URL("./parquet-process.js", import.meta.url));

/** Memory limit for the rows of a row group, in bytes: a base, plus an amount per byte of the file. */
const memory = { least: 512e6, perByte: 64 };
/** Time limit for reading a batch, in seconds: a base, plus an amount per byte of the file. */
const time = { least: 20, perByte: 2e-6 };

/**
 * Reads the rows of a Parquet file (any codec), one row group at a time; rows are counted from 0. 64-bit integers
 * become numbers, or text if a number would round them. The file is read in a separate process, with limits on memory
 * and time in proportion to its size, because a few bytes can declare billions of rows.
 *
 * @throws {InputError} for a truncated file, a damaged footer or row group, or one that takes too much memory or time
 */
export async function* readParquet(path: string): AsyncGenerator<Iterable<PlacedRow>> {
  const { size } = await stat(path);
  const megabytes = Math.ceil(
    Math.min(getHeapStatistics().heap_size_limit, memory.least + memory.perByte * size) / 1e6,
  );
  const limits = { megabytes, seconds: Math.ceil(time.least + time.perByte * size) };
  const reader = fork(program, [path], {
    ...{
      serialization: "advanced",
      execArgv: [`--max-old-space-size=${megabytes}`],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    },
  });
  try {
    for (let row = 0; ; ) {
      const batch = await nextBatch(reader, path, limits);
      if ("end" in batch) return;
      if ("problem" in batch) throw errorAt({ file: path }, batch.problem);
      const start = row;
      yield batch.rows.map((fields, index) => ({
        row: restoreNumbers(fields) as Row,
        place: { file: path, row: start + index },
      }));
      row += batch.rows.length;
    }
  } finally {
    reader.kill("SIGKILL");
  }
}

/** Requests the next batch from a file's reader, which keeps this process alive only during the wait. */
async function nextBatch(
  reader: ChildProcess,
  path: string,
  { megabytes, seconds }: { megabytes: number; seconds: number },
): Promise<ParquetBatch> {
  const stop = new AbortController();
  // Count ticks, not time, so that a paused process or a sleeping machine does not look like a slow file.
  let [ticks, isSlow] = [0, false];
  const clock = setInterval(() => {
    if (++ticks <= seconds) return;
    isSlow = true;
    stop.abort();
  }, 1000);
  reader.ref();
  reader.channel?.ref();
  try {
    const answers = [
      once(reader, "message", { signal: stop.signal }),
      once(reader, "exit", { signal: stop.signal }),
      once(reader, "error", { signal: stop.signal }),
    ] as const;
    reader.send("next", () => undefined);
    const [message, exit, error] = answers;
    return await Promise.race([
      message.then(([batch]) => batch as ParquetBatch),
      exit.then(([code, signal]): never => {
        throw endOf(path, (code as number | null) ?? (signal as string), megabytes);
      }),
      error.then(([cause]): never => {
        throw cause;
      }),
    ]);
  } catch (error) {
    if (isSlow) throw tooLarge(path, `more than ${seconds} s`);
    throw error;
  } finally {
    clearInterval(clock);
    // Stop waiting for whatever has not answered.
    stop.abort();
    reader.unref();
    reader.channel?.unref();
  }
}

/** Why a reader ended without an answer: V8 aborts when it runs out of memory. */
function endOf(path: string, how: number | string, megabytes: number): InputError {
  const isMemory = how === "SIGABRT" || how === "SIGTRAP" || how === 134 || how === 133;
  return isMemory
    ? tooLarge(path, `more than ${megabytes} MB of memory`)
    : errorAt({ file: path }, `the process that read it ended (${how}); run it again`);
}

function tooLarge(path: string, limit: string): InputError {
  return errorAt(
    { file: path },
    `takes ${limit} to read; the file is damaged, or its row groups are too large (write it with smaller ones)`,
  );
}
