import { createInterface } from "node:readline";
import { Socket } from "node:net";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { fileURLToPath } from "node:url";
import { descendants } from "./descendants.js";

/*
 * A separate thread for work that must continue while a cell keeps the session's main thread busy. The front writes to
 * it through file descriptor 4.
 */

const pipe = 4;

/** A process that a cell started, or that ended. */
interface Started {
  readonly pid: number;
  /** The number of the cell; undefined if the process has ended. */
  readonly cell: number | undefined;
}

/** The session's handle to the thread. */
export interface Watchdog {
  /** Contains the number of the cell that should stop. */
  readonly flag: Int32Array;
  /** Registers a process, so that interrupting one cell does not affect the processes of others. */
  note(process: Started): void;
}

/** Starts the thread. */
export function startWatchdog(): Watchdog {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: flag });
  worker.unref();
  return { flag, note: (process) => worker.postMessage(process) };
}

if (!isMainThread) {
  const flag = workerData as Int32Array;
  const owners = new Map<number, number>();
  parentPort!.on("message", ({ pid, cell }: Started) =>
    cell === undefined ? owners.delete(pid) : owners.set(pid, cell),
  );
  let pressed = 0;
  const socket = new Socket({ fd: pipe, readable: true, writable: false });
  createInterface({ input: socket }).on("line", (line) => {
    const cell = Number(line);
    const isAgain = pressed === cell;
    pressed = cell;
    Atomics.store(flag, 0, cell);
    void stopProcesses(cell, isAgain ? "SIGKILL" : "SIGINT");
  });
  // The pipe closes when the front ends; a session without a front is useless, however busy it is.
  socket.on("close", () => process.kill(process.pid, "SIGKILL"));

  /** Stops the processes that the cell started, including unregistered ones that it waits for (`execSync`). */
  async function stopProcesses(cell: number, signal: "SIGINT" | "SIGKILL"): Promise<void> {
    const others = [...owners].filter(([, owner]) => owner !== cell).map(([pid]) => pid);
    for (const pid of await descendants(process.pid, new Set(others))) {
      try {
        process.kill(pid, signal);
      } catch {
        // The process has already ended.
      }
    }
  }
}
