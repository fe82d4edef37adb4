import { createInterface } from "node:readline";
import { Socket } from "node:net";
import { Worker, isMainThread, workerData } from "node:worker_threads";
import { fileURLToPath } from "node:url";

/*
 * A thread of its own, for what must happen while a cell keeps the session's main thread busy.
 * The front writes to it through file descriptor 4.
 */

const pipe = 4;

/** Starts the thread; the number of a cell that is to stop appears in the array it returns. */
export function startWatchdog(): Int32Array {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  new Worker(fileURLToPath(import.meta.url), { workerData: flag }).unref();
  return flag;
}

if (!isMainThread) {
  const socket = new Socket({ fd: pipe, readable: true, writable: false });
  createInterface({ input: socket }).on("line", (line) => Atomics.store(workerData as Int32Array, 0, Number(line)));
  // The pipe ends with the front; a session without one is of no use, however busy it is.
  socket.on("close", () => process.kill(process.pid, "SIGKILL"));
}
